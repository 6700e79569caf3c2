#include "shop.h"

struct Secret {
  int* pointer = nullptr;
};
inline constexpr reprise::Activity<void(Secret)> keep{"keep"};

void use(reprise::Context& ctx, const shop::Order& order) {
#ifdef MISUSE
  ctx.call(keep({}));
  (void)order;
  // says: Reprise cannot encode this type
#else
  ctx.call(shop::charge(order));
#endif
}
