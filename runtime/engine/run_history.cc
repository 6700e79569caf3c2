#include "runtime/engine/run_history.h"

namespace reprise::runtime {
namespace {

// All of it was in the archive, and now nothing is. If a run lost its summary in another way, the
// archive's digests show it.
base::Result<bool> was_removed(const store::Archive& archive,
                               store::RunNumber run,
                               store::Seq last) {
  const auto through = archive.through();
  if (!through) return through.error();
  if (last == 0 || last > *through || !archive.content_verifies()) return false;
  const auto summary = archive.summary(run);
  if (summary) return !*summary;
  if (summary.error().code == base::ErrorCode::kStoreDamaged) return false;
  return summary.error();
}

}  // namespace

base::Status read_run_history(const store::Store& store,
                              store::RunNumber run,
                              store::Seq last,
                              base::Visitor<const store::Record&> visit) {
  return read_run_history_after(store, {.run = run}, last, visit);
}

base::Status read_run_history_after(const store::Store& store,
                                    const store::ChainEnd& after,
                                    store::Seq last,
                                    base::Visitor<const store::Record&> visit) {
  const store::RunNumber run = after.run;
  const base::Status read =
      store::read_history_after(store.journal(), store.archive(), after, last, visit);
  if (read || read.error().code != base::ErrorCode::kStoreDamaged) return read;
  const auto removed = was_removed(store.archive(), run, last);
  if (!removed) return removed.error();
  if (!*removed) return read;
  return base::Error{base::ErrorCode::kNotFound,
                     "run number " + std::to_string(run) +
                         " had ended, and the engine's retention removed it while it was read"};
}

StoredHistory stored_history(const RunState& run) {
  return {.run = run.number, .last = run.last_seq, .id = run.id};
}

base::Status visit_turns(const store::Store& store,
                         const store::ChainEnd& after,
                         const StoredHistory& history,
                         ReadTurn read_turn,
                         base::Visitor<const store::ChainEnd&, proto::Turn&> visit) {
  proto::Turn turn;
  std::uint64_t turns = 0;
  const auto take = [&](const store::Record& record) -> base::Visited {
    ++turns;
    const base::Status read = read_turn(record.body, &turn);
    if (read) return visit({record.run, record.seq, record.chain}, turn);
    return base::Error{read.error().code, "turn " + std::to_string(turns) + " of run " +
                                              history.id.to_string() + ": " + read.error().message};
  };
  return read_run_history_after(store, after, history.last, take);
}

}  // namespace reprise::runtime
