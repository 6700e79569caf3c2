#include "runtime/engine/store_reader.h"

#include <algorithm>
#include <vector>

#include "proto/parse.h"
#include "runtime/engine/parked_run.h"
#include "runtime/engine/recovery.h"
#include "runtime/engine/row_key.h"
#include "runtime/engine/run_history.h"
#include "runtime/engine/second_look.h"
#include "runtime/history/history.h"
#include "runtime/sealing/envelope.h"
#include "runtime/sealing/secret_fields.h"

namespace reprise::runtime {
namespace {

constexpr RunStatus kClosed[] = {RunStatus::kCompleted, RunStatus::kFailed,
                                 RunStatus::kCancelled, RunStatus::kTerminated,
                                 RunStatus::kTimedOut,  RunStatus::kContinuedAsNew};
constexpr std::size_t kLookedAt = 8;  // runs of a status, for whether the store is sealed

}  // namespace

base::Result<std::unique_ptr<StoreReader>> StoreReader::open(const std::string& directory,
                                                             sealing::Codecs codecs) {
  if (const base::Status valid = sealing::check_codecs(codecs); !valid) return valid.error();
  auto store = store::open_store_read_only(directory);
  if (!store) return store.error();
  std::unique_ptr<StoreReader> reader(new StoreReader(std::move(*store), std::move(codecs)));
  if (const auto status = reader->refresh(); !status) return status.error();
  return reader;
}

// The state of the runs is put together from many short readings, and an engine may move records
// from the journal to the archive between two of them. Then the result, sound or damaged, may be
// wrong. If the engine keeps doing that, everything is read from one moment.
base::Status StoreReader::refresh() {
  if (const base::Status there = store_->in_place(); !there) return there;
  constexpr int kAttempts = 3;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto before = store_->archive().through();
    if (!before) return before.error();
    const base::Status status = read();
    const auto after = store_->archive().through();
    if (!after) return after.error();
    if (*after == *before) return status;
  }
  const auto moment = store_->hold();
  if (!moment) return moment.error();
  return read();
}

base::Status StoreReader::read() {
  // Before the records: a note that is read names a record that is there, or is about to be.
  store::ParkedRuns notes = store_->parked_runs();
  auto recovered = recover(*store_, names_);
  if (!recovered) return recovered.error();
  recent_.clear();
  damaged_.clear();
  released_.clear();
  parked_.clear();
  tables_ = std::make_unique<Tables>(
      store_->archive(), recovered->through,
      [this](std::string value) { return sealing_.show_value(std::move(value)); });
  for (const auto& each : recovered->row_changes) tables_->apply(each.seq, each.changes);
  for (RecoveredRun& run : recovered->runs) {
    const store::RunNumber number = run.state.number;
    if (run.released_from != 0 && !run.damaged) released_[number] = released_text(run);
    if (run.damaged) damaged_[number] = std::move(run.why);
    recent_[number] = std::make_shared<const RunState>(shown(std::move(run.state)));
  }
  for (auto& [number, note] : notes) {
    const auto run = recent_.find(number);
    if (run == recent_.end() || !is_still_parked(*store_, *run->second, note)) continue;
    note.why.message = sealing_.show_text(std::move(note.why.message));
    parked_.emplace(number, std::move(note.why));
  }
  return {};
}

// For people: nothing is made of it but what is shown.
RunState StoreReader::shown(RunState state) const {
  state.open_values([this](std::string value) { return sealing_.show_value(std::move(value)); },
                    [this](std::string text) { return sealing_.show_text(std::move(text)); });
  return state;
}

base::Status StoreReader::visit_rows(
    std::string_view table,
    base::Visitor<std::string_view, std::string_view, std::string_view> visit) const {
  const auto moment = tables_->newest();
  if (!moment) return moment.error();
  std::string at = table.empty() ? std::string() : row_key(table, "");
  const std::string end = table.empty() ? std::string("\xff") : behind_table(table);
  while (true) {
    auto row = (*moment)->first(at, end);
    if (!row) return row.error();
    if (!*row) return {};
    at = std::move((*row)->key);
    const base::Visited seen = visit(table_of_row(at), key_of_row(at), (*row)->value);
    if (!seen.goes_on()) return seen.status();
    at += '\0';
  }
}

