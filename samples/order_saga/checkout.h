// The life of one order, as an ordinary class with an ordinary function. Every line of it survives
// a crash: the process may be killed anywhere, and goes on here when it is started again.
#pragma once
#include <string>

#include "contract.h"

namespace order_saga {

class Checkout {
 public:
  explicit Checkout(reprise::Context& ctx) : ctx_(ctx) {}

  Outcome run(const Order& order, const reprise::Duration& pack_within);
  void on_packed(const std::string& packer);
  Stage stage() const { return stage_; }

 private:
  // Each does its part and then the rest; if the rest fails, it undoes its part. They return the
  // tracking number.
  std::string reserve_and_sell(const Order& order, reprise::Duration pack_within);
  std::string charge_and_deliver(const Order& order, reprise::Duration pack_within);
  std::string pack_and_ship(const Order& order, reprise::Duration pack_within);

  // Has a service do something, and waits for its answer.
  template <class Result>
  Result ask(const reprise::Message<reprise::kind::Activity, Result, Order>& request,
             reprise::CallSite site = reprise::CallSite::current());

  reprise::Context& ctx_;
  Stage stage_ = Stage::kReserving;
  bool charged_ = false;
  bool packed_ = false;
};

// `host`: a reprise::Worker, or a test's reprise::testing::Env.
template <class Host>
void implement_checkout(Host& host) {
  implement_class(host, checkout, &Checkout::run)
      .on(packed, &Checkout::on_packed)
      .on(stage, &Checkout::stage);
}

}  // namespace order_saga
