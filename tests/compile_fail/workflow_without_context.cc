#include "shop.h"

void use(reprise::Worker& worker) {
#ifdef MISUSE
  worker.implement(shop::checkout, [](const shop::Order& order) { return order.sku; });
  // says: the function of a workflow takes reprise::Context& first
#else
  worker.implement(shop::checkout,
                   [](reprise::Context&, const shop::Order& order) { return order.sku; });
#endif
}
