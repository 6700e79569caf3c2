// Attempts that are left open: their function has returned, and a client or a limit ends them.
#include <utility>

#include "runtime/engine/attempts.h"
#include "runtime/engine/gathered.h"
#include "runtime/engine/open_limit.h"
#include "runtime/engine/operation_details.h"
#include "runtime/engine/timeout_failure.h"

namespace reprise::runtime {
namespace {

constexpr std::string_view kScheduleToClose = "schedule_to_close";

}  // namespace

std::optional<OpenLimit> earliest_limit(const PendingOperation& operation,
                                        const OperationDetails& details) {
  const proto::ActivityScheduled& spec = *details.activity;
  std::optional<OpenLimit> earliest;
  const auto add = [&](std::int64_t from_ms, std::int64_t limit_ms, std::string_view name) {
    if (limit_ms <= 0) return;
    const std::int64_t at_ms = base::add_sat(from_ms, limit_ms);
    if (!earliest || at_ms < earliest->at_ms) earliest = OpenLimit{at_ms, name};
  };
  add(operation.scheduled_ms, spec.schedule_to_close_ms(), kScheduleToClose);
  add(details.began_ms, spec.start_to_close_ms(), "start_to_close");
  add(details.heard_ms, spec.heartbeat_ms(), "heartbeat");
  return earliest;
}

// Its slot stays taken until this is durable: an attempt that the log does not know as open is lost
// with its process.
void Attempts::leave_open(KnownRun& run,
                          const PendingOperation& operation,
                          LiveOperation& live,
                          base::Duration took) {
  OperationDetails& details = *live.details;
  live.stage = OperationStage::kOpen;
  details.control = nullptr;
  details.heard_ms = base::to_ms(now());
  details.began_ms = base::sub_sat(details.heard_ms, took.count());
  auto* left = parts_.round.add_input(run)->mutable_attempt_left_open();
  left->set_id(operation.id);
  left->set_attempt(operation.attempt);
  left->set_began_ms(details.began_ms);
  if (const auto limit = earliest_limit(operation, details)) left->set_limit_ms(limit->at_ms);
  parts_.round.run_turn_if_full(run);
}

void Attempts::open_limit_due(KnownRun& run, const TimerEntry& entry) {
  const PendingOperation* const operation = run.state.find(entry.operation);
  if (operation == nullptr || !operation->open || run.damaged) return;  // of an earlier attempt
  if (is_decided(run, operation->id)) return;  // a client was faster
  if (!has_details(run.live(operation->id), *operation) && !parts_.loading.is_readable(run)) {
    return parts_.loading.when_readable(
        run.state.number, [this, entry](KnownRun& later) { open_limit_due(later, entry); });
  }
  LiveOperation* const live = with_details(run, *operation);
  if (live == nullptr) return;
  const auto limit = earliest_limit(*operation, *live->details);
  if (!limit) return;
  if (limit->at_ms > base::to_ms(now())) {
    return parts_.timers.arm(run, *operation, TimerEntry::Kind::kOpenLimit, limit->at_ms);
  }
  if (limit->name == kScheduleToClose) return close_is_late(run, entry);
  (void)attempt_failed(run, *operation, overrun_failure(limit->name));
}

// ---- what clients say -------------------------------------------------------------------------

// The function may not have returned, or may not even have been called again after its worker gave
// the attempt back: then it will not be.
proto::Event* Attempts::complete(KnownRun& run,
                                 const PendingOperation& operation,
                                 std::string result) {
  LiveOperation& live = run.with_extras().operations.at(operation.id);
  if (live.dispatched() && live.details->control != nullptr) {
    (void)live.details->control->abandon();
  }
  live.stage = OperationStage::kSettled;
  proto::Event* const input = parts_.round.add_input(run);
  auto* completed = input->mutable_activity_completed();
  completed->set_id(operation.id);
  completed->set_result(std::move(result));
  completed->set_elsewhere(true);
  return input;
}

proto::Event* Attempts::fail(KnownRun& run,
                             const PendingOperation& operation,
                             const proto::Failure& failure) {
  LiveOperation* const live = with_details(run, operation);
  if (live == nullptr) return nullptr;
  if (live->dispatched() && live->details->control != nullptr) {
    (void)live->details->control->abandon();
  }
  live->details->control = nullptr;
  proto::Event* const input = attempt_failed(run, operation, failure);
  if (input->has_attempt_failed()) {
    input->mutable_attempt_failed()->set_elsewhere(true);
  } else {
    input->mutable_activity_failed()->set_elsewhere(true);
  }
  return input;
}

base::Result<proto::Event*> Attempts::heartbeat(KnownRun& run,
                                                const PendingOperation& operation,
                                                std::string details) {
  LiveOperation* const live = with_details(run, operation);
  if (live == nullptr) return *run.extras->parked;
  live->details->heard_ms = base::to_ms(now());
  if (!details.empty()) live->details->heartbeat = std::move(details);
  return record_heartbeat(run, operation, *live->details);
}

}  // namespace reprise::runtime
