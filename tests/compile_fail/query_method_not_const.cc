#include "shop.h"

class Checkout {
 public:
  explicit Checkout(reprise::Context& ctx);
  std::string run(const shop::Order& order);
  shop::Stage stage() const;
  shop::Stage next_stage();
};

void use(reprise::Worker& worker) {
  auto binding = reprise::implement_class(worker, shop::checkout, &Checkout::run);
#ifdef MISUSE
  binding.on(shop::stage, &Checkout::next_stage);
#else
  binding.on(shop::stage, &Checkout::stage);
#endif
}
