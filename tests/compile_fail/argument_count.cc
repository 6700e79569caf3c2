#include "shop.h"

void use(reprise::Context& ctx, const shop::Order& order) {
#ifdef MISUSE
  ctx.call(shop::quote("ups"));
#else
  ctx.call(shop::quote("ups", order));
#endif
}
