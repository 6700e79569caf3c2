#include <gtest/gtest.h>

#include "samples/versioning/fulfil.h"
#include "tests/support/env_modes.h"

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

class VersioningTest : public reprise::testing::InEveryMode {
 protected:
  VersioningTest() {
    for (const auto& activity : {check_fraud, pick, ship})
      env.stub(activity, [](const std::string&) {});
  }
};
INSTANTIATE_TEST_SUITE_P(All,
                         VersioningTest,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(VersioningTest, ARunOfTheOldCodeGoesOnWithoutACheck) {
  env.implement(fulfil, run_fulfil_old);
  const auto run = env.start(fulfil("order-1"));
  env.implement(fulfil, run_fulfil_new);
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-1 was shipped and paid by ann");
  expect_calls(check_fraud, 0);
}

TEST_P(VersioningTest, ARunOfTheNewCodeIsChecked) {
  env.implement(fulfil, run_fulfil_new);
  const auto run = env.start(fulfil("order-2"));
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-2 was shipped and paid by ann");
  expect_calls(check_fraud, 1);
}

TEST_P(VersioningTest, WithoutAGuardTheMismatchIsFound) {
  env.implement(fulfil, run_fulfil_old);
  const auto run = env.start(fulfil("order-1"));
  env.implement(fulfil, run_fulfil_unguarded);
  EXPECT_THROW(run.signal(paid("ann")), reprise::NondeterminismError);
}

}  // namespace
}  // namespace versioning
