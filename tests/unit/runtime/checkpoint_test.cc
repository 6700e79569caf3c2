// Checkpoints, in the engine: the end of one segment of a history and the beginning of the next are
// one commit, and who wakes a run reads nothing that is before.
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/turn.h"
#include "proto/parse.h"
#include "runtime/engine/archive_slice.h"
#include "runtime/engine/embedded_engine.h"
#include "runtime/engine/recovery.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/forwarding_store.h"

namespace reprise::runtime::checkpoint_test {
namespace {

using ::testing::ElementsAre;
using testing::Execution;
using testing::ForwardingArchive;
using testing::ForwardingJournal;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::WrappedStore;

struct Seen {
  int checkpoints = 0;  // transactions that had some
  int split = 0;        // transactions that had only one of the two sides
  int refused = 0;      // so many of the next ones find no room
  // Of histories that were read.
  mutable std::vector<store::Seq> after{};
  mutable std::size_t bytes = 0;
  mutable std::vector<store::Seq> from_journal{};
  // Records up to here are other ones when they are read, from this one on.
  store::Seq tampered_from = 0;
  store::Seq tampered_to = 0;
};

// Other content of the same length.
std::string tamper(std::string_view records, const Seen& seen) {
  std::string changed;
  while (!records.empty()) {
    std::size_t size = 0;
    const auto record = store::decode_record(records, &size);
    std::string one(records.substr(0, size));
    if (record->seq >= seen.tampered_from && record->seq <= seen.tampered_to) one.back() ^= 1;
    changed += one;
    records.remove_prefix(size);
  }
  return changed;
}

class CheckingJournal final : public ForwardingJournal {
 public:
  CheckingJournal(store::Journal& inner, Seen& seen) : ForwardingJournal(inner), seen_(seen) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    if (seen_.refused > 0 && !batches.empty()) {
      --seen_.refused;
      return base::Error{base::ErrorCode::kStoreFull, "no room"};
    }
    int asked = 0;
    int taken = 0;
    for (const store::RecordBatch* batch : batches) {
      std::string_view bytes = batch->bytes;
      while (!bytes.empty()) {
        std::size_t size = 0;
        proto::Turn turn;
        EXPECT_TRUE(proto::parse(store::decode_record(bytes, &size)->body, &turn));
        asked += event::ends_segment(turn) ? 1 : 0;
        taken += event::segment_start(turn) != nullptr ? 1 : 0;
        bytes.remove_prefix(size);
      }
    }
    seen_.split += asked != taken ? 1 : 0;
    seen_.checkpoints += asked > 0 ? 1 : 0;
    return inner_.append(batches, trim_through);
  }
  base::Result<std::string> read(store::Seq seq) const override {
    auto bytes = inner_.read(seq);
    if (!bytes) return bytes;
    seen_.from_journal.push_back(seq);
    return tamper(*bytes, seen_);
  }

 private:
  Seen& seen_;
};

class CountingArchive final : public ForwardingArchive {
 public:
  CountingArchive(store::Archive& inner, Seen& seen) : ForwardingArchive(inner), seen_(seen) {}

  base::Status history(store::RunNumber run,
                       store::Seq after,
                       base::Visitor<std::string_view> visit) const override {
    seen_.after.push_back(after);
    return inner_.history(run, after, [&](std::string_view records) {
      seen_.bytes += records.size();
      return visit(tamper(records, seen_));
    });
  }

 private:
  const Seen& seen_;
};

using CheckingStore = WrappedStore<CheckingJournal, CountingArchive>;

// Reads signals "go" into its input; takes a checkpoint at each one called "on".
Outcome gather(Execution& e, std::string_view input) {
  std::string got(input);
  while (true) {
    const auto signal = e.next_signal("go");
    if (e.wait(*signal) == replay::Waited::kCancelled) return Outcome::success("cancelled");
    const std::string next = signal->take_outcome().payload();
    if (next == "end") return Outcome::success(got);
    if (next == "on") e.checkpoint(std::move(got), {});
    got += next;
  }
}

// Takes that many at once.
Outcome count_down(Execution& e, std::string_view input) {
  const int left = std::stoi(std::string(input));
  if (left == 0) return Outcome::success("done");
  e.checkpoint(std::to_string(left - 1), {});
}

// Says in which segment it is, from its first turn on.
Outcome say_segment(Execution& e, std::string_view input) {
  const std::string own(input);
  e.answer("segment", [own](std::string_view) { return base::Result<std::string>(own); });
  const auto signal = e.next_signal("go");
  e.wait(*signal);
  if (signal->take_outcome().payload() == "on") e.checkpoint(own + "i", {});
  proto::RunContinuedAsNew next;
  next.set_workflow("says");
  next.set_input(own + "n");
  e.continue_as_new(testing::as(next), {});
}

class CheckpointTest : public testing::EngineFixture {
 protected:
  using Function = Outcome (*)(Execution&, std::string_view);
  CheckpointTest() {
    open({});
    add("gather", gather);
    add("down", count_down);
    add("says", say_segment);
  }
  ~CheckpointTest() override {
    worker_.reset();
    engine_.reset();  // while there is what its journal writes to
    EXPECT_EQ(seen_.split, 0);
  }

