#include <reprise/testing/env.h>

#include <gtest/gtest.h>

#include "samples/versioning/fulfil.h"

namespace versioning {
namespace {

// What the new code would be without patched().
std::string run_fulfil_unguarded(reprise::Context& ctx, const std::string& order) {
  ctx.call(check_fraud(order));
  ctx.call(pick(order));
  const std::string payer = ctx.inbox(paid).next().get();
  ctx.call(ship(order));
  return order + " was shipped and paid by " + payer;
}

class VersioningTest : public testing::Test {
 protected:
  VersioningTest() {
    for (const auto& activity : {check_fraud, pick, ship})
      env_.stub(activity, [](const std::string&) {});
  }

  reprise::testing::Env env_;  // it replays each run after each turn
};

TEST_F(VersioningTest, ARunOfTheOldCodeGoesOnWithoutACheck) {
  env_.implement(fulfil, run_fulfil_old);
  const auto run = env_.start(fulfil("order-1"));
  env_.implement(fulfil, run_fulfil_new);
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-1 was shipped and paid by ann");
  EXPECT_EQ(env_.calls(check_fraud), 0);
}

TEST_F(VersioningTest, ARunOfTheNewCodeIsChecked) {
  env_.implement(fulfil, run_fulfil_new);
  const auto run = env_.start(fulfil("order-2"));
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-2 was shipped and paid by ann");
  EXPECT_EQ(env_.calls(check_fraud), 1);
}

TEST_F(VersioningTest, WithoutAGuardTheMismatchIsFound) {
  env_.implement(fulfil, run_fulfil_old);
  const auto run = env_.start(fulfil("order-1"));
  env_.implement(fulfil, run_fulfil_unguarded);
  EXPECT_THROW(run.signal(paid("ann")), reprise::NondeterminismError);
}

}  // namespace
}  // namespace versioning