const std::string* StoreReader::damage(store::RunNumber run) const {
  const auto found = damaged_.find(run);
  return found == damaged_.end() ? nullptr : &found->second;
}

const std::string* StoreReader::released(store::RunNumber run) const {
  const auto found = released_.find(run);
  return found == released_.end() ? nullptr : &found->second;
}

const base::Error* StoreReader::parked(const RunState& run) const {
  const auto found = parked_.find(run.number);
  return found == parked_.end() || !run.open() ? nullptr : &found->second;
}

base::Result<StoreReader::Run> StoreReader::find(std::string_view workflow_or_run_id) {
  for (auto run = recent_.rbegin(); run != recent_.rend(); ++run) {
    if (run->second->workflow_id == workflow_or_run_id) return run->second;
  }
  const auto number = store_->archive().find(workflow_or_run_id, [&](store::RunNumber run, std::string_view bytes) {
    proto::RunSummary summary;
    return proto::parse(bytes, &summary) &&
           RunState::from_summary(run, summary, names_).workflow_id == workflow_or_run_id;
  });
  if (!number) return number.error();
  if (*number) {
    auto run = find(**number);
    if (!run || *run != nullptr) return run;  // or it was removed in between
  }
  if (const auto id = base::RunId::parse(workflow_or_run_id)) {
    auto run = find_by_run_id(*id);
    if (!run || *run != nullptr) return run;
  }
  return base::Error{base::ErrorCode::kNotFound,
                     "the store has no run with the workflow id or run "
                     "id '" +
                         std::string(workflow_or_run_id) + "'"};
}

base::Result<StoreReader::Run> StoreReader::find_by_run_id(const base::RunId& id) {
  Run found;
  const auto look = [&](const Run& run) {
    if (run->id == id) found = run;
    return base::go_on_if(found == nullptr);
  };
  for (const auto& [number, run] : recent_) {
    if (look(run) == base::Next::kStop) return found;
  }
  for (const RunStatus status : kClosed) {
    if (const auto visited = visit(status, true, look); !visited) return visited.error();
    if (found != nullptr) break;
  }
  return found;
}

base::Result<StoreReader::Run> StoreReader::find(store::RunNumber number) {
  if (const auto known = recent_.find(number); known != recent_.end()) return known->second;
  const auto stored = store_->archive().summary(number);
  if (!stored) return stored.error();
  if (!*stored) return Run();
  proto::RunSummary summary;
  if (!proto::parse(**stored, &summary)) {
    return base::Error{base::ErrorCode::kStoreDamaged,
                       "the summary of run number " + std::to_string(number) + " is unreadable"};
  }
  return std::make_shared<const RunState>(shown(RunState::from_summary(number, summary, names_)));
}

// Those of recent() and those of the archive, merged by number.
base::Status StoreReader::visit(RunStatus status,
                                bool newest_first,
                                base::Visitor<const Run&> visit) {
  std::vector<Run> recent;
  for (const auto& [number, run] : recent_) {
    if (run->status == status) recent.push_back(run);
  }
  if (newest_first) std::reverse(recent.begin(), recent.end());
  auto next = recent.begin();
  base::Visited seen = base::Next::kGoOn;
  const auto take = [&](std::string_view, store::RunNumber number) {
    for (; seen.goes_on() && next != recent.end(); ++next) {
      if (newest_first ? (*next)->number < number : (*next)->number > number) break;
      seen = visit(*next);
    }
    if (seen.goes_on() && !recent_.contains(number)) seen = visit_archived(number, status, visit);
    return seen;
  };
  if (status != RunStatus::kRunning && status != RunStatus::kPaused) {
    const auto listed = store_->archive().list(index_key(status), {}, newest_first, take);
    if (!listed) return listed;
  }
  while (seen.goes_on() && next != recent.end()) seen = visit(*next++);
  return seen.status();
}

base::Visited StoreReader::visit_archived(store::RunNumber number,
                                          RunStatus status,
                                          base::Visitor<const Run&> visit) {
  auto run = find(number);
  if (!run && run.error().code == base::ErrorCode::kStoreDamaged) {
    run = unreadable(number, status, run.error().message);
  }
  if (!run) return run.error();
  return *run == nullptr ? base::Visited(base::Next::kGoOn) : visit(*run);
}

