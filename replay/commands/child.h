// Child workflows: other runs, of which this one is the parent. The engine starts them; that they
// have begun, and how they ended, are inputs. The call is Execution::start_child().
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/call_site.h"
#include "proto/log.pb.h"
#include "replay/cancel_mode.h"
#include "replay/commands/lifecycle.h"
#include "replay/operation.h"

namespace reprise::replay {

struct RunCore;

namespace lifecycles {
// kAsk: it is asked to cancel, and its end is waited for. kCancel: for the code it ends at once.
inline constexpr std::array kChild = {
    Transition{kCreated, kRecord, kRecorded},    Transition{kRecorded, kSuccess, kSucceeded},
    Transition{kRecorded, kFailure, kFailed},    Transition{kRecorded, kAsk, kCancelAsked},
    Transition{kRecorded, kCancel, kCancelled},  Transition{kCancelAsked, kSuccess, kSucceeded},
    Transition{kCancelAsked, kFailure, kFailed},
};
// Its beginning, which no command of its own asks for. The end of a child says that it had begun,
// unless it could not be started.
inline constexpr std::array kChildStart = {
    Transition{kCreated, kStart, kUnderWay},
    Transition{kUnderWay, kSuccess, kSucceeded},
    Transition{kUnderWay, kFailure, kFailed},
};
}  // namespace lifecycles

// A child that has not ended, whether or not the code still waits for it.
struct ChildPart {
  std::string workflow_id;
  std::string run_id;  // 16 bytes
  CancelMode on_cancel{};
  OperationRef start;
  bool cancel_due = false;  // is asked to cancel as soon as it has begun
  base::CallSite cancelled_at{};
};
using ChildParts = std::map<std::uint32_t, ChildPart>;  // by operation

struct StartedChild {
  OperationRef end;
  OperationRef start;  // its result: the 16 bytes of the run id
  std::string workflow_id;
};

void cancel_child(RunCore& run, Operation& child, base::CallSite site);
// For a ChildStarted, ChildCompleted or ChildFailed.
void apply_to_child(RunCore& run, const proto::Event& input);
// Adds those of which it is not known whether they have begun.
void add_starting(const RunCore& run, std::vector<OperationRef>* starts);

}  // namespace reprise::replay
