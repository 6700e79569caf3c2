#include "samples/approval/approval.h"

#include <reprise/testing/env.h>

#include <gtest/gtest.h>

namespace approval {
namespace {

using namespace std::chrono_literals;

class ApprovalTest : public testing::Test {
 protected:
  ApprovalTest() { implement_approval(env_); }

  reprise::testing::Env env_;
};

TEST_F(ApprovalTest, IsGrantedByADecision) {
  const auto run = env_.start(approve({.who = "ann", .what = "a chair"}, 48h));
  EXPECT_EQ(run.query(state()), State::kWaiting);
  env_.skip(47h);
  run.signal(decide({.granted = true, .by = "bob"}));
  EXPECT_EQ(run.result(), State::kGranted);
}

TEST_F(ApprovalTest, IsRefusedByADecision) {
  const auto run = env_.start(approve({.who = "ann", .what = "a chair"}, 48h));
  run.signal(decide({.granted = false, .by = "bob"}));
  EXPECT_EQ(run.result(), State::kRefused);
}

TEST_F(ApprovalTest, ExpiresAtItsDeadline) {
  const auto run = env_.start(approve({.who = "ann", .what = "a chair"}, 48h));
  env_.skip(48h);
  EXPECT_EQ(run.result(), State::kExpired);
  EXPECT_FALSE(run.try_signal(decide({.granted = true, .by = "bob"})));
}

TEST_F(ApprovalTest, AnswersQueriesWhenItHasEnded) {
  const auto run = env_.start(approve({.who = "ann", .what = "a chair"}, 48h));
  run.signal(decide({.granted = true, .by = "bob"}));
  EXPECT_EQ(run.result(), State::kGranted);
  EXPECT_EQ(run.query(state()), State::kGranted);
}

}  // namespace
}  // namespace approval
