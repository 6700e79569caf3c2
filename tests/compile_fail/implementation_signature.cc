#include "shop.h"

#ifdef MISUSE
int run_checkout(reprise::Context& ctx, int order);
void use(reprise::Worker& worker) {
  worker.implement(shop::checkout, run_checkout);
  // says: the function does not fit the workflow
}
#else
std::string run_checkout(reprise::Context& ctx, const shop::Order& order);
void use(reprise::Worker& worker) {
  worker.implement(shop::checkout, run_checkout);
}
#endif
