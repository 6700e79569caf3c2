#include "shop.h"

// It would be truncated.
inline constexpr reprise::Activity<void(__int128)> keep{"keep"};

void use(reprise::Context& ctx, const shop::Order& order) {
#ifdef MISUSE
  ctx.call(keep(1));
#else
  ctx.call(shop::charge(order));
#endif
}