// Only the index has it.
StoreReader::Run StoreReader::unreadable(store::RunNumber number,
                                         RunStatus status,
                                         std::string why) {
  damaged_[number] = std::move(why);
  auto state = std::make_shared<RunState>();
  state->number = number;
  state->status = status;
  state->workflow = state->task_queue = names_.intern("(unreadable)");
  return state;
}

base::Result<proto::History> StoreReader::history(const RunState& run) const {
  return history_after({.run = run.number}, run);
}

base::Result<proto::History> StoreReader::history_to_replay(const RunState& run) const {
  return history_after(run.replay_after(), run);
}

base::Result<proto::History> StoreReader::history_after(const store::ChainEnd& after,
                                                        const RunState& run) const {
  proto::History history;
  history.set_format(kHistoryFormat);
  const auto read_turn = [this](std::string_view record, proto::Turn* turn) {
    return sealing_.read_turn(record, turn);
  };
  const base::Status read = runtime::visit_turns(
      *store_, after, stored_history(run), read_turn,
      [&](const store::ChainEnd&, proto::Turn& turn) { *history.add_turns() = std::move(turn); });
  if (!read) return read.error();
  return history;
}

base::Status StoreReader::read_turns(const RunState& run,
                                     base::Visitor<const proto::Turn&> visit) const {
  const auto read_turn = [this](std::string_view record, proto::Turn* turn) {
    return sealing_.read_turn(record, turn);
  };
  return runtime::visit_turns(
      *store_, {.run = run.number}, stored_history(run), read_turn,
      [&](const store::ChainEnd&, proto::Turn& turn) { return visit(turn); });
}

base::Result<std::optional<StoreReader::Seal>> StoreReader::newest_seal(const RunState& run) const {
  std::string newest;
  const auto take = [&](const store::Record& record) {
    if (!sealing::sealed_part(record.body).empty()) newest = record.body;
  };
  const base::Status read = read_run_history(*store_, run.number, run.last_seq, take);
  if (!read) return read.error();
  return seal_of(newest);
}

base::Result<std::optional<StoreReader::Seal>> StoreReader::newest_seal() {
  std::string found;
  const auto take = [&](const store::Record& record) {
    if (!sealing::sealed_part(record.body).empty()) found = record.body;
    return base::go_on_if(found.empty());
  };
  for (const RunStatus status : event::kRunStatuses) {
    if (!found.empty()) break;
    std::size_t looked_at = 0;
    const auto look = [&](const Run& run) {
      // What cannot be read says nothing.
      (void)read_run_history_after(*store_, run->replay_after(), run->last_seq, take);
      return base::go_on_if(found.empty() && ++looked_at < kLookedAt);
    };
    const base::Status seen = visit(status, /*newest_first=*/true, look);
    if (!seen) return seen.error();
  }
  return seal_of(found);
}

std::optional<StoreReader::Seal> StoreReader::seal_of(std::string_view record) const {
  if (record.empty()) return std::nullopt;
  proto::Turn turn;
  Seal seal{.opens = sealing_.read_turn(record, &turn)};
  const auto envelope = sealing::look_at(sealing::sealed_part(record));
  seal.compressed_only =
      envelope && std::all_of(envelope->codecs.begin(), envelope->codecs.end(),
                              [](std::string_view name) { return name == sealing::kZstdName; });
  return seal;
}

base::Status StoreReader::visit_turns(const RunState& run,
                                      base::Visitor<store::Seq, proto::Turn&> visit) const {
  return visit_turns_after(
      {.run = run.number}, run,
      [&](const store::ChainEnd& place, proto::Turn& turn) { return visit(place.seq, turn); });
}

base::Status StoreReader::visit_turns_after(
    const store::ChainEnd& after,
    const RunState& run,
    base::Visitor<const store::ChainEnd&, proto::Turn&> visit) const {
  const auto show_turn = [this](std::string_view record, proto::Turn* turn) {
    return sealing_.show_turn(record, turn);
  };
  return runtime::visit_turns(*store_, after, stored_history(run), show_turn, visit);
}

}  // namespace reprise::runtime
