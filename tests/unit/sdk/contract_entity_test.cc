// The second documented style: a class whose state outlives run(), so that a finished run still
// answers queries.
#include <optional>
#include <reprise/testing/env.h>
#include <utility>

#include <gtest/gtest.h>

#include "tests/support/env_modes.h"
#include "tests/unit/sdk/shop.h"

namespace shop {
namespace {

using namespace std::chrono_literals;

class Checkout {
 public:
  explicit Checkout(reprise::Context& ctx) : ctx_(ctx) {}
  Receipt run(const Order& order) {
    if (!ctx_.wait_until([&] { return approval_.has_value(); }, 24h))
      throw reprise::ApplicationFailure("NotApproved", "24 h passed", false);
    auto receipt = ctx_.call(charge(order), {.start_to_close = 10s});
    stage_ = Stage::kDone;
    return receipt;
  }
  void approve(const Approval& approval) { approval_ = approval; }
  Stage stage() const { return stage_; }
  int set_limit(int value) { return std::exchange(limit_, value); }

 private:
  reprise::Context& ctx_;
  std::optional<Approval> approval_;
  Stage stage_ = Stage::kWaiting;
  int limit_ = 0;
};

// A reprise::Worker or a testing::Env.
template <class Host>
void bind(Host& host) {
  reprise::implement_class(host, checkout, &Checkout::run)
      .on(approve, &Checkout::approve)
      .on(stage, &Checkout::stage)
      .on(set_limit, &Checkout::set_limit);
}

class ContractEntity : public reprise::testing::InEveryMode {};
INSTANTIATE_TEST_SUITE_P(All,
                         ContractEntity,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(ContractEntity, AnswersQueriesAfterItsEnd) {
  bind(env);
  env.stub(charge, [](const Order& order) { return Receipt{"c-" + order.sku}; });
  auto run = env.start(checkout({.sku = "hat"}));
  EXPECT_EQ(run.query(stage()), Stage::kWaiting);
  EXPECT_EQ(run.update(set_limit(5)), 0);
  EXPECT_EQ(run.update(set_limit(6)), 5);
  run.signal(approve({.by = "ann"}));
  EXPECT_EQ(run.result().charge_id, "c-hat");
  EXPECT_EQ(run.query(stage()), Stage::kDone);
}

TEST_P(ContractEntity, GivesUpAfterADay) {
  bind(env);
  auto run = env.start(checkout({.sku = "hat"}));
  EXPECT_THROW(run.result(), reprise::ApplicationFailure);
}

TEST_P(ContractEntity, HasOneInstancePerRun) {
  bind(env);
  env.stub(charge, [](const Order& order) { return Receipt{"c-" + order.sku}; });
  auto hat = env.start(checkout({.sku = "hat"}));
  auto cap = env.start(checkout({.sku = "cap"}));
  hat.signal(approve({.by = "ann"}));
  EXPECT_EQ(hat.result().charge_id, "c-hat");
  EXPECT_EQ(hat.query(stage()), Stage::kDone);
  EXPECT_EQ(cap.query(stage()), Stage::kWaiting);
}

}  // namespace
}  // namespace shop
