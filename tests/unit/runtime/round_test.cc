#include "runtime/engine/round.h"

#include "tests/unit/runtime/shard_parts.h"

namespace reprise::runtime::round_test {
namespace {

using Strings = std::vector<std::string>;

class RoundTest : public shard_parts::ShardParts {
 protected:
  void start_many(int count) {
    for (int i = 0; i < count; ++i) {
      start("run-" + std::to_string(next_++));
      round_.run_turns_if_many();
    }
  }
  // Whether the writer has anything to commit.
  bool is_appended() { return shared_.writer->commit_pending(); }

  int next_ = 1;
};

TEST_F(RoundTest, InputsOfARunAreOneTurnInTheOrderTheyCameIn) {
  KnownRun& run = start("a");
  signal(run);
  signal(run);
  EXPECT_TRUE(round_.has_turns());
  EXPECT_TRUE(run.in_round());
  round_.run_turns();
  EXPECT_FALSE(round_.has_turns());
  EXPECT_TRUE(run.in_round()) << "the writer does not have its turn";
  round_.append();
  EXPECT_FALSE(run.in_round());
  commit();
  EXPECT_EQ(history(run), Strings{"RunStartedSignalReceivedSignalReceived"});
}

TEST_F(RoundTest, ALongRoundRunsItsTurnsInParts) {
  start_many(127);
  EXPECT_TRUE(round_.has_turns());
  start_many(1);
  EXPECT_FALSE(round_.has_turns());
}

TEST_F(RoundTest, AndHandsThemToTheWriterInParts) {
  start_many(511);
  round_.run_turns();
  EXPECT_FALSE(is_appended());
  start_many(1);
  round_.run_turns();
  EXPECT_TRUE(is_appended());
  start_many(1);
  round_.run_turns();
  EXPECT_FALSE(is_appended());
  round_.append();
  EXPECT_TRUE(is_appended()) << "the last part of a round, however short";
}

// More than are made at a time.
TEST_F(RoundTest, TurnsAreRecordedOnceInTheOrderOfTheirFirstInputs) {
  std::vector<KnownRun*> runs;
  for (int i = 0; i < 300; ++i) runs.push_back(&start("run-" + std::to_string(i)));
  settle();
  for (int i = 299; i >= 0; --i) signal(*runs[static_cast<std::size_t>(i)]);
  EXPECT_EQ(runs[0]->state.last_seq, 1u);
  settle();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    ASSERT_EQ(runs[i]->state.last_seq, 600 - i);
    ASSERT_EQ(history(*runs[i]), (Strings{"RunStarted", "SignalReceived"}));
    ASSERT_FALSE(runs[i]->in_round());
  }
}

// Whatever happens to one run of a part, its neighbours' turns are recorded, once.
TEST_F(RoundTest, APartMayHaveRunsWithNothingToRecord) {
  std::vector<KnownRun*> runs;
  for (int i = 0; i < 5; ++i) runs.push_back(&start("run-" + std::to_string(i)));
  settle();
  for (KnownRun* run : runs) signal(*run);
  proto::Turn end;  // as if another part of the round had ended it
  end.add_inputs()->mutable_run_terminated();
  runs[1]->state.apply(end, names_);
  round_.record_end(
      *runs[3], [](proto::Event* input) { input->mutable_run_terminated(); },
      [](const base::Status&) {});
  signal(*runs[0]);
  settle();
  const Strings signalled{"RunStarted", "SignalReceived"};
  EXPECT_EQ(history(*runs[0]), (Strings{"RunStarted", "SignalReceivedSignalReceived"}));
  EXPECT_EQ(history(*runs[1]), Strings{"RunStarted"});
  EXPECT_EQ(history(*runs[2]), signalled);
  EXPECT_EQ(history(*runs[3]), (Strings{"RunStarted", "SignalReceived", "RunTerminated"}));
  EXPECT_EQ(history(*runs[4]), signalled);
}

TEST_F(RoundTest, ATurnHasAtMostSoManyInputs) {
  KnownRun& run = start("a");
  for (int input = 2; input < 256; ++input) signal(run);
  round_.run_turn_if_full(run);
  EXPECT_NE(run.turn, nullptr);
  signal(run);
  round_.run_turn_if_full(run);
  EXPECT_EQ(run.turn, nullptr);
  signal(run);
  settle();
  EXPECT_EQ(history(run).size(), 2u);
}

TEST_F(RoundTest, AnEndComesAfterWhatWasGathered) {
  KnownRun& run = start("a");
  std::string told;
  round_.record_end(
      run, [](proto::Event* input) { input->mutable_run_terminated()->set_reason("r"); },
      into(&told));
  EXPECT_EQ(run.state.status, RunStatus::kTerminated);
  round_.append();
  EXPECT_EQ(told, "") << "no caller hears of it before it is durable";
  commit();
  EXPECT_EQ(history(run), (Strings{"RunStarted", "RunTerminated"}));
  release();
  EXPECT_EQ(told, "done");
}

TEST_F(RoundTest, OfInputsThatComeTooLateNothingIsRecorded) {
  KnownRun& run = start("a");
  settle();
  std::string told;
  round_.add_input(
      run, [](proto::Event* input) { input->mutable_signal_received(); }, into(&told));
  proto::Turn end;
  end.add_inputs()->mutable_run_terminated();
  run.state.apply(end, names_);
  run_turns();
  EXPECT_EQ(told, "RP3006");
  EXPECT_FALSE(is_appended());
}

TEST_F(RoundTest, WhatWaitsForTheRoundWaitsForItsLastTurn) {
  bool done = false;
  start("a");
  round_.when_recorded([&] { done = true; });
  run_turns();
  release();
  EXPECT_FALSE(done);
  commit();
  release();
  EXPECT_TRUE(done);
  bool at_once = false;
  round_.when_recorded([&] { at_once = true; });
  run_turns();
  EXPECT_TRUE(at_once) << "nothing is on its way to the disk";
}

TEST_F(RoundTest, WithoutRoomListsAreToldAtOnce) {
  start("a");
  fill_disk();
  bool told = false;
  round_.tell_when_recorded([&] { told = true; });
  EXPECT_TRUE(told);
}

class RoundsOfShortHistories : public shard_parts::ShardParts {
 protected:
  RoundsOfShortHistories() : ShardParts({.history_events = 2}) {}
};

TEST_F(RoundsOfShortHistories, ARunWhoseHistoryIsTooLongIsParkedAndKeepsItsInputs) {
  KnownRun& run = start("a");
  signal(run);
  settle();
  EXPECT_FALSE(run.parked());
  EXPECT_FALSE(round_.may_grow(run));
  signal(run);
  settle();
  EXPECT_TRUE(run.parked());
  EXPECT_EQ(history(run), (Strings{"RunStartedSignalReceived", "SignalReceived"}));
}

}  // namespace
}  // namespace reprise::runtime::round_test
