#include "shop.h"

void use(reprise::Context& ctx, int& limit) {
#ifdef MISUSE
  const auto accept = ctx.accept(shop::set_limit, [&](const std::string& value) { return value; });
#else
  const auto accept = ctx.accept(shop::set_limit, [&](int value) { return limit = value; });
#endif
}
