#include "replay/command_match.h"

namespace reprise::replay {

using proto::Event;

bool same_command(const Event& recorded, const Event& attempted) {
  if (recorded.kind_case() != attempted.kind_case()) return false;
  switch (recorded.kind_case()) {
    case Event::kActivityScheduled:
      return recorded.activity_scheduled().id() == attempted.activity_scheduled().id() &&
             recorded.activity_scheduled().name() == attempted.activity_scheduled().name();
    case Event::kStepScheduled:
      return recorded.step_scheduled().id() == attempted.step_scheduled().id() &&
             recorded.step_scheduled().name() == attempted.step_scheduled().name();
    case Event::kStepAbandoned:
      return recorded.step_abandoned().id() == attempted.step_abandoned().id();
    case Event::kTimerStarted:
      return recorded.timer_started().id() == attempted.timer_started().id();
    case Event::kTimerCancelled:
      return recorded.timer_cancelled().id() == attempted.timer_cancelled().id();
    case Event::kActivityCancelRequested:
      return recorded.activity_cancel_requested().id() ==
             attempted.activity_cancel_requested().id();
    case Event::kPatchRecorded:
      return recorded.patch_recorded().change_id() == attempted.patch_recorded().change_id();
    case Event::kUpdateCompleted:
      return recorded.update_completed().update_id() == attempted.update_completed().update_id();
    default:
      return true;  // side effects and the ends of a run have neither id nor name
  }
}

bool same_input(const Event& recorded, const Event& attempted) {
  switch (recorded.kind_case()) {
    case Event::kActivityScheduled:
      return recorded.activity_scheduled().input() == attempted.activity_scheduled().input() &&
             recorded.activity_scheduled().task_queue() ==
                 attempted.activity_scheduled().task_queue();
    case Event::kTimerStarted:
      return recorded.timer_started().duration_ms() == attempted.timer_started().duration_ms();
    case Event::kRunCompleted:
      return recorded.run_completed().result() == attempted.run_completed().result();
    case Event::kRunFailed:
      return recorded.run_failed().failure().kind() == attempted.run_failed().failure().kind() &&
             recorded.run_failed().failure().type() == attempted.run_failed().failure().type();
    case Event::kUpdateCompleted:
      return recorded.update_completed().has_failure() ==
                 attempted.update_completed().has_failure() &&
             recorded.update_completed().result() == attempted.update_completed().result();
    default:
      return true;
  }
}

}  // namespace reprise::replay
