#include "shop.h"

constexpr reprise::Attribute<std::string> customer{"customer"};

void use(reprise::Context& ctx) {
#ifdef MISUSE
  ctx.set(customer(7));
#else
  ctx.set(customer("Ann"));
#endif
}
