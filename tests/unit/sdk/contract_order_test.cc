// The first documented style: a workflow that is an ordinary function.
#include <algorithm>
#include <optional>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/env_modes.h"
#include "tests/unit/sdk/shop.h"

namespace shop {
namespace {

using namespace std::chrono_literals;

Receipt run_checkout(reprise::Context& ctx, const Order& order) {
  Stage now = Stage::kWaiting;
  int limit = 10'000;
  auto q = ctx.answer(stage, [&] { return now; });
  auto u = ctx.accept(set_limit, [&](int value) { return std::exchange(limit, value); });

  auto approval = ctx.inbox(approve).next();
  auto deadline = ctx.timer(24h);
  if (ctx.first_of(approval, deadline) == 1)
    throw reprise::ApplicationFailure("NotApproved", "no approval within 24 h", false);

  now = Stage::kCharging;
  const Receipt receipt =
      ctx.call(charge(order), {.start_to_close = 10s, .retry = {.maximum_attempts = 5}});
  try {
    now = Stage::kShipping;
    ctx.call(ship(order), {.start_to_close = 1min});
  } catch (const reprise::ActivityFailure&) {
    reprise::Shield shield(ctx);
    ctx.call(refund(receipt));
    throw;
  }
  now = Stage::kDone;
  return receipt;
}

int cheapest(reprise::Context& ctx, const Order& order) {
  std::vector<reprise::Pending<int>> quotes;
  for (const char* carrier : {"ups", "dhl", "post"})
    quotes.push_back(ctx.start(quote(carrier, order)));
  return std::ranges::min(ctx.all(quotes));
}

int stock(reprise::Context& ctx, int wanted) {
  return ctx.step("reserve", [&] { return wanted - 1; }, {.retry = {.maximum_attempts = 3}});
}

class ContractOrder : public reprise::testing::InEveryMode {};
INSTANTIATE_TEST_SUITE_P(All,
                         ContractOrder,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(ContractOrder, CompensatesWhenShippingFails) {
  env.implement(checkout, run_checkout);
  env.stub(charge, [](const Order&) { return Receipt{"c-1"}; });
  env.stub(ship, [](const Order&) { throw std::runtime_error("truck broke"); });
  env.stub(refund, [](const Receipt&) {});
  auto run = env.start(checkout({.sku = "hat", .cents = 900}));
  env.skip(1h);
  run.signal(approve({.by = "ann"}));
  EXPECT_THROW(run.result(), reprise::Failure);
  expect_calls(refund, 1);
}

TEST_P(ContractOrder, Ships) {
  env.implement(checkout, run_checkout);
  env.stub(charge, [](const Order& order) { return Receipt{"c-" + order.sku}; });
  env.stub(ship, [](const Order&) {});
  env.stub(refund, [](const Receipt&) {});
  auto run = env.start(checkout({.sku = "hat", .cents = 900}), {.id = "order-7"});
  EXPECT_EQ(run.query(stage()), Stage::kWaiting);
  EXPECT_EQ(run.update(set_limit(20'000)), 10'000);
  EXPECT_EQ(run.update(set_limit(30'000)), 20'000);
  run.signal(approve({.by = "ann"}));
  EXPECT_EQ(run.result().charge_id, "c-hat");
  expect_calls(charge, 1);
  expect_calls(refund, 0);
}

TEST_P(ContractOrder, GivesUpAfterADay) {
  env.implement(checkout, run_checkout);
  env.stub(charge, [](const Order&) { return Receipt{}; });
  const auto started = env.now();
  auto run = env.start(checkout({.sku = "hat"}));
  try {
    run.result();
    FAIL() << "it must fail";
  } catch (const reprise::ApplicationFailure& failure) {
    EXPECT_EQ(failure.type(), "NotApproved");
    EXPECT_FALSE(failure.retryable());
  }
  EXPECT_EQ(env.now() - started, 24h);
  expect_calls(charge, 0);
}

TEST_P(ContractOrder, FansOutAndIn) {
  constexpr reprise::Workflow<int(Order)> find_cheapest{"cheapest"};
  env.implement(find_cheapest, cheapest);
  env.stub(quote, [](const std::string& carrier, const Order& order) {
    return static_cast<int>(carrier.size()) * order.cents;
  });
  EXPECT_EQ(env.start(find_cheapest({.sku = "hat", .cents = 10})).result(), 30);
  expect_calls(quote, 3);
}

TEST_P(ContractOrder, RecordsAStep) {
  constexpr reprise::Workflow<int(int)> take_stock{"stock"};
  env.implement(take_stock, stock);
  EXPECT_EQ(env.start(take_stock(5)).result(), 4);
}

}  // namespace
}  // namespace shop
