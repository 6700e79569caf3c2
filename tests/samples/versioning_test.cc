#include <reprise/testing/env.h>

#include <gtest/gtest.h>

#include "samples/versioning/fulfil.h"

namespace versioning {
namespace {

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
  env_.implement(fulfil, run_fulfil_patched);
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-1 was shipped and paid by ann");
  EXPECT_EQ(env_.calls(check_fraud), 0);
}

TEST_F(VersioningTest, ARunOfTheNewCodeIsChecked) {
  env_.implement(fulfil, run_fulfil_patched);
  const auto run = env_.start(fulfil("order-2"));
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-2 was shipped and paid by ann");
  EXPECT_EQ(env_.calls(check_fraud), 1);
}

TEST_F(VersioningTest, WithoutAGuardTheMismatchIsFound) {
  env_.implement(fulfil, run_fulfil_old);
  const auto run = env_.start(fulfil("order-1"));
  env_.implement(fulfil, run_fulfil_careless);
  EXPECT_THROW(run.signal(paid("ann")), reprise::NondeterminismError);
}

TEST_F(VersioningTest, ACheckedRunGoesOnWhenTheOldBranchIsGone) {
  env_.implement(fulfil, run_fulfil_patched);
  const auto run = env_.start(fulfil("order-2"));
  env_.implement(fulfil, run_fulfil_deprecated);
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-2 was shipped and paid by ann");
  EXPECT_EQ(env_.calls(check_fraud), 1);
}

TEST_F(VersioningTest, TheOldBranchMustStayWhileARunNeedsIt) {
  env_.implement(fulfil, run_fulfil_old);
  const auto run = env_.start(fulfil("order-1"));
  env_.implement(fulfil, run_fulfil_deprecated);
  EXPECT_THROW(run.signal(paid("ann")), reprise::NondeterminismError);
}

TEST_F(VersioningTest, ARunOfTheSecondStageNeedsNothingOfTheChange) {
  env_.implement(fulfil, run_fulfil_deprecated);
  const auto run = env_.start(fulfil("order-3"));
  env_.implement(fulfil, run_fulfil_removed);
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-3 was shipped and paid by ann");
}

TEST_F(VersioningTest, TheSecondStageCanBeRolledBack) {
  env_.implement(fulfil, run_fulfil_deprecated);
  const auto run = env_.start(fulfil("order-3"));
  env_.implement(fulfil, run_fulfil_patched);
  run.signal(paid("ann"));
  EXPECT_EQ(run.result(), "order-3 was shipped and paid by ann");
  EXPECT_EQ(env_.calls(check_fraud), 1);
}

}  // namespace
}  // namespace versioning
