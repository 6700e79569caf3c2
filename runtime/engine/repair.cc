#include "runtime/engine/repair.h"

#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "proto/parse.h"
#include "runtime/engine/archive_slice.h"
#include "store/files.h"
#include "store/leftovers.h"
#include "store/store.h"
#include "store/writer.h"

namespace reprise::runtime {
namespace {

using Fate = RepairedRun::Fate;

constexpr std::size_t kRecordsPerSlice = 65'536;
constexpr std::size_t kBytesPerSlice = std::size_t{32} << 20;

// Appends records to a new store, and moves them to its archive slice by slice.
class Rebuild {
 public:
  explicit Rebuild(store::Store& store) : store_(store), writer_(store.journal(), 0, false) {
    writer_.on_durable([this](const base::Result<store::Seq>& seq) {
      if (!seq && status_) status_ = seq.error();
    });
  }

  void take(const store::Record& record) {
    if (!status_) return;
    Position& position = positions_[record.run];
    store::Draft draft{record.run, &position.previous, &position.chain, record.flags, record.body};
    last_ = writer_.append({&draft, 1});
    next_run_ = std::max(next_run_, record.run + 1);
    bytes_ += record.body.size();
    if (++records_ % kRecordsPerSlice == 0 || bytes_ > kBytesPerSlice) (void)flush();
  }

  // A row of a table, or a later change of it.
  void take_row(std::string_view key, std::optional<std::string> value) {
    row_bytes_ += key.size() + (value ? value->size() : 0);
    rows_.insert_or_assign(std::string(key), std::move(value));
    if (row_bytes_ > kBytesPerSlice) (void)flush_rows();
  }
  // Some rows are not as they were.
  void note_lost_rows(store::Seq at) { rows_lost_at_ = std::max<store::Seq>(1, at); }

  // Keeps a run from going on: it is known and listed, but quarantined.
  void quarantine(store::RunNumber run) {
    const auto stored = store_.archive().summary(run);
    proto::RunSummary summary;
    if (!stored || !*stored || !proto::parse(**stored, &summary)) return;
    summary.set_damaged_at(summary.last_seq() + 1);
    marks_.push_back({.run = run,
                      .workflow_id = {},
                      .summary = summary.SerializeAsString(),
                      .add_key = {},
                      .remove_key = {}});
  }

  base::Status flush() {
    bytes_ = 0;
    while (writer_.commit_pending()) {
    }
    while (status_ && through_ < last_) status_ = archive_slice();
    return status_;
  }

  base::Status finish() {
    (void)flush_rows();
    if (!marks_.empty() && status_) {
      std::sort(marks_.begin(), marks_.end(),
                [](const auto& a, const auto& b) { return a.run < b.run; });
      status_ = store_.archive().commit(
          {.through = through_, .next_run = next_run_, .chunks = {}, .summaries = marks_});
    }
    if (status_) writer_.trim(through_);
    while (status_ && writer_.commit_pending()) {
    }
    return status_;
  }

  std::uint64_t records() const { return records_; }

 private:
  struct Position {
    store::Seq previous = 0;
    std::uint64_t chain = 0;
  };

  base::Status flush_rows() {
    row_bytes_ = 0;
    if (!status_ || (rows_.empty() && rows_lost_at_ == 0)) return status_;
    store::ArchiveBatch batch{
        .through = through_, .next_run = next_run_, .chunks = {}, .summaries = {}};
    batch.rows = std::exchange(rows_, {});
    batch.rows_lost_at = rows_lost_at_;
    return status_ = store_.archive().commit(batch);
  }

  base::Status archive_slice() {
    ArchiveSlice slice(store_.archive(), names_, none_damaged_, all_count_);
    std::size_t count = 0;
    const auto add = [&](store::Seq seq, std::string_view bytes) -> base::Visited {
      if (const auto added = slice.add(seq, bytes); !added) return added;
      return base::go_on_if(++count < kRecordsPerSlice && slice.bytes() < kBytesPerSlice);
    };
    if (auto scanned = store_.journal().scan(through_ + 1, add); !scanned) return scanned;
    store::ArchiveBatch batch = slice.take(next_run_);
    // Rows come as they are: those of removed runs are in no history, and histories come in another
    // order than their records were made.
    batch.rows.clear();
    if (const base::Status committed = store_.archive().commit(batch); !committed) return committed;
    through_ = batch.through;
    writer_.trim(through_);
    return {};
  }

