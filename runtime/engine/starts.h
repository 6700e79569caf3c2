// Starting runs, and waiting for their ends.
#pragma once
#include <memory>

#include "runtime/engine/loading.h"
#include "runtime/engine/round.h"
#include "runtime/engine/run_finder.h"
#include "runtime/engine/updates.h"

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
    Loading& loading;
    Outbox& outbox;
    Round& round;
    Updates& updates;
    const RunExecutor& executor;
  };
  explicit Starts(const Parts& parts) : parts_(parts) {}

  void start(StartRequest&& request, std::shared_ptr<RunWatch> watch, Reply<StartedRun> reply);
  void watch(const RunKey& key, const std::shared_ptr<RunWatch>& watch);
  void unwatch(const RunKey& key, const std::shared_ptr<RunWatch>& watch);

 private:
  bool started_before(const StartRequest& request,
                      const std::shared_ptr<RunWatch>& watch,
                      const Reply<StartedRun>& reply);
  // May the open run have the request's signal or update, and no other run is started?
  bool takes_message(const KnownRun& run, const StartRequest& request) const;
  base::Error no_message(const KnownRun& run, const StartRequest& request) const;
  // When the run that has the id is durable.
  void tell_found(const StartedRun& found,
                  const std::shared_ptr<RunWatch>& watch,
                  const Reply<StartedRun>& reply);
  bool replaces_later(KnownRun& running,
                      StartRequest& request,
                      const std::shared_ptr<RunWatch>& watch,
                      const Reply<StartedRun>& reply);
  void signal_instead(KnownRun& run,
                      StartRequest&& request,
                      const std::shared_ptr<RunWatch>& watch,
                      const Reply<StartedRun>& reply);
  void update_instead(KnownRun& run,
                      StartRequest&& request,
                      const std::shared_ptr<RunWatch>& watch,
                      const Reply<StartedRun>& reply);
  // The request's update, and the start is answered with it: by `found`, a run that is there.
  verb::Update update_of(const std::shared_ptr<StartRequest>& request,
                         const StartedRun& found,
                         const std::shared_ptr<RunWatch>& watch,
                         const Reply<StartedRun>& reply);
  // Has the newest run with the id, open or closed, taken the update? False: no such run is there.
  bool ask_newest(StartRequest& request,
                  const std::shared_ptr<RunWatch>& watch,
                  const Reply<StartedRun>& reply);
  bool use_closed(const StartRequest& request,
                  const std::shared_ptr<RunWatch>& watch,
                  const Reply<StartedRun>& reply);
  // Is there code for it, as far as is known, and are the arguments what that code takes?
  base::Status fits_worker(const StartRequest& request) const;
  base::Status may_start(const StartRequest& request) const;
  void read_end(const RunState& state, const std::shared_ptr<RunWatch>& watch) const;
  base::Time now() const { return parts_.shared.clock.now(); }

  const Parts parts_;
};

}  // namespace reprise::runtime
