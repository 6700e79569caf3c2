#include "runtime/engine/parked_run.h"

#include "proto/parse.h"
#include "runtime/engine/run_history.h"

namespace reprise::runtime {

bool is_still_parked(const store::Store& store,
                     const RunState& run,
                     const store::ParkedNote& note) {
  if (!run.open() || run.damaged_at() != 0 || run.last_seq < note.at.seq) return false;
  if (run.last_seq == note.at.seq) return run.chain == note.at.chain;
  bool has_run = false;
  proto::Turn turn;
  const auto take = [&](const store::Record& record) -> base::Visited {
    has_run = !proto::parse(record.body, &turn) || !turn.without_code();
    return base::go_on_if(!has_run);
  };
  const base::Status read = read_run_history_after(store, note.at, run.last_seq, take);
  return read && !has_run;
}

}  // namespace reprise::runtime
