// What a worker provides: the implementations for one task queue, by name, with types erased.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/headers.h"
#include "replay/execution.h"
#include "replay/outcome.h"
#include "runtime/activity_limits.h"

namespace reprise::runtime {

// One attempt of an activity, as its code sees it. Used by the thread that runs the attempt; only
// heartbeat() may be called from others too.
class ActivityAttempt {
 public:
  virtual ~ActivityAttempt() = default;
  virtual std::string_view idempotency_key() const = 0;  // the same for every attempt
  virtual int attempt() const = 0;                       // from 1
  virtual std::string_view activity() const = 0;
  virtual std::string_view workflow_id() const = 0;
  virtual event::Headers headers() const = 0;      // of the command that has scheduled it
  virtual std::stop_token stop_token() const = 0;  // cancelled, timed out or shutting down
  // Says that the attempt is alive; `details` (a payload; empty: none) are kept for the next one.
  virtual void heartbeat(std::string details) = 0;
  // The latest details that an earlier attempt reported; empty: none.
  virtual std::string_view heartbeat_details() const = 0;
  // What clients name this attempt by, to end it from wherever they are.
  virtual base::Result<std::string> token() const = 0;
  // If its code returns without a failure, the attempt goes on until a client ends it.
  virtual void leave_open() = 0;
};

// Never throws: the SDK turns exceptions into failures.
using ActivityCode = std::function<replay::Outcome(ActivityAttempt&, std::string_view input)>;

// What the arguments of a workflow must be.
struct ArgumentRule {
  const void* types = nullptr;  // input that was made of the same types needs no check
  // kArgumentUnreadable, kArgumentMissing, kTooManyArguments. Never throws; any thread.
  std::function<base::Status(std::string_view input)> check{};
};

struct WorkerCode {
  std::string task_queue;
  std::size_t activity_threads = 0;  // 0: the default
  std::map<std::string, replay::WorkflowCode, std::less<>> workflows;
  std::map<std::string, ActivityCode, std::less<>> activities;
  std::map<std::string, ArgumentRule, std::less<>> arguments{};  // by workflow; none: not checked
  std::map<std::string, ActivityLimits, std::less<>> limits;  // of activities
};

}  // namespace reprise::runtime
