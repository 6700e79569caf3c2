#include <gtest/gtest.h>

#include "samples/versioning/fulfil.h"
#include "tests/support/env_modes.h"

namespace versioning {
namespace {

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
  env.implement(fulfil, run_fulfil_patched);
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-1 was shipped and paid by ann");
  expect_calls(check_fraud, 0);
}

TEST_P(VersioningTest, ARunOfTheNewCodeIsChecked) {
  env.implement(fulfil, run_fulfil_patched);
  const auto run = env.start(fulfil("order-2"));
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-2 was shipped and paid by ann");
  expect_calls(check_fraud, 1);
}

TEST_P(VersioningTest, WithoutAGuardTheMismatchIsFound) {
  env.implement(fulfil, run_fulfil_old);
  const auto run = env.start(fulfil("order-1"));
  env.implement(fulfil, run_fulfil_careless);
  EXPECT_THROW(run.signal(paid("ann")), reprise::NondeterminismError);
}

TEST_P(VersioningTest, ACheckedRunGoesOnWhenTheOldBranchIsGone) {
  env.implement(fulfil, run_fulfil_patched);
  const auto run = env.start(fulfil("order-2"));
  env.implement(fulfil, run_fulfil_deprecated);
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-2 was shipped and paid by ann");
  expect_calls(check_fraud, 1);
}

TEST_P(VersioningTest, TheOldBranchMustStayWhileARunNeedsIt) {
  env.implement(fulfil, run_fulfil_old);
  const auto run = env.start(fulfil("order-1"));
  env.implement(fulfil, run_fulfil_deprecated);
  EXPECT_THROW(run.signal(paid("ann")), reprise::NondeterminismError);
}

TEST_P(VersioningTest, ARunOfTheSecondStageNeedsNothingOfTheChange) {
  env.implement(fulfil, run_fulfil_deprecated);
  const auto run = env.start(fulfil("order-3"));
  env.implement(fulfil, run_fulfil_removed);
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-3 was shipped and paid by ann");
}

TEST_P(VersioningTest, TheSecondStageCanBeRolledBack) {
  env.implement(fulfil, run_fulfil_deprecated);
  const auto run = env.start(fulfil("order-3"));
  env.implement(fulfil, run_fulfil_patched);
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-3 was shipped and paid by ann");
  expect_calls(check_fraud, 1);
}

}  // namespace
}  // namespace versioning
