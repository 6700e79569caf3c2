// What clients ask with tokens: each request ends an attempt or says that it is alive, or is
// refused with what became of the attempt.
#pragma once
#include <functional>
#include <string>

#include "runtime/engine/attempts.h"
#include "runtime/engine/effects.h"
#include "runtime/engine/intake.h"
#include "runtime/engine/loading.h"
#include "runtime/engine/parking.h"
#include "runtime/engine/round.h"
#include "runtime/engine/run_finder.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread. The tokens have been verified.
class Completions {
 public:
  // Its collaborators; all of them outlive the completions.
  struct Parts {
    Shared& shared;
    const RunTable& runs;
    const RunFinder& finder;
    Intake& intake;
    Effects& effects;
    Loading& loading;
    Parking& parking;
    Round& round;
    Attempts& attempts;
  };
  explicit Completions(const Parts& parts) : parts_(parts) {}

  void complete(const AttemptRef& attempt,
                std::string result,
                const Reply<void>& reply,
                const std::string& principal = {});
  void fail(const AttemptRef& attempt,
            const proto::Failure& failure,
            const Reply<void>& reply,
            const std::string& principal = {});
  void heartbeat(const AttemptRef& attempt,
                 std::string details,
                 const Reply<void>& reply,
                 const std::string& principal = {});

 private:
  // The pending operation of a run.
  struct Found {
    KnownRun* run = nullptr;
    const PendingOperation* operation = nullptr;  // nullptr: the caller has been answered
  };
  bool waits_for_details(const Found& found, std::function<void()> again);
  Found find(const AttemptRef& attempt, const Reply<void>& reply);
  void refuse(const AttemptRef& attempt, const Reply<void>& reply);
  void judge(const AttemptRef& attempt,
             const RunState& state,
             store::Seq last,
             const Reply<void>& reply) const;
  void confirm(const Found& found, const proto::Event* input, const Reply<void>& reply);

  const Parts parts_;
};

}  // namespace reprise::runtime
