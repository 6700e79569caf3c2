#include "shop.h"

class Checkout {
 public:
  explicit Checkout(reprise::Context& ctx);
  std::string run(const shop::Order& order);
  int run_number(int order);
};

void use(reprise::Worker& worker) {
#ifdef MISUSE
  reprise::implement_class(worker, shop::checkout, &Checkout::run_number);
#else
  reprise::implement_class(worker, shop::checkout, &Checkout::run);
#endif
}
