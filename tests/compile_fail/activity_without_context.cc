#include "shop.h"

void use(reprise::Worker& worker) {
#ifdef MISUSE
  worker.implement(shop::charge, [](const shop::Order& order) { return order.sku; });
  // says: the function of an activity takes reprise::ActivityContext& first
#else
  worker.implement(shop::charge,
                   [](reprise::ActivityContext&, const shop::Order& order) { return order.sku; });
#endif
}
