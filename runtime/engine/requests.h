// Requests of clients to open runs: each becomes an input of its run, or is refused.
#pragma once
#include <string>
#include <string_view>

#include "runtime/engine/round.h"
#include "runtime/engine/run_finder.h"
#include "runtime/engine/workers.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class Requests {
 public:
  // Its collaborators; all of them outlive the requests.
  struct Parts {
    Shared& shared;
    const RunFinder& finder;
    Intake& intake;
    Outbox& outbox;
    Loading& loading;
    Parking& parking;
    Round& round;
    RunExecutor& executor;
    Workers& workers;
  };
  explicit Requests(const Parts& parts) : parts_(parts) {}

  // Is the signal one that the run's code can read?
  base::Status may_signal(const RunKey& key, std::string_view name, std::string_view input);
  void signal(const RunKey& key,
              std::string name,
              std::string input,
              Reply<void> reply,
              std::string principal = {},
              event::Headers headers = {});
  void cancel(const RunKey& key, std::string reason, Reply<void> reply, std::string principal = {});
  void terminate(const RunKey& key,
                 std::string reason,
                 Reply<void> reply,
                 std::string principal = {});
  void pause(const verb::Pause& asked);
  void resume(const verb::Resume& asked);
  // Code that had stopped is tried again.
  void retry(const RunKey& key, const Reply<void>& reply, const std::string& principal = {});

 private:
  template <class T>
  KnownRun* open_run(const RunKey& key, const Reply<T>& reply);

  const Parts parts_;
};

}  // namespace reprise::runtime
