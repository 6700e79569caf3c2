#include "runtime/engine/journal_tail.h"

#include <cstring>

#include "proto/parse.h"

namespace reprise::runtime {
namespace {

base::Error nobodys(const std::string& what) {
  return {
      base::ErrorCode::kStoreDamaged,
      "the journal is damaged: " + what +
          ", and whose they were cannot be told; see what `reprise repair` can save, or restore "
          "the store from a backup"};
}

// The content of a record's header, which may be damaged.
struct Claims {
  store::RunNumber run = 0;
  store::Seq previous = 0;
  bool first = false;

  static Claims of(std::string_view bytes) {
    Claims claims;
    std::memcpy(&claims.run, bytes.data() + 24, 8);
    std::memcpy(&claims.previous, bytes.data() + 32, 8);
    claims.first = (bytes[12] & store::kFirstOfRun) != 0 && claims.previous == 0;
    return claims;
  }
};

// If a run's first record is damaged, its workflow id may still be readable. Then the run is found
// under it, and no other can be started in its place. But the id may be wrong too, and must not
// hide the run that really has it.
void keep_name(std::string_view bytes, const RecoveredRuns& others, RunState* state) {
  proto::Turn turn;
  const std::string_view body = bytes.substr(store::kRecordHeaderBytes);
  if (!proto::parse(body, &turn)) return;
  if (turn.inputs().empty() || !turn.inputs(0).has_run_started()) return;
  const auto& started = turn.inputs(0).run_started();
  const auto id = base::RunId::from_bytes(started.run_id()).value_or(base::RunId());
  const std::string name = started.workflow_id().empty() ? id.to_string() : started.workflow_id();
  for (const auto& [number, other] : others) {
    if (other.state.workflow_id == name) return;
  }
  state->id = id;
  state->workflow_id = name;
}

}  // namespace

base::Status JournalTail::take(store::Seq seq, std::string_view bytes) {
  base::Status status;
  if (seq != last_ + 1) {
    status = nobodys("records " + std::to_string(last_ + 1) + " to " + std::to_string(seq - 1) +
                     " are missing");
  }
  last_ = seq;
  if (take_sound(seq, bytes)) return status;
  const base::Status attributed = attribute(seq, bytes);
  return status ? attributed : status;
}

bool JournalTail::take_sound(store::Seq seq, std::string_view bytes) {
  std::size_t consumed = 0;
  const auto record = store::decode_record(bytes, &consumed);
  if (!record || consumed != bytes.size() || record->run == 0) return false;
  const auto known = runs_.find(record->run);
  if (known != runs_.end() && known->second.damaged) return continues_quarantined(*record);
  if (record->seq != seq) return false;
  RunState fresh;
  fresh.number = record->run;
  RunState& state = known == runs_.end() ? fresh : known->second.state;
  if (chain_.take(*record, &state) != ChainFault::kNone) return false;
  RecoveredRun& run = known == runs_.end() ? runs_[record->run] : known->second;
  if (known == runs_.end()) run.state = std::move(fresh);
  run.seen = seq;
  next_run_ = std::max(next_run_, record->run + 1);
  ++records_;
  if (verified_) verified_(*record);
  return true;
}

// A record of a quarantined run cannot be verified. Its `previous` shows whether it is another
// run's with a damaged header.
bool JournalTail::continues_quarantined(const store::Record& record) {
  RecoveredRun& run = runs_.at(record.run);
  const bool linked = record.previous == run.seen || ends_with(record.previous) == nullptr;
  if (linked) run.seen = record.seq;
  return linked;
}

// Linear; for damaged records only.
RecoveredRun* JournalTail::ends_with(store::Seq seq) {
  if (seq == 0) return nullptr;
  for (auto& [number, run] : runs_) {
    if (run.seen == seq && run.state.open()) return &run;
  }
  return nullptr;
}

void JournalTail::quarantine(RecoveredRun& run, store::Seq seq) {
  run.seen = seq;
  damaged_[seq].push_back(run.state.number);
  run.cut_at(seq, names_);
}

// Run number and the number of the run's previous record confirm each other: no two runs end with
// the same record. If they disagree, one of them is damaged.
base::Status JournalTail::attribute(store::Seq seq, std::string_view bytes) {
  if (bytes.size() < store::kRecordHeaderBytes) {
    return nobodys("record " + std::to_string(seq) + " is cut off");
  }
  const Claims claims = Claims::of(bytes);
  const auto named = runs_.find(claims.run);
  if (named != runs_.end() && claims.previous != 0 && named->second.seen == claims.previous) {
    quarantine(named->second, seq);
    return {};
  }
  RecoveredRun* const linked = ends_with(claims.previous);
  if (linked != nullptr) {
    quarantine(*linked, seq);
    std::size_t consumed = 0;
    auto record = store::decode_record(bytes, &consumed);
    if (record) record->run = linked->state.number;
    const bool only_the_name =
        record && record->seq == seq &&
        store::check_link(*record, end_of_chain(linked->state)) == store::LinkFault::kNone;
    if (!only_the_name && named != runs_.end()) quarantine(named->second, seq);
    return {};
  }
  if (named != runs_.end()) {
    quarantine(named->second, seq);
    return {};
  }
  if (claims.run == 0)
    return nobodys("record " + std::to_string(seq) + " does not say whose it is");
  RecoveredRun& unknown = runs_[claims.run];
  unknown.state.number = claims.run;
  keep_name(bytes, runs_, &unknown.state);
  quarantine(unknown, seq);
  // A damaged number must not use up all others.
  constexpr store::RunNumber kPlausible = 1 << 20;
  if (claims.run < next_run_ + kPlausible) next_run_ = std::max(next_run_, claims.run + 1);
  return {};
}

}  // namespace reprise::runtime
