#include "shop.h"

void use(reprise::Worker& worker) {
#ifdef MISUSE
  worker.implement_async(shop::charge, [](reprise::ActivityContext&, reprise::Completion<int>,
                                          const shop::Order&) {});
  // says: the function does not fit the activity
#else
  worker.implement_async(shop::charge,
                         [](reprise::ActivityContext&, const reprise::Completion<std::string>&,
                            const shop::Order&) { return 7; });
#endif
}
