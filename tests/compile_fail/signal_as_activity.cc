#include "shop.h"

void use(reprise::Context& ctx, const shop::Order& order) {
#ifdef MISUSE
  ctx.call(shop::approve({.by = order.sku}));
#else
  ctx.call(shop::charge(order));
#endif
}
