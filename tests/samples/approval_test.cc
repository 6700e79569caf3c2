#include "samples/approval/approval.h"

#include <gtest/gtest.h>

#include "tests/support/env_modes.h"

namespace approval {
namespace {

using namespace std::chrono_literals;

class ApprovalTest : public reprise::testing::InEveryMode {
 protected:
  ApprovalTest() { implement_approval(env); }
};
INSTANTIATE_TEST_SUITE_P(All,
                         ApprovalTest,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(ApprovalTest, IsGrantedByADecision) {
  const auto run = env.start(approve({.who = "ann", .what = "a chair"}, 48h));
  EXPECT_EQ(run.query(state()), State::kWaiting);
  env.skip(47h);
  run.signal(decide({.granted = true, .by = "bob"}));
  EXPECT_EQ(run.result(), State::kGranted);
}

TEST_P(ApprovalTest, IsRefusedByADecision) {
  const auto run = env.start(approve({.who = "ann", .what = "a chair"}, 48h));
  run.signal(decide({.granted = false, .by = "bob"}));
  EXPECT_EQ(run.result(), State::kRefused);
}

TEST_P(ApprovalTest, ExpiresAtItsDeadline) {
  const auto run = env.start(approve({.who = "ann", .what = "a chair"}, 48h));
  env.skip(48h);
  EXPECT_EQ(run.result(), State::kExpired);
  EXPECT_FALSE(run.try_signal(decide({.granted = true, .by = "bob"})));
}

TEST_P(ApprovalTest, AnswersQueriesWhenItHasEnded) {
  const auto run = env.start(approve({.who = "ann", .what = "a chair"}, 48h));
  run.signal(decide({.granted = true, .by = "bob"}));
  EXPECT_EQ(run.result(), State::kGranted);
  EXPECT_EQ(run.query(state()), State::kGranted);
}

}  // namespace
}  // namespace approval
