#include "runtime/engine/audit.h"

#include "proto/parse.h"
#include "runtime/engine/second_look.h"
#include "store/archive_keys.h"
#include "store/archive_state.h"

namespace reprise::runtime {
namespace {

constexpr std::size_t kRunKeyBytes = 8;
constexpr std::size_t kChunkKeyBytes = 16;

}  // namespace

void Audit::take(std::string_view table, std::string_view key, std::string_view value) {
  if (table == store::kArchiveTableNames[store::kChunks]) take_chunk(key, value);
  if (table == store::kArchiveTableNames[store::kSummaries]) take_summary(key, value);
  if (table == store::kArchiveTableNames[store::kIds]) take_id(key);
  if (table == store::kArchiveTableNames[store::kIndex]) take_index(key);
}

Audit::Parts& Audit::parts_of(store::RunNumber run) {
  Parts& parts = runs_[run];
  parts.run.state.number = run;
  return parts;
}

void Audit::damaged(Parts& parts, const std::string& what) {
  const store::Seq at = std::max<store::Seq>(parts.run.seen, 1);
  parts.run.quarantine(at, what + "; the run is quarantined, restore a backup to get it back",
                       names_);
}

void Audit::cut(Parts& parts) {
  parts.run.cut_at(parts.run.state.last_seq + 1, names_);
}

void Audit::take_chunk(std::string_view key, std::string_view records) {
  if (key.size() != kChunkKeyBytes) return;
  Parts& parts = parts_of(store::run_of_index_key(key.substr(0, kRunKeyBytes)));
  const store::Seq last = store::run_of_index_key(key);
  if (!parts.run.damaged) take_records(parts, records);
  if (parts.run.state.last_seq != last) cut(parts);
  parts.run.seen = std::max(parts.run.seen, last);
  newest_ = std::max(newest_, last);
}

void Audit::take_records(Parts& parts, std::string_view records) {
  const ChainFault fault =
      chain_.take_all(records, &parts.run.state, [&](const store::Record& record) {
        parts.run.seen = record.seq;
        ++records_;
        if (verified_) verified_(record);
      });
  if (fault != ChainFault::kNone) cut(parts);
}

// The last table: the histories are known.
void Audit::take_summary(std::string_view key, std::string_view stored) {
  if (key.size() != kRunKeyBytes) return;
  const store::RunNumber number = store::run_of_index_key(key);
  Parts& parts = parts_of(number);
  parts.summary = true;
  const auto sealed = store::unseal_summary(number, stored);
  proto::RunSummary summary;
  const bool readable = sealed && proto::parse(*sealed, &summary);
  RunState& state = parts.run.state;
  const store::Seq from = summary.damaged_at();
  if (readable && from != 0 && !parts.run.damaged && reaches(state, from)) {
    parts.run.released_from = from;
    parts.run.listed = event::status_of(summary.status());
    parts.nameless = summary.workflow().empty();
    return judge_listings(parts, parts.run.listed);
  }
  judge_listings(parts, state.status);
  if (!readable) return damaged(parts, "the summary of this run does not verify");
  if (summary.damaged_at() != 0) {
    parts.run.cut_at(summary.damaged_at(), names_);
    // Only this identifies a run whose first record is damaged.
    if (state.last_seq == 0) state = RunState::from_summary(number, summary, names_);
    state.set_damaged_at(summary.damaged_at());
    return;
  }
  // A run with a damaged history is identified by its summary.
  if (parts.run.damaged && state.last_seq == 0) {
    const store::Seq at = state.damaged_at();
    state = RunState::from_summary(number, summary, names_);
    state.last_seq = 0;
    state.set_damaged_at(at);
    return;
  }
  if (parts.run.cut) return;
  proto::RunSummary expected;
  state.to_summary(&expected);
  if (expected.SerializeAsString() != *sealed) {
    if (summary.last_seq() > state.last_seq) return cut(parts);
    damaged(parts, "the summary of this run is not that of its history");
  }
}

// Entries of runs that the archive does not have belong to runs that it has lost.
void Audit::take_id(std::string_view key) {
  if (key.size() <= kRunKeyBytes) return;
  Parts& parts = parts_of(store::run_of_id_key(key));
  const RunState& state = parts.run.state;
  const bool right = store::id_key(state.workflow_id, state.number) == key;
  if (right) parts.id = true;
  if (!right && !parts.run.damaged) {
    if (state.last_seq == 0) {
      parts.run.state.workflow_id = key.substr(0, key.size() - kRunKeyBytes - 1);
    }
    damaged(parts, "the archive lists this run under an id that is not its own");
  }
}

void Audit::take_index(std::string_view key) {
  if (key.size() <= kRunKeyBytes) return;
  Parts& parts = parts_of(store::run_of_index_key(key));
  const RunState& state = parts.run.state;
  const std::string_view listed = store::callers_key(key);
  if (listed == index_key(state.status) && !parts.index) {
    parts.index = true;
  } else if (!state.open() && listed == closing_key(state.closed_ms()) && !parts.closing) {
    parts.closing = true;
  } else {
    parts.odd_listings.emplace_back(listed);
  }
}

// Differences between the archive's entries of a run and its history; a run that was quarantined by
// mistake is still listed as it was then.
void Audit::judge_listings(Parts& parts, RunStatus then) {
  for (const std::string& listed : parts.odd_listings) {
    if (listed == index_key(then) && !parts.index) {
      parts.index = true;
    } else {
      damaged(parts, "the archive lists this run with a status or an end that it does not have");
    }
  }
  parts.odd_listings.clear();
}

void Audit::finish() {
  for (auto& [number, parts] : runs_) {
    judge_listings(parts, parts.run.state.status);
    if (parts.run.damaged) continue;
    if (parts.run.state.last_seq == 0) cut(parts);
    if (!parts.summary) damaged(parts, "the summary of this run is missing");
    if (!parts.id && !parts.nameless) {
      damaged(parts, "the archive does not list this run under its id");
    }
    if (!parts.index) damaged(parts, "the archive does not list this run with its status");
    if (!parts.closing && !parts.run.state.open() && parts.run.released_from == 0) {
      damaged(parts, "the archive does not list this run with the time of its end");
    }
  }
}

RecoveredRuns Audit::take_runs() {
  RecoveredRuns runs;
  runs.reserve(runs_.size());
  for (auto& [number, parts] : runs_) runs.emplace(number, std::move(parts.run));
  runs_.clear();
  return runs;
}

}  // namespace reprise::runtime
