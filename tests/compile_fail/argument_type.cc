#include "shop.h"

void use(reprise::Context& ctx, const shop::Order& order) {
#ifdef MISUSE
  ctx.call(shop::charge(42));
#else
  ctx.call(shop::charge(order));
#endif
}
