#include "runtime/engine/recovery.h"

#include <algorithm>

#include "proto/parse.h"
#include "runtime/engine/audit.h"
#include "runtime/engine/row_key.h"
#include "runtime/engine/second_look.h"

namespace reprise::runtime {
namespace {

class Recovery {
 public:
  Recovery(const store::Store& store, Names& names) : store_(store), names_(names) {}

  base::Result<Recovered> run() {
    for (const auto& step :
         {&Recovery::read_counters, &Recovery::read_archive, &Recovery::read_tail}) {
      if (const base::Status status = (this->*step)(); !status) return status.error();
    }
    if (const base::Status held = hold_back(); !held) return held.error();
    for (auto& [number, run] : runs_) recovered_.runs.push_back(std::move(run));
    // In the order of their start, so that the newest run of a workflow id comes last.
    std::sort(recovered_.runs.begin(), recovered_.runs.end(),
              [](const auto& a, const auto& b) { return a.state.number < b.state.number; });
    return std::move(recovered_);
  }

 private:
  base::Status read_counters() {
    const auto through = store_.archive().through();
    if (!through) return through.error();
    const auto next_run = store_.archive().next_run();
    if (!next_run) return next_run.error();
    const auto last = store_.journal().last();
    if (!last) return last.error();
    through_ = recovered_.through = *through;
    recovered_.next_run = recovered_.archived_next_run = *next_run;
    recovered_.last = std::max(*last, *through);
    return {};
  }

  base::Status read_archive() {
    return store_.archive().content_verifies() ? read_summaries() : audit();
  }

  base::Status read_summaries() {
    for (const RunStatus open : {RunStatus::kRunning, RunStatus::kPaused}) {
      const base::Status read = store_.archive().list(
          index_key(open), {}, false,
          [&](std::string_view, store::RunNumber number) { return read_summary(number); });
      if (!read) return read;
    }
    return {};
  }

  base::Status read_summary(store::RunNumber number) {
    const auto stored = store_.archive().summary(number);
    if (!stored && stored.error().code != base::ErrorCode::kStoreDamaged) return stored.error();
    RecoveredRun& run = runs_[number];
    run.state.number = number;
    proto::RunSummary summary;
    if (!stored || !*stored || !proto::parse(**stored, &summary)) {
      run.quarantine(1,
                     "the archive lists run number " + std::to_string(number) +
                         " as open and has no readable summary of it; the run is quarantined, "
                         "restore a backup to get it back",
                     names_);
      return {};
    }
    run.state = RunState::from_summary(number, summary, names_);
    run.seen = run.state.last_seq;
    return run.state.damaged_at() != 0 ? look_again(run) : base::Status();
  }

  base::Status look_again(RecoveredRun& run) {
    const store::Seq from = run.state.damaged_at();
    auto sound = second_look(store_.archive(), run.state.number, from, names_);
    if (!sound) return sound.error();
    if (!*sound) {
      run.cut_at(from, names_);
      return {};
    }
    run.listed = run.state.status;
    run.state = std::move(**sound);
    run.seen = run.state.last_seq;
    run.released_from = from;
    recovered_.released.push_back(release(run));
    return {};
  }

  // Something in the archive has changed since it was written. The runs concerned are quarantined;
  // if none can be named, the damage cannot be assigned.
  base::Status audit() {
    Audit audit(names_);
    const base::Status read =
        store_.archive().visit([&](std::string_view table, std::string_view key,
                                   std::string_view value) { audit.take(table, key, value); });
    if (!read) return read;
    audit.finish();
    const store::Seq newest = audit.newest();
    runs_ = audit.take_runs();
    const bool some = std::any_of(runs_.begin(), runs_.end(),
                                  [](const auto& entry) { return entry.second.damaged; });
    if (newest > through_ || !some) {
      return base::Error{base::ErrorCode::kStoreDamaged,
                         "the archive does not hold what was written to it, and which runs that "
                         "touches cannot be told; see what `reprise repair` can save, or restore "
                         "the store from a backup"};
    }
    for (const auto& [number, run] : runs_) {
      if (run.released_from != 0 && !run.damaged) recovered_.released.push_back(release(run));
    }
    // For a released run the archive differs from its history.
    std::erase_if(runs_, [](const auto& entry) {
      const RecoveredRun& run = entry.second;
      return !run.damaged && !run.state.open() && run.released_from == 0;
    });
    return {};
  }

