#include "shop.h"

void use(reprise::Context& ctx) {
#ifdef MISUSE
  (void)ctx.first_of(ctx.timer(reprise::Duration(1'000)));
#else
  auto timer = ctx.timer(reprise::Duration(1'000));
  (void)ctx.first_of(timer);
#endif
}
