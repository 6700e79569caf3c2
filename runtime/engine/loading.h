// When the host can load a run: it is resident, or all of its history can be read. A turn with only
// bookkeeping, for a run out of memory, may still be on its way to the disk.
#pragma once
#include <functional>

#include "runtime/engine/effects.h"
#include "runtime/engine/intake.h"
#include "runtime/engine/run_table.h"

namespace reprise::runtime {

// Not thread-safe.
class Loading {
 public:
  Loading(const RunTable& runs, Effects& effects, Intake& intake)
      : runs_(runs), effects_(effects), intake_(intake) {}

  bool is_loadable(const KnownRun& run) const { return run.place != nullptr || is_readable(run); }
  // Can its history be read, up to its last turn? A resident run may have a turn that is not
  // durable.
  bool is_readable(const KnownRun& run) const {
    return !run.appending && !run.transacting && effects_.is_durable(run.state.last_seq);
  }
  // Calls it at once, or when its history can be read; likewise.
  void when_readable(store::RunNumber number, std::function<void(KnownRun&)> act);
  // Calls it at once, or when the host can load the run; never if the run is forgotten before.
  void when_loadable(store::RunNumber number, std::function<void(KnownRun&)> act);
  // Of a run that has_unrecorded(): calls it when the log has what was unrecorded, or sooner.
  void when_in_log(const KnownRun& run, std::function<void()> act);

 private:
  void await(const KnownRun& run, std::function<void()> again);

  const RunTable& runs_;
  Effects& effects_;
  Intake& intake_;
};

}  // namespace reprise::runtime
