// The rules for a run's records, and that all code that takes records from a store checks them.
#include "runtime/fold/chain.h"

#include <functional>
#include <optional>
#include <unordered_set>

#include <gtest/gtest.h>

#include "runtime/engine/archive_slice.h"
#include "runtime/engine/audit.h"
#include "runtime/engine/journal_tail.h"
#include "runtime/engine/second_look.h"
#include "store/archive_keys.h"
#include "store/archive_state.h"
#include "store/store.h"
#include "tests/support/scripted_run.h"

namespace reprise::runtime::chain_test {
namespace {

std::string start_body() {
  proto::Turn turn;
  auto* started = turn.add_inputs()->mutable_run_started();
  started->set_run_id(std::string(16, 'r'));
  started->set_workflow_id("order-7");
  started->set_workflow("checkout");
  return turn.SerializeAsString();
}
std::string signal_body() {
  proto::Turn turn;
  *turn.add_inputs() = testing::signal("go");
  return turn.SerializeAsString();
}
std::string end_body() {
  proto::Turn turn;
  turn.add_commands()->mutable_run_completed();
  return turn.SerializeAsString();
}

std::string checkpoint_body() {
  proto::Turn turn;
  turn.add_commands()->mutable_checkpoint();
  return turn.SerializeAsString();
}
// `event`: its number.
std::string segment_body(std::uint64_t event = 3, bool twice = false) {
  proto::Turn turn;
  turn.add_inputs()->mutable_checkpoint_taken()->set_event(event);
  if (twice) *turn.add_inputs() = turn.inputs(0);
  return turn.SerializeAsString();
}

// Records 1, 2... of run 1, each chained to the previous one whatever its content.
class Records {
 public:
  struct Odd {
    store::RunNumber run = 1;
    std::optional<store::Seq> previous{};
    std::optional<std::uint8_t> flags{};
    std::uint64_t chain_error = 0;
  };

  Records& add(std::string body) { return add(std::move(body), Odd()); }
  Records& add(std::string body, const Odd& odd) {
    const store::Seq seq = records_.size() + 1;
    const std::uint8_t flags = odd.flags.value_or(seq == 1 ? store::kFirstOfRun : 0);
    std::string encoded;
    chain_ = store::encode_record({.seq = seq,
                                   .run = odd.run,
                                   .previous = odd.previous.value_or(seq - 1),
                                   .flags = flags,
                                   .body = body},
                                  chain_ + odd.chain_error, &encoded);
    records_.push_back(std::move(encoded));
    return *this;
  }
  const std::vector<std::string>& all() const { return records_; }

