// Steps: closures on the stack of the strand that waits for them, executed outside the turn. The
// call is Execution::run_step(). So are transactions (transaction.h).
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/call_site.h"
#include "base/function_ref.h"
#include "proto/log.pb.h"
#include "replay/commands/lifecycle.h"
#include "replay/operation.h"

namespace reprise::replay {

struct RunCore;
struct StrandRecord;

namespace lifecycles {
// A closure cannot be stopped and may refer to its strand's frames, so cancelling a step is only a
// request: its outcome still comes, even if it never ran. The step is abandoned if its frame goes
// first.
inline constexpr std::array kStep = {
    Transition{kCreated, kRecord, kRecorded},    Transition{kRecorded, kSuccess, kSucceeded},
    Transition{kRecorded, kFailure, kFailed},    Transition{kRecorded, kCancel, kCancelAsked},
    Transition{kRecorded, kDrop, kAbandoned},    Transition{kCancelAsked, kSuccess, kSucceeded},
    Transition{kCancelAsked, kFailure, kFailed}, Transition{kCancelAsked, kDrop, kAbandoned},
};
}  // namespace lifecycles

class Steps {
 public:
  // See ExecutionOptions.
  using Unwanted = std::function<bool(std::uint32_t id)>;
  using Abandoned = std::function<void(std::uint32_t id)>;

  Steps(RunCore& run, Unwanted unwanted, Abandoned abandoned);

  // Waits on the strand until the operation, whose command was just recorded, is done. `body`
  // refers to the caller's frame.
  Outcome await(StrandRecord& strand,
                const OperationRef& step,
                base::FunctionRef<Outcome()> body,
                base::CallSite site);
  // Its scope is cancelled.
  void cancel(Operation& step);
  // The frame that its closure refers to is going, with the strand that waits for it. In a
  // destructor.
  void abandon(Operation& step, base::CallSite site);
  // For the outcome of a step or of a transaction.
  void apply(const proto::Event& input);

  void begin_turn();
  // Called after all other inputs of a live turn, which may have ended steps: steps that were
  // cancelled in the turn and that no thread executes fail, by inputs of their own. False: there
  // are none.
  bool end_unwanted(proto::Turn* live);

  // While a thread executes a closure for a strand that is being dropped, the strand that drops it
  // waits.
  void await_step_of(StrandRecord& dropped);
  void await_outcome(Operation& step);

 private:
  RunCore& run_;
  const Unwanted unwanted_;
  const Abandoned abandoned_;
  std::uint32_t first_of_turn_ = 1;         // the first id that the turn may assign
  std::vector<std::uint32_t> to_be_ended_;  // of cancelled scopes, executed by no thread
};

}  // namespace reprise::replay
