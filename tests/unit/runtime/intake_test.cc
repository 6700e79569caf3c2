#include "runtime/engine/intake.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::runtime::intake_test {
namespace {

class IntakeTest : public ::testing::Test {
 protected:
  void post(const std::string& what) {
    intake_.post([this, what] { done_.push_back(what); });
  }
  void hold(const std::string& what) {
    intake_.hold([this, what] { done_.push_back(what); });
  }
  // What a round would do with its mail.
  std::vector<std::string> round() {
    done_.clear();
    std::vector<Mail> mail;
    intake_.take(&mail);
    for (Mail& each : mail) std::get<std::function<void()>>(each)();
    return done_;
  }

  Space space_;
  Intake intake_{space_};
  std::vector<std::string> done_;
};

TEST_F(IntakeTest, MailComesOnceInTheOrderOfPosting) {
  post("a");
  post("b");
  EXPECT_EQ(round(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(round(), std::vector<std::string>{});
}

TEST_F(IntakeTest, WhatIsHeldComesFirstOnceThereIsRoom) {
  space_.set(base::Error{base::ErrorCode::kStoreFull, "the disk is full"});
  EXPECT_FALSE(intake_.full()) << "that is looked at when a round begins";
  post("a");
  EXPECT_EQ(round(), std::vector<std::string>{"a"});
  EXPECT_TRUE(intake_.full());
  EXPECT_EQ(intake_.refusal().message, "nothing was recorded: the disk is full");
  hold("held 1");
  hold("held 2");
  post("b");
  EXPECT_EQ(round(), std::vector<std::string>{"b"}) << "there is still no room";
  space_.set({});
  post("c");
  EXPECT_EQ(round(), (std::vector<std::string>{"held 1", "held 2", "c"}));
  EXPECT_FALSE(intake_.full());
  EXPECT_EQ(round(), std::vector<std::string>{});
}

TEST_F(IntakeTest, WaitingEndsWithMailOrAPoke) {
  EXPECT_FALSE(intake_.wait(base::Duration{0}));
  intake_.poke();
  EXPECT_TRUE(intake_.wait(base::Duration{0}));
  round();
  EXPECT_FALSE(intake_.wait(base::Duration{0}));
  post("a");
  EXPECT_TRUE(intake_.wait(base::Duration{0}));
}

}  // namespace
}  // namespace reprise::runtime::intake_test