  store::Store& store_;
  store::Writer writer_;
  Names names_;
  const DamagedRecords none_damaged_;
  const std::unordered_set<store::RunNumber> all_count_;
  std::unordered_map<store::RunNumber, Position> positions_;
  std::vector<store::SummaryUpdate> marks_;
  store::RowChanges rows_;
  std::size_t row_bytes_ = 0;
  store::Seq rows_lost_at_ = 0;
  base::Status status_;
  store::Seq last_ = 0;
  store::Seq through_ = 0;
  store::RunNumber next_run_ = 1;
  std::uint64_t records_ = 0;
  std::size_t bytes_ = 0;
};

RepairedRun fate_of(const RecoveredRun& run, Fate fate) {
  RepairedRun repaired;
  repaired.number = run.state.number;
  repaired.workflow_id = run.state.workflow_id;
  if (run.state.id != base::RunId()) repaired.run_id = run.state.id.to_string();
  repaired.fate = fate;
  repaired.why = run.why;
  return repaired;
}

// Built beside its place and moved there when it is complete.
base::Status build(const std::string& from,
                   const std::string& to,
                   const StoreAudit::Progress& progress,
                   Repaired* repaired) {
  auto store = store::open_store(to);
  if (!store) return store.error();
  Rebuild rebuild(**store);
  Names names;
  StoreAudit audit(
      names, progress, [&](const store::Record& record) { rebuild.take(record); },
      [&](std::string_view key, std::optional<std::string> value) {
        rebuild.take_row(key, std::move(value));
      });
  if (auto read = audit.run(from, store::InspectMode::kAlone); !read) return read;
  if (audit.lost_rows()) rebuild.note_lost_rows(audit.lost_rows_at());
  if (auto done = rebuild.flush(); !done) return done;
  if (audit.token_key()) {
    auto kept = (*store)->archive().set_token_key(*audit.token_key());
    if (!kept) return kept;
  }
  for (const RepairedRun& run : repaired->runs) {
    if (run.fate != Fate::kLeftOut) rebuild.quarantine(run.number);
  }
  repaired->records = rebuild.records();
  return rebuild.finish();
}

// The outcome for each run that is not complete.
std::vector<RepairedRun> decide(const StoreAudit& audit, const RepairOptions& options) {
  std::vector<RepairedRun> runs;
  for (const auto& [number, run] : audit.runs()) {
    const bool ended = !run.state.open();
    const bool may_lack = audit.lost_records() && !ended && !options.release_suspects;
    if (run.state.last_seq == 0) {
      runs.push_back(fate_of(run, Fate::kLeftOut));
    } else if (run.overtaken) {
      runs.push_back(fate_of(run, Fate::kOvertaken));
    } else if (run.cut && !ended) {
      runs.push_back(fate_of(run, Fate::kCut));
    } else if (may_lack) {
      runs.push_back(fate_of(run, Fate::kSuspect));
      runs.back().why = "records of unknown runs are lost, and this open run may have had some";
    }
  }
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return runs;
}

base::Status refuse_existing(const std::string& to) {
  if (to.empty()) {
    return base::Error{base::ErrorCode::kInvalidOption,
                       "the name of the new store's directory is empty; give one"};
  }
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(to, error))) return {};
  return base::Error{base::ErrorCode::kInvalidOption,
                     to + " exists; name a directory that does not, for the new store"};
}

base::Status refuse_within(const std::string& from, const std::string& to) {
  const auto damaged = store::id_of(from);
  if (!damaged || !store::lies_within(to, *damaged)) return {};
  return base::Error{base::ErrorCode::kInvalidOption,
                     to + " lies in the damaged store; name a directory that is not in it"};
}

}  // namespace

base::Result<Repaired> repair_store(const std::string& from,
                                    const std::string& named,
                                    const RepairOptions& options,
                                    const StoreAudit::Progress& progress) {
  const std::string to = store::absolute_path(named);  // without a slash at its end
  if (auto refused = refuse_existing(to); !refused) return refused.error();
  if (auto refused = refuse_within(from, to); !refused) return refused.error();
  Names names;
  StoreAudit audit(names, progress);
  if (auto read = audit.run(from, store::InspectMode::kAlone); !read) return read.error();
  Repaired repaired;
  repaired.runs = decide(audit, options);
  repaired.problems = audit.problems();
  repaired.whole = audit.runs().size() - repaired.runs.size();

  const std::string unfinished = to + ".unfinished";
  if (auto refused = refuse_existing(unfinished); !refused) return refused.error();
  const base::Status built = build(from, unfinished, progress, &repaired);
  if (built) {
    base::Status moved = store::rename_path(unfinished, to);
    // After a success the user may remove the damaged store.
    if (moved) moved = store::sync_path(store::parent_of(to));
    if (!moved) return moved.error();
    return repaired;
  }
  const store::StoreDirectory left{unfinished};
  (void)store::remove_unfinished({left.creating()}, {});
  (void)store::remove_unfinished(left, {"LOCK", "attempts", "parked", "turns"});
  return built.error();
}

}  // namespace reprise::runtime