  // Everything goes to the archive at once, if `slice` is small.
  void open(EngineOptions with) {
    auto store = std::make_unique<CheckingStore>(store::memory_store(), seen_);
    store_ = store.get();
    EngineOptions options = this->options();
    if (with.archive_slice != 0) options.archive_slice = with.archive_slice;
    options.limits = with.limits;
    options.replay_every_turn = with.replay_every_turn;
    engine_ = std::move(*EmbeddedEngine::over(std::move(store), options));
  }
  void add(const std::string& name, Function function) {
    code_.workflows[name] = [function](Execution& execution) {
      class Instance final : public replay::WorkflowInstance {
       public:
        Instance(Execution& e, Function function) : e_(e), function_(function) {}
        Outcome run(std::string_view input) override { return function_(e_, input); }

       private:
        Execution& e_;
        Function function_;
      };
      return std::make_unique<Instance>(execution, function);
    };
  }
  // As a fresh process finds it.
  RunState recovered() {
    auto found = recover(*store_, names_);
    EXPECT_TRUE(found);
    EXPECT_EQ(found->runs.size(), 1U);
    EXPECT_FALSE(found->runs[0].damaged) << found->runs[0].why;
    return std::move(found->runs[0].state);
  }
  // It leaves memory, and comes back.
  void deploy() {
    worker_.reset();
    settle();
    start_worker();
    seen_.after.clear();
    seen_.from_journal.clear();
    seen_.bytes = 0;
  }

