// Starting runs, and waiting for their ends.
#pragma once
#include <memory>

#include "runtime/engine/round.h"
#include "runtime/engine/run_finder.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class Starts {
 public:
  // Its collaborators; all of them outlive the starts.
  struct Parts {
    Shared& shared;
    RunTable& runs;
    Names& names;
    const RunFinder& finder;
    Intake& intake;
    Effects& effects;
    Outbox& outbox;
    Round& round;
    const RunExecutor& executor;
  };
  explicit Starts(const Parts& parts) : parts_(parts) {}

  void start(StartRequest&& request, std::shared_ptr<RunWatch> watch, Reply<StartedRun> reply);
  void watch(const RunKey& key, const std::shared_ptr<RunWatch>& watch);
  void unwatch(const RunKey& key, const std::shared_ptr<RunWatch>& watch);

 private:
  bool takes_signal(const KnownRun& run, const StartRequest& request) const;
  base::Error no_signal(const KnownRun& run, const StartRequest& request) const;
  void signal_instead(KnownRun& run,
                      StartRequest&& request,
                      const std::shared_ptr<RunWatch>& watch,
                      const Reply<StartedRun>& reply);
  bool use_closed(const StartRequest& request,
                  const std::shared_ptr<RunWatch>& watch,
                  const Reply<StartedRun>& reply);
  base::Status may_start(const StartRequest& request) const;
  void read_end(const RunState& state, const std::shared_ptr<RunWatch>& watch) const;
  base::Time now() const { return parts_.shared.clock.now(); }

  const Parts parts_;
};

}  // namespace reprise::runtime
