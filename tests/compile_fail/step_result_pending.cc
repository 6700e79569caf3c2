#include "shop.h"

// A Pending belongs to the run's own thread and is not a value.
void run(reprise::Context& ctx, const shop::Order& order) {
#ifdef MISUSE
  ctx.step("pending", [&] { return ctx.start(shop::charge(order)); });
#else
  ctx.start(shop::charge(order)).get();
#endif
}
