// What only this process knows of a run's operations: attempts under way, their reports, and how to
// make the next one. RunState has their durable part; a pending operation may have nothing here
// yet, as after a restart.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/container/small_vector.hpp>

#include "base/pooled.h"
#include "base/time.h"
#include "event/catalogue.h"
#include "proto/log.pb.h"
#include "runtime/host/attempt.h"

namespace reprise::runtime {

struct StepDetails {
  std::string name;
  std::int64_t start_to_close_ms = 0;
  std::unique_ptr<proto::RetryPolicy> retry;  // nullptr: the default
};

// The needs of an attempt: `activity` or `step`, and the data of earlier attempts.
struct OperationDetails : base::Pooled<OperationDetails> {
  std::shared_ptr<const proto::ActivityScheduled> activity;
  std::optional<StepDetails> step;
  std::shared_ptr<AttemptControl> control;  // of the attempt dispatched now; not of a step
  std::string last_failure;
  std::string heartbeat;            // the latest details it reported
  base::Time heartbeat_recorded{};  // when they were last written to the log
  std::int64_t start_by_ms = 0;     // schedule_to_start of the attempt dispatched now
  bool close_timer_armed = false;   // schedule_to_close
  std::int64_t began_ms = 0;        // the attempt that is left open
  std::int64_t heard_ms = 0;        // when it was left open, or its latest heartbeat since came
};

// Where an activity or a step is between two records of the log.
//
//   waiting    --an attempt is queued-->                     dispatched
//   dispatched --it was abandoned, or its worker has gone--> waiting
//   dispatched --its function leaves it open-->              open
//   any        --an attempt failed, another follows-->       retried
//   any        --a result, or a failure that is final-->     settled
//   retried    --AttemptFailed is recorded-->                waiting
//   settled    --the answer is recorded-->                   (forgotten)
//
// While it is retried or settled, its input is being gathered, and nothing else happens to it.
// After a restart an attempt that was left open is waiting here, and PendingOperation says that it
// is open.
enum class OperationStage : std::uint8_t { kWaiting, kDispatched, kOpen, kRetried, kSettled };

struct LiveOperation {
  std::uint32_t id = 0;
  OperationStage stage = OperationStage::kWaiting;
  bool gone = false;                          // waits to be swept out
  std::unique_ptr<OperationDetails> details;  // nullptr: to be read from the history

  bool dispatched() const { return stage == OperationStage::kDispatched; }
  // Is its outcome, or that of its attempt, among the inputs being gathered?
  bool settled() const {
    return stage == OperationStage::kSettled || stage == OperationStage::kRetried;
  }
};

// Of one run. Not thread-safe. Adding invalidates pointers to operations, but not to their details.
class LiveOperations {
 public:
  // nullptr: nothing is known of it.
  LiveOperation* find(std::uint32_t id);
  // Found or made.
  LiveOperation& at(std::uint32_t id);
  // An operation whose details are not known yet; nullptr: all are known.
  OperationDetails* add_details(std::uint32_t id);
  // The turn has been folded into the run's state: forgets the operations that it answers or gives
  // up.
  void apply(const proto::Turn& turn);
  void clear();
  bool empty() const { return operations_.size() == gone_; }

  // In the order of their ids.
  template <class Visit>
  void for_each(const Visit& visit) {
    for (LiveOperation& operation : operations_) {
      if (!operation.gone) visit(operation);
    }
  }

 private:
  class Books;  // what a walk through a turn does here
  void answered(const event::Row& row, const proto::Event& event);
  void forget(std::uint32_t id);

  // By id, ascending. Most runs wait for one thing at a time.
  boost::container::small_vector<LiveOperation, 1> operations_;
  std::size_t gone_ = 0;  // how many of them wait to be swept out
};

}  // namespace reprise::runtime
