// Spawned strands: part of the run's own code, so the log knows nothing of them. The call is
// Execution::spawn().
#pragma once
#include <array>

#include "replay/commands/lifecycle.h"
#include "replay/operation.h"

namespace reprise::replay {

class Steps;
struct RunCore;
struct StrandRecord;

namespace lifecycles {
// Dropping it stops it. It cannot be cancelled, but its scope can.
inline constexpr std::array kStrand = {
    Transition{kCreated, kStart, kUnderWay},
    Transition{kUnderWay, kSuccess, kSucceeded},
    Transition{kUnderWay, kDrop, kAbandoned},
};
}  // namespace lifecycles

class Strands final : public DropListener {
 public:
  Strands(RunCore& run, Steps& steps) : run_(run), steps_(steps) {}

  OperationRef spawn(std::function<void()> body, base::CallSite site);
  // The body of that strand has ended.
  void finished(StrandRecord& strand);

 private:
  void dropped(Operation& spawned) override;
  void stop(Operation& spawned);

  RunCore& run_;
  Steps& steps_;
};

}  // namespace reprise::replay