  Seen seen_;
  CheckingStore* store_ = nullptr;
  Names names_;
};

TEST_F(CheckpointTest, EachIsOneCommit) {
  start_worker();
  const auto watch = start("down", "x", "100");
  EXPECT_EQ(result(watch), "done");
  EXPECT_EQ(seen_.checkpoints, 100);
  EXPECT_EQ(list().size(), 1U);
}

TEST_F(CheckpointTest, AlsoWithoutRoomMeanwhile) {
  start_worker();
  const auto watch = start("gather", "x");
  EXPECT_TRUE(signal("x", "go", "a"));
  seen_.refused = 1;
  int told = 0;
  for (const char* input : {"on", "b"}) {
    engine_->ask(verb::Signal{{"x", {}}, "go", input, [&](const base::Status& status) {
                                EXPECT_TRUE(status);
                                ++told;
                              }});
  }
  settle();
  skip(base::Duration(1'000));
  EXPECT_EQ(told, 2) << "also the one that comes after it in its turn";
  EXPECT_TRUE(signal("x", "go", "end"));
  EXPECT_EQ(result(watch), "ab");
}

TEST_F(CheckpointTest, WhatGoesAlongIsInTheSameCommit) {
  start_worker();
  const auto watch = start("gather", "x");
  int told = 0;
  for (int i = 0; i < 700; ++i) {
    engine_->ask(
        verb::Signal{{"x", {}}, "go", i == 0 ? "on" : "i", [&](const base::Status& status) {
                       EXPECT_TRUE(status);
                       ++told;
                     }});
  }
  settle();
  EXPECT_EQ(told, 700);
  EXPECT_EQ(seen_.checkpoints, 1);
  EXPECT_TRUE(signal("x", "go", "end"));
  EXPECT_EQ(result(watch), std::string(699, 'i'));
}

TEST_F(CheckpointTest, DeferredInputsGoAlongInSeveralTurns) {
  const auto watch = start("gather", "x");
  for (int i = 0; i < 700; ++i) EXPECT_TRUE(signal("x", "go", i == 0 ? "on" : "i"));
  start_worker();
  settle();
  EXPECT_EQ(seen_.checkpoints, 1);
  int turns = 0;
  for (const proto::Turn& turn : history("x")) {
    if (turn.inputs_size() > 1) ++turns;
  }
  EXPECT_EQ(turns, 3);
  EXPECT_TRUE(signal("x", "go", "end"));
  EXPECT_EQ(result(watch), std::string(699, 'i'));
}

// Neither other runs nor the clients of this one wait for the end of that.
TEST_F(CheckpointTest, ForEverDelaysNobody) {
  add("restless", [](Execution& e, std::string_view) -> Outcome { e.checkpoint("on", {}); });
  start_worker();
  const auto ask_start = [&](const char* workflow, const char* id) {
    auto watch = std::make_shared<RunWatch>();
    engine_->ask(verb::Start{{.workflow = workflow, .workflow_id = id},
                             watch,
                             [](const base::Result<StartedRun>& run) { EXPECT_TRUE(run); }});
    return watch;
  };
  const auto restless = ask_start("restless", "r");
  for (int i = 0; i < 50; ++i) engine_->run_some();
  EXPECT_GT(seen_.checkpoints, 10);
  const auto other = ask_start("gather", "x");
  engine_->ask(verb::Signal{{"x", {}}, "go", "end", [](const base::Status&) {}});
  for (int i = 0; i < 10; ++i) engine_->run_some();
  EXPECT_TRUE(other->ready());
  engine_->ask(verb::Terminate{{"r", {}}, "enough", [](const base::Status&) {}});
  for (int i = 0; i < 10; ++i) engine_->run_some();
  EXPECT_EQ(result(restless), "Terminated: the run was terminated: enough");
}

// The state of the live run is what others fold from its records.
TEST_F(CheckpointTest, ThePlaceIsThatOfTheRecordBefore) {
  start_worker();
  (void)start("gather", "x");
  EXPECT_TRUE(signal("x", "go", "a"));
  EXPECT_TRUE(signal("x", "go", "on"));
  const RunState state = recovered();
  ASSERT_NE(state.checkpoint(), nullptr);
  // 1 RunStarted; 2 SignalReceived; 3 SignalReceived, Checkpoint; 4 CheckpointTaken
  EXPECT_EQ(state.checkpoint()->before.seq, 3U);
  EXPECT_EQ(state.checkpoint()->events, 4U);
  EXPECT_FALSE(state.at_checkpoint);
  EXPECT_EQ(describe("x")->history_events, 5U);
  EXPECT_EQ(describe("x")->replayed_events, 1U);
  proto::RunSummary summary;
  state.to_summary(&summary);
  Names names;
  const RunState again = RunState::from_summary(1, summary, names);
  EXPECT_EQ(again.checkpoint()->before.chain, state.checkpoint()->before.chain);
  EXPECT_EQ(again.replay_after().seq, 3U);
}

TEST_F(CheckpointTest, WhoWakesItReadsNothingBefore) {
  for (const bool archived : {false, true}) {
    worker_.reset();
    open({.archive_slice = archived ? std::size_t{1} : std::size_t{0}});
    start_worker();
    (void)start("gather", "x");
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(signal("x", "go", std::string(1'000, 'a')));
    EXPECT_TRUE(signal("x", "go", "on"));
    EXPECT_TRUE(signal("x", "go", "b"));
    settle();
    const store::Seq before = recovered().checkpoint()->before.seq;
    deploy();
    EXPECT_TRUE(signal("x", "go", "c"));
    EXPECT_THAT(seen_.after, ElementsAre(before)) << "the code was called again";
    for (const store::Seq seq : seen_.from_journal) EXPECT_GT(seq, before);
    EXPECT_EQ(store_->archive().through().value() > before, archived);
    EXPECT_LT(seen_.bytes, 60'000U) << "the input of the segment, and no more";
  }
}

// One slice of the archive may have many: its last chunk begins with the last of them.
TEST_F(CheckpointTest, TheArchiveCutsChunksThere) {
  start_worker();
  (void)start("gather", "x");
  for (const char* input : {"a", "on", "b", "on", "c"}) EXPECT_TRUE(signal("x", "go", input));
  const RunState state = recovered();
  worker_.reset();
  std::vector<store::Chunk> chunks;
  DamagedRecords damaged;
  const std::unordered_set<store::RunNumber> without_changes;
  ArchiveSlice slice(store_->archive(), names_, damaged, without_changes);
  EXPECT_TRUE(store_->journal().scan(
      store_->archive().through().value() + 1,
      [&](store::Seq seq, std::string_view bytes) { return slice.add(seq, bytes); }));
  const store::ArchiveBatch batch = slice.take(2);
  ASSERT_EQ(batch.chunks.size(), 2U);
  EXPECT_EQ(batch.chunks[0].last, state.checkpoint()->before.seq);
  EXPECT_EQ(batch.chunks[1].last, state.last_seq);
}

TEST_F(CheckpointTest, ARunWithoutAWorkerGoesOnLater) {
  start_worker();
  const auto watch = start("gather", "x");
  EXPECT_TRUE(signal("x", "go", "a"));
  EXPECT_TRUE(signal("x", "go", "on"));
  worker_.reset();
  EXPECT_TRUE(signal("x", "go", "b"));
  start_worker();
  EXPECT_TRUE(signal("x", "go", "end"));
  EXPECT_EQ(result(watch), "ab");
}

TEST_F(CheckpointTest, ATerminationInTheSameRoundEndsTheRun) {
  start_worker();
  const auto watch = start("gather", "x");
  engine_->ask(verb::Signal{{"x", {}}, "go", "on", [](const base::Status&) {}});
  engine_->ask(verb::Terminate{{"x", {}}, "enough", [](const base::Status&) {}});
  settle();
  EXPECT_EQ(result(watch), "Terminated: the run was terminated: enough");
}

// Between the commit that ends a segment and the turn of the fresh call there is code that has not
// run, and so has no handlers. The same goes for the next run of a chain.
TEST_F(CheckpointTest, AQuestionIsAnsweredWheneverItComes) {
  start_worker();
  (void)start("says", "x", "");
  std::string segment;
  for (const std::string input : {"on", "next"}) {
    for (int rounds = 0; rounds < 8; ++rounds) {
      engine_->ask(verb::Signal{{"x", {}}, "go", input, [](const base::Status&) {}});
      for (int i = 0; i < rounds; ++i) engine_->run_some();
      const auto answer = query("x", "segment");
      segment += input == "on" ? "i" : "n";
      ASSERT_TRUE(answer) << answer.error().text() << " after " << rounds << " rounds";
      EXPECT_EQ(*answer, segment) << "after " << rounds << " rounds";
    }
  }
}

TEST_F(CheckpointTest, ItsLimitCountsFromThere) {
  worker_.reset();
  EngineOptions with;
  with.limits.history_events = 20;
  open(with);
  start_worker();
  const auto watch = start("gather", "x");
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(signal("x", "go", i % 10 == 9 ? "on" : "a")) << i;
  }
  EXPECT_GT(describe("x")->history_events, 60U);
  base::Status last;
  for (int i = 0; i < 30 && last; ++i) last = signal("x", "go", "a");
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, base::ErrorCode::kRunLimit);
  EXPECT_THAT(last.error().message, HasSubstr("events since its last checkpoint"));
}

TEST_F(CheckpointTest, EachSegmentIsReplayedWhenItEnds) {
  worker_.reset();
  EngineOptions with;
  with.replay_every_turn = true;
  open(with);
  static int calls = 0;
  calls = 0;
  add("gather", [](Execution& e, std::string_view input) {
    // The replay of the segment that ends is the third call: the start, its replay, and this one.
    ++calls;
    const auto signal = e.next_signal("go");
    e.wait(*signal);
    (void)signal->take_outcome();
    if (input == "x") return Outcome::success("done");
    e.checkpoint(calls > 2 ? "other" : "x", {});
  });
  start_worker();
  (void)start("gather", "x");
  EXPECT_TRUE(signal("x", "go"));
  const auto description = describe("x");
  ASSERT_TRUE(description->parked);
  EXPECT_EQ(description->parked->code, base::ErrorCode::kNondeterminism);
  EXPECT_THAT(description->parked->message, HasSubstr("Checkpoint"));
}

// ---- damage -----------------------------------------------------------------------------------

TEST_F(CheckpointTest, DamageBeforeItIsNotReadWhenTheRunWakes) {
  start_worker();
  const auto watch = start("gather", "x");
  for (const char* input : {"a", "b", "on", "c"}) EXPECT_TRUE(signal("x", "go", input));
  const store::Seq before = recovered().checkpoint()->before.seq;
  seen_.tampered_from = 1;
  seen_.tampered_to = before;
  deploy();
  EXPECT_TRUE(signal("x", "go", "d"));
  EXPECT_TRUE(history("x").empty()) << "whoever reads all of it is told";
  EXPECT_TRUE(signal("x", "go", "end"));
  EXPECT_EQ(result(watch), "abcd");
}

TEST_F(CheckpointTest, DamageAfterItParksTheRun) {
  start_worker();
  (void)start("gather", "x");
  for (const char* input : {"a", "b", "on", "c"}) EXPECT_TRUE(signal("x", "go", input));
  const RunState state = recovered();
  seen_.tampered_from = state.checkpoint()->before.seq + 1;
  seen_.tampered_to = state.last_seq;
  deploy();
  EXPECT_TRUE(signal("x", "go", "d")) << "recorded, and deferred";
  const auto description = describe("x");
  ASSERT_TRUE(description->parked);
  EXPECT_EQ(description->parked->code, base::ErrorCode::kStoreDamaged);
}

}  // namespace
}  // namespace reprise::runtime::checkpoint_test
