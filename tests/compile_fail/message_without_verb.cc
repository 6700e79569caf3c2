#include "shop.h"

void use(reprise::Context& ctx, const shop::Order& order) {
#ifdef MISUSE
  shop::charge(order);
#else
  ctx.call(shop::charge(order));
#endif
  (void)ctx;
}