  base::Status read_tail() {
    const auto note_changes = [this](const store::Record& record) {
      store::RowChanges changes = changes_of(record.body);
      if (!changes.empty()) {
        recovered_.row_changes.push_back({record.seq, record.run, std::move(changes)});
      }
    };
    for (const auto& [number, run] : runs_) {
      if (run.damaged) recovered_.without_changes.insert(number);
    }
    JournalTail tail(runs_, names_, through_, recovered_.next_run, note_changes);
    const auto take = [&](store::Seq seq, std::string_view bytes) { return tail.take(seq, bytes); };
    if (auto scanned = store_.journal().scan(through_ + 1, take); !scanned) return scanned;
    recovered_.next_run = tail.next_run();
    recovered_.damaged_records = tail.damaged();
    return {};
  }

  // Runs that are released although their id has been started again.
  base::Status hold_back() {
    NewestOfId newest = newest_runs(runs_);
    for (auto& [id, number] : newest) {
      const auto archived = archived_newest(id);
      if (!archived) return archived.error();
      number = std::max(number, *archived);
    }
    hold_overtaken(runs_, newest, names_);
    std::erase_if(recovered_.released,
                  [this](const auto& update) { return runs_.at(update.run).overtaken; });
    for (const auto& [number, run] : runs_) {
      if (run.overtaken && run.damaged) recovered_.without_changes.insert(number);
    }
    std::erase_if(recovered_.row_changes, [this](const auto& each) {
      return recovered_.without_changes.contains(each.run);
    });
    return add_newest(newest);
  }

  // Without the newest run of an id, the id would lead to a quarantined one.
  base::Status add_newest(const NewestOfId& newest) {
    for (const auto& [id, number] : newest) {
      if (runs_.contains(number)) continue;
      if (const base::Status read = read_summary(number); !read) return read;
    }
    return {};
  }

  // 0: none, or none that can be read.
  base::Result<store::RunNumber> archived_newest(const std::string& id) {
    const auto found = store_.archive().find(id, [&](store::RunNumber number, std::string_view bytes) {
      proto::RunSummary summary;
      return proto::parse(bytes, &summary) &&
             RunState::from_summary(number, summary, names_).workflow_id == id;
    });
    if (found) return found->value_or(0);
    if (found.error().code == base::ErrorCode::kStoreDamaged) return store::RunNumber{0};
    return found.error();
  }

  const store::Store& store_;
  Names& names_;
  RecoveredRuns runs_;
  store::Seq through_ = 0;
  Recovered recovered_;
};

}  // namespace

base::Result<Recovered> recover(const store::Store& store, Names& names) {
  return Recovery(store, names).run();
}

base::Status keep_released(store::Archive& archive, Recovered& recovered, Names& names) {
  if (recovered.released.empty()) return {};
  base::Status kept = archive.commit({.through = recovered.through,
                                      .next_run = recovered.archived_next_run,
                                      .chunks = {},
                                      .summaries = recovered.released});
  if (kept || kept.error().code != base::ErrorCode::kStoreFull) return kept;
  for (RecoveredRun& run : recovered.runs) {
    if (run.released_from == 0) continue;
    run.quarantine(run.released_from,
                   "all of the history of this run verifies, and the store has no room to say so; "
                   "the run is quarantined until the store is opened with room",
                   names);
  }
  return {};
}

}  // namespace reprise::runtime
