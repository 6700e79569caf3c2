#include "shop.h"

struct Secret {
  int* pointer = nullptr;
};
inline constexpr reprise::Activity<void(Secret)> keep{"keep"};
inline constexpr reprise::Activity<void(int)> count{"count"};

void use(reprise::Worker& worker) {
#ifdef MISUSE
  worker.implement(keep, [](reprise::ActivityContext&, const Secret&) {});
  // says: Reprise cannot encode this type
#else
  worker.implement(count, [](reprise::ActivityContext&, int) {});
#endif
}
