#include "shop.h"

// A copy would be used on another thread. A reference compiles, and its calls throw RP2004.
int run(reprise::Context& ctx) {
#ifdef MISUSE
  return ctx.step("copy", [ctx] { return static_cast<int>(ctx.replaying()); });
#else
  return ctx.step("value", [replaying = ctx.replaying()] { return static_cast<int>(replaying); });
#endif
}
