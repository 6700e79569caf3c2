// The workflow of this sample: a subscription that is billed each month until the customer leaves,
// for years. After each month it takes a checkpoint, so that waking it reads a month and not years;
// after each year it continues as a new run, so that old years can be removed.
#pragma once
#include <chrono>
#include <map>
#include <reprise/reprise.h>
#include <string>
#include <utility>

namespace subscription {

using namespace std::chrono_literals;

inline constexpr reprise::Workflow<std::string(std::string, std::string, int)> subscribe{
    "subscribe"};
inline constexpr reprise::Activity<void(std::string, int, int)> bill{"bill"};
inline constexpr reprise::Update<std::string(std::string)> change_plan{"change_plan"};
inline constexpr reprise::Signal<> leave{"leave"};
inline constexpr reprise::Query<std::string()> status{"status"};
inline constexpr reprise::Value<int> months_paid{"months_paid"};

// In cents a month; 0: there is no such plan.
inline int price_of(const std::string& plan) {
  static const std::map<std::string, int> kPrices = {{"basic", 500}, {"family", 900}};
  const auto found = kPrices.find(plan);
  return found == kPrices.end() ? 0 : found->second;
}

// `paid`: so many months. `month`: how long one takes; the same for the whole life of a
// subscription.
inline std::string run_subscription(reprise::Context& ctx,
                                    const std::string& customer,
                                    std::string plan,
                                    int paid,
                                    reprise::Duration month) {
  const auto changing = ctx.accept(
      change_plan,
      [&](const std::string& to) {
        plan = to;
        return customer + " has " + plan + " from month " + std::to_string(paid + 1);
      },
      [&](const std::string& to) {  // what it rejects leaves no trace
        if (price_of(to) == 0) throw reprise::ApplicationFailure("UnknownPlan", to);
        if (to == plan) throw reprise::ApplicationFailure("SamePlan", to);
      });
  const auto telling =
      ctx.answer(status, [&] { return plan + ", " + std::to_string(paid) + " months paid"; });

  // The service that bills recognises a repeated attempt by its idempotency key, which is another
  // one each month.
  ctx.call(bill(customer, paid + 1, price_of(plan)));
  ctx.set(months_paid(++paid));

  auto leaving = ctx.inbox(leave).next();
  auto over = ctx.timer(month);
  if (ctx.first_of(over, leaving) == 1) {
    return customer + " has left after " + std::to_string(paid) + " months";
  }
  ctx.finish_handlers();
  if (paid % 12 == 0) ctx.continue_as_new(subscribe(customer, plan, paid));
  ctx.checkpoint(subscribe(customer, plan, paid));
}

}  // namespace subscription
