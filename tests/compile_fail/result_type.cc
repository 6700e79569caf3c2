#include "shop.h"

void use(const reprise::Client& client, const shop::Order& order) {
  auto run = client.start(shop::checkout(order), {.id = "order-7"});
#ifdef MISUSE
  const shop::Stage result = run.result();
#else
  const std::string result = run.result();
#endif
  (void)result;
}