 private:
  std::vector<std::string> records_;
  std::uint64_t chain_ = 0;
};

struct Case {
  const char* name;
  Records records;  // the last of them does not follow
  ChainFault fault;
};

std::vector<Case> cases() {
  const std::string start = start_body(), signal = signal_body(), end = end_body();
  const std::string checkpoint = checkpoint_body();
  std::vector<Case> all = {
      {"another run's", Records().add(start).add(signal, {.run = 2}), ChainFault::kOtherRun},
      {"one is missing between them", Records().add(start).add(signal).add(signal, {.previous = 1}),
       ChainFault::kNotNext},
      {"it follows on itself", Records().add(start).add(signal, {.previous = 2}),
       ChainFault::kNotNext},
      {"a first one that is not", Records().add(start).add(signal, {.flags = store::kFirstOfRun}),
       ChainFault::kNotNext},
      {"the first, and does not say so", Records().add(start, {.flags = 0}), ChainFault::kNotNext},
      {"chained to another past", Records().add(start).add(signal, {.chain_error = 1}),
       ChainFault::kChecksum},
      {"no turn", Records().add(start).add("\xff\xff\xff"), ChainFault::kUnreadable},
      {"a first turn without a start", Records().add(signal), ChainFault::kNoStart},
      {"a second start", Records().add(start).add(start), ChainFault::kSecondStart},
      {"after the end", Records().add(start).add(end).add(signal), ChainFault::kAfterEnd},
      {"it goes on from nowhere", Records().add(start).add(segment_body(2)),
       ChainFault::kNoCheckpoint},
      {"it goes on twice",
       Records().add(start).add(checkpoint).add(segment_body()).add(segment_body(4)),
       ChainFault::kNoCheckpoint},
      {"from another place", Records().add(start).add(checkpoint).add(segment_body(4)),
       ChainFault::kNoCheckpoint},
      {"in the middle of a turn", Records().add(start).add(checkpoint).add(segment_body(3, true)),
       ChainFault::kNoCheckpoint},
      {"a checkpoint is passed", Records().add(start).add(checkpoint).add(signal),
       ChainFault::kCheckpointPassed},
      {"a second end", Records().add(start).add(end).add(end), ChainFault::kAfterEnd},
  };
  return all;
}

RunState run_one() {
  RunState state;
  state.number = 1;
  return state;
}

std::string summary_of(const RunState& state) {
  proto::RunSummary summary;
  state.to_summary(&summary);
  return summary.SerializeAsString();
}

TEST(Chain, TakesWhatFollowsAndNothingElse) {
  for (const Case& each : cases()) {
    SCOPED_TRACE(each.name);
    Names names;
    Chain chain(names);
    RunState state = run_one();
    for (const std::string& bytes : each.records.all()) {
      std::size_t size = 0;
      const auto record = store::decode_record(bytes, &size);
      ASSERT_TRUE(record);
      const bool is_last = &bytes == &each.records.all().back();
      const std::string before = summary_of(state);
      EXPECT_EQ(chain.take(*record, &state), is_last ? each.fault : ChainFault::kNone);
      EXPECT_EQ(summary_of(state) == before, is_last) << "what does not follow changes nothing";
    }
  }
}

// What a reader needs to begin there, also between the two records.
TEST(Chain, KeepsThePlaceOfTheLastCheckpoint) {
  const Records records =
      Records().add(start_body()).add(checkpoint_body()).add(segment_body()).add(signal_body());
  Names names;
  Chain chain(names);
  RunState state = run_one();
  std::vector<store::ChainEnd> ends;
  for (const std::string& bytes : records.all()) {
    std::size_t size = 0;
    EXPECT_EQ(chain.take(*store::decode_record(bytes, &size), &state), ChainFault::kNone);
    ends.push_back(end_of_chain(state));
    proto::RunSummary summary;
    state.to_summary(&summary);
    const RunState again = RunState::from_summary(1, summary, names);
    EXPECT_EQ(again.at_checkpoint, ends.size() == 2U);
    EXPECT_EQ(again.replay_after().seq, ends.size() > 2 ? 2U : 0U);
    EXPECT_EQ(again.replay_after().chain, ends.size() > 2 ? ends[1].chain : 0U);
    EXPECT_EQ(summary_of(again), summary_of(state));
    state = RunState::from_summary(1, summary, names);
  }
  EXPECT_EQ(state.events, 4U);
  EXPECT_EQ(state.events_since_checkpoint(), 2U);
}

TEST(Chain, TakesAllUpToTheFirstThatDoesNotFollow) {
  const Records records = Records().add(start_body()).add(signal_body()).add(start_body());
  std::string bytes;
  for (const std::string& record : records.all()) bytes += record;
  Names names;
  Chain chain(names);
  RunState state = run_one();
  std::vector<store::Seq> taken;
  const auto take = [&](const store::Record& record) { taken.push_back(record.seq); };
  EXPECT_EQ(chain.take_all(bytes, &state, take), ChainFault::kSecondStart);
  EXPECT_EQ(taken, (std::vector<store::Seq>{1, 2}));
  EXPECT_EQ(state.events, 2u);
  bytes.resize(bytes.size() - 1);
  state = run_one();
  EXPECT_EQ(chain.take_all(bytes, &state, take), ChainFault::kUndecodable);
}

TEST(Chain, EveryFaultHasAText) {
  for (auto fault = ChainFault::kNone; fault <= ChainFault::kAfterEnd;
       fault = static_cast<ChainFault>(static_cast<int>(fault) + 1)) {
    EXPECT_NE(to_string(fault), "");
  }
}

// ---- readers of records ------------------------------------------------------------------------

// Recovery quarantines the run.
bool journal_tail_takes(const std::vector<std::string>& records) {
  Names names;
  RecoveredRuns runs;
  JournalTail tail(runs, names, 0, 1);
  for (store::Seq seq = 1; seq <= records.size(); ++seq) {
    EXPECT_TRUE(tail.take(seq, records[seq - 1]));
  }
  return tail.records() == records.size() && !runs.at(1).damaged;
}

// The archiver stops.
bool archive_slice_takes(const std::vector<std::string>& records) {
  const auto store = store::memory_store();
  Names names;
  const DamagedRecords none;
  const std::unordered_set<store::RunNumber> all_count;
  ArchiveSlice slice(store->archive(), names, none, all_count);
  for (store::Seq seq = 1; seq <= records.size(); ++seq) {
    if (!slice.add(seq, records[seq - 1])) return false;
  }
  return true;
}

std::string joined(const std::vector<std::string>& records) {
  std::string bytes;
  for (const std::string& record : records) bytes += record;
  return bytes;
}

// The check of a store counts it as damaged.
bool audit_takes(const std::vector<std::string>& records) {
  Names names;
  std::size_t verified = 0;
  Audit audit(names, [&](const store::Record&) { ++verified; });
  audit.take(store::kArchiveTableNames[store::kChunks], store::chunk_key(1, records.size()),
             joined(records));
  const RecoveredRuns runs = audit.take_runs();
  return verified == records.size() && !runs.at(1).damaged;
}

// A quarantined run stays so.
bool second_look_takes(const std::vector<std::string>& records) {
  const auto store = store::memory_store();
  const store::ArchiveBatch batch{.through = records.size(),
                                  .next_run = 2,
                                  .chunks = {{1, records.size(), joined(records)}},
                                  .summaries = {}};
  EXPECT_TRUE(store->archive().commit(batch));
  Names names;
  const auto state = second_look(store->archive(), 1, 1, names);
  EXPECT_TRUE(state);
  return state->has_value();
}

TEST(Chain, WhoeverTakesRecordsHoldsThemToIt) {
  const std::pair<const char*, std::function<bool(const std::vector<std::string>&)>> takers[] = {
      {"journal_tail", journal_tail_takes},
      {"archive_slice", archive_slice_takes},
      {"audit", audit_takes},
      {"second_look", second_look_takes},
  };
  const Records sound = Records().add(start_body()).add(signal_body()).add(end_body());
  for (const auto& [name, takes] : takers) {
    EXPECT_TRUE(takes(sound.all())) << name;
    for (const Case& each : cases()) {
      // In the journal and on the way to the archive it is a record of the run that it names.
      if (each.fault == ChainFault::kOtherRun) continue;
      EXPECT_FALSE(takes(each.records.all())) << name << ": " << each.name;
    }
  }
}

}  // namespace
}  // namespace reprise::runtime::chain_test
