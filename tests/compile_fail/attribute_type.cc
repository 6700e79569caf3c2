// says: an Attribute is a bool, std::int64_t, double, std::string, std::vector<std::string> or
#include "shop.h"

#ifdef MISUSE
constexpr reprise::Attribute<shop::Stage> stage{"stage"};
#else
constexpr reprise::Value<shop::Stage> stage{"stage"};
#endif

void use(reprise::Context& ctx) {
  (void)ctx, (void)stage.name();
}
