#include "checkout.h"

#include <chrono>

namespace order_saga {
namespace {

using namespace std::chrono_literals;

// A service that does not answer is asked again until it does: only its "no" ends an order.
const reprise::ActivityOptions kPatient{
    .start_to_close = 30s,
    .retry = {.initial_interval = 100ms, .maximum_interval = 5s},
};

// The service's own message, without what the engine adds about the attempts.
std::string reason_of(const reprise::Failure& failure) {
  const auto* const activity = dynamic_cast<const reprise::ActivityFailure*>(&failure);
  return activity && activity->cause() ? activity->cause()->what() : failure.what();
}

}  // namespace

Outcome Checkout::run(const Order& order, const reprise::Duration& pack_within) {
  Outcome outcome;
  try {
    outcome = {Verdict::kCompleted, reserve_and_sell(order, pack_within)};
  } catch (const reprise::CancelledFailure&) {
    throw;  // by now everything is undone, and the run ends as cancelled
  } catch (const reprise::Failure& failure) {
    outcome = {charged_ ? Verdict::kCompensated : Verdict::kRejected, reason_of(failure)};
  }
  stage_ = Stage::kEnded;
  return outcome;
}

// Compensation is a catch block that undoes what its function did and passes the failure on to the
// caller, which undoes what was done before: in reverse order, by the rules of the language.

std::string Checkout::reserve_and_sell(const Order& order, reprise::Duration pack_within) {
  ask(reserve(order));
  try {
    return charge_and_deliver(order, pack_within);
  } catch (const reprise::Failure&) {
    stage_ = Stage::kUndoing;
    ask(release(order));
    throw;
  }
}

std::string Checkout::charge_and_deliver(const Order& order, reprise::Duration pack_within) {
  stage_ = Stage::kCharging;
  ask(charge(order));
  charged_ = true;
  try {
    return pack_and_ship(order, pack_within);
  } catch (const reprise::Failure&) {
    stage_ = Stage::kUndoing;
    ask(refund(order));
    throw;
  }
}

std::string Checkout::pack_and_ship(const Order& order, reprise::Duration pack_within) {
  stage_ = Stage::kPacking;
  ask(request_packing(order));
  if (!ctx_.wait_until([this] { return packed_; }, pack_within))
    throw reprise::ApplicationFailure("NotPacked", "nobody packed it in time", /*retryable=*/false);
  stage_ = Stage::kShipping;
  return ask(ship(order));
}

void Checkout::on_packed(const std::string&) {
  packed_ = true;
}

// An order can be cancelled while it waits to be packed. A request to a service is shielded from
// that: we would not know whether the card has been charged.
template <class Result>
Result Checkout::ask(const reprise::Message<reprise::kind::Activity, Result, Order>& request,
                     reprise::CallSite site) {
  const reprise::Shield shield(ctx_);
  return ctx_.call(request, kPatient, site);
}

}  // namespace order_saga
