#include "runtime/engine/effects.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/engine/run_table.h"

namespace reprise::runtime::effects_test {
namespace {

class EffectsTest : public ::testing::Test {
 protected:
  std::function<void()> note(const std::string& what) {
    return [this, what] { log_.push_back(what); };
  }
  std::size_t release(std::size_t most = 1'000) {
    return effects_.release(most, [](Effect& effect) { effect.act(); });
  }

  std::atomic<store::Seq> durable_{10};
  Effects effects_{durable_};
  std::vector<std::string> log_;
};

TEST_F(EffectsTest, NothingHappensBeforeItsTurnIsOnDisk) {
  effects_.next_turn();
  effects_.add({.act = note("a")});
  EXPECT_EQ(release(), 0u) << "the writer does not have it";
  EXPECT_TRUE(effects_.empty());
  effects_.appended(11);
  EXPECT_FALSE(effects_.empty());
  EXPECT_EQ(release(), 0u) << "the disk does not have it";
  durable_ = 11;
  EXPECT_EQ(release(), 1u);
  EXPECT_EQ(log_, std::vector<std::string>{"a"});
  EXPECT_TRUE(effects_.empty());
}

TEST_F(EffectsTest, EachTurnHasItsOwnRecordAndTheOrderIsThatOfTheLog) {
  effects_.next_turn();
  effects_.add({.act = note("1a")});
  effects_.add({.act = note("1b")});
  effects_.next_turn();  // one without effects
  effects_.next_turn();
  effects_.add({.act = note("3")});
  effects_.appended(13);  // records 11, 12, 13
  effects_.next_turn();   // the next part of the round
  effects_.add({.act = note("4")});
  effects_.appended(14);
  durable_ = 12;
  EXPECT_EQ(release(), 2u);
  EXPECT_EQ(log_, (std::vector<std::string>{"1a", "1b"}));
  durable_ = 14;
  EXPECT_EQ(release(), 2u);
  EXPECT_EQ(log_, (std::vector<std::string>{"1a", "1b", "3", "4"}));
}

TEST_F(EffectsTest, WhatFollowsFromADurableRecordHappensAtOnce) {
  effects_.call_after(10, note("now"));
  EXPECT_EQ(log_, std::vector<std::string>{"now"});
  effects_.call_after(11, note("later"));
  EXPECT_EQ(log_, std::vector<std::string>{"now"});
  durable_ = 11;
  EXPECT_EQ(release(), 1u);
  EXPECT_EQ(log_, (std::vector<std::string>{"now", "later"}));
}

TEST_F(EffectsTest, ReleasesSoManyAtATimeAndWhatTheyAddComesLast) {
  for (const char* what : {"a", "b", "c"}) effects_.after(5, {.act = note(what)});
  effects_.after(5, {.act = [this] { effects_.after(5, {.act = note("added")}); }});
  effects_.after(5, {.act = note("d")});
  EXPECT_EQ(release(2), 2u);
  EXPECT_EQ(log_, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(release(), 4u);
  EXPECT_EQ(log_, (std::vector<std::string>{"a", "b", "c", "d", "added"}));
}

TEST_F(EffectsTest, SaysWhoseComeNext) {
  KnownRun run;
  KnownRun other;
  effects_.after(5, {.kind = Effect::Kind::kStarted, .run = &run});
  effects_.after(5, {.act = note("a")});
  effects_.after(5, {.kind = Effect::Kind::kClosed, .run = &other});
  EXPECT_EQ(effects_.run_of(0), &run);
  EXPECT_EQ(effects_.run_of(1), nullptr) << "it has no run";
  EXPECT_EQ(effects_.run_of(2), &other);
  EXPECT_EQ(effects_.run_of(3), nullptr) << "there is none";
}

TEST_F(EffectsTest, OfWhatIsAbandonedOnlyWhatIsNotDurableIsTold) {
  KnownRun run;
  effects_.after(9, {.kind = Effect::Kind::kConfirm});
  effects_.after(11, {.kind = Effect::Kind::kStarted, .run = &run});
  effects_.after(12, {.kind = Effect::Kind::kDispatch, .operation = 7, .run = &run});
  std::vector<Effect::Kind> told;
  effects_.abandon([&](const Effect& effect) { told.push_back(effect.kind); });
  EXPECT_EQ(told, (std::vector<Effect::Kind>{Effect::Kind::kStarted, Effect::Kind::kDispatch}));
  EXPECT_TRUE(effects_.empty());
  durable_ = 100;
  EXPECT_EQ(release(), 0u);
}

}  // namespace
}  // namespace reprise::runtime::effects_test
