#include "runtime/engine/retention.h"

#include "proto/parse.h"
#include "runtime/engine/run_fields.h"
#include "runtime/fold/run_state.h"

namespace reprise::runtime {
namespace {

// The most that one transaction removes, so that archiving is never delayed for long: each run
// costs a page or two of each table, and each event of a long one a part of a page.
constexpr std::size_t kRunsAtOnce = 1'024;
constexpr std::uint64_t kEventsAtOnce = 65'536;

}  // namespace

base::Result<Retention::Due> Retention::due() const {
  const RetentionOptions& options = shared_.options.retention;
  Due due;
  if (options.max_age > base::Duration::zero()) {
    due.closed_until_ms = base::to_ms(base::sub_sat(shared_.clock.now(), options.max_age));
  }
  if (options.max_bytes > 0) {
    const auto live = shared_.store->archive().live_bytes();
    if (!live) return live.error();
    if (*live > options.max_bytes) due.excess_bytes = *live - options.max_bytes;
  }
  return due;
}

// For the run's whole history, or the error that it does not verify.
base::Result<std::uint64_t> Retention::archived_bytes(const RunState& run) const {
  std::uint64_t bytes = 0;
  const base::Status read =
      store::read_history(shared_.store->journal(), shared_.store->archive(), run.number,
                          run.last_seq, [&](const store::Record& record) {
                            bytes += store::kRecordHeaderBytes + record.body.size();
                          });
  if (!read) return read.error();
  return bytes;
}

// In the order of their ends. The first one with records in the journal ends the search: later ones
// are in the journal too.
base::Result<std::vector<store::RunRemoval>> Retention::choose(const Due& due) const {
  const store::Archive& archive = shared_.store->archive();
  const auto journal_first = shared_.store->journal().first();
  if (!journal_first) return journal_first.error();
  std::vector<store::RunRemoval> chosen;
  std::uint64_t bytes = 0;
  std::uint64_t events = 0;
  Names names;
  using base::Next;
  const auto choose_run = [&](std::string_view key, store::RunNumber number) -> base::Visited {
    const std::int64_t closed_ms = closed_ms_of(key);
    if (closed_ms > due.closed_until_ms && bytes >= due.excess_bytes) return Next::kStop;
    // A run that does not verify is kept for a repair. Without it the archive's digests, which
    // count what was written, would never fit the archive again, for no visible reason.
    const auto skip = [](const base::Error& why) -> base::Visited {
      if (why.code != base::ErrorCode::kStoreDamaged) return why;
      return Next::kGoOn;
    };
    const auto stored = archive.summary(number);
    if (!stored) return skip(stored.error());
    proto::RunSummary summary;
    if (!*stored || !proto::parse(**stored, &summary) || summary.damaged_at() != 0) {
      return Next::kGoOn;
    }
    const RunState state = RunState::from_summary(number, summary, names);
    if (state.open() || state.last_seq >= *journal_first) return Next::kStop;
    const auto size = archived_bytes(state);
    if (!size) return skip(size.error());
    bytes += *size + (*stored)->size();
    events += state.events;
    chosen.push_back({.run = number,
                      .workflow_id = state.workflow_id,
                      .keys = {index_key(state.status), std::string(key)},
                      .fields = field_entries(summary)});
    return base::go_on_if(chosen.size() < kRunsAtOnce && events < kEventsAtOnce);
  };
  const base::Status listed = archive.list(kClosingPrefix, {}, false, choose_run);
  if (!listed) return listed.error();
  return chosen;
}

base::Result<std::size_t> Retention::remove_some() {
  const auto what = due();
  if (!what) return what.error();
  if (what->excess_bytes == 0 && what->closed_until_ms < 0) return std::size_t{0};
  const auto chosen = choose(*what);
  if (!chosen) return chosen.error();
  if (chosen->empty()) return std::size_t{0};
  if (const base::Status gone = shared_.store->archive().remove(*chosen); !gone)
    return gone.error();
  return chosen->size();
}

}  // namespace reprise::runtime
