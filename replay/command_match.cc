#include "replay/command_match.h"

#include "replay/causes.h"

namespace reprise::replay {

using proto::Event;

namespace {

// All fields, those too that are added one day. There are no maps in the format, so equal messages
// have equal bytes.
template <class Message>
bool same(const Message& recorded, const Message& attempted) {
  return recorded.SerializeAsString() == attempted.SerializeAsString();
}

}  // namespace

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
    case Event::kSignalSetAside:
      return recorded.signal_set_aside().event() == attempted.signal_set_aside().event() &&
             recorded.signal_set_aside().looks() == attempted.signal_set_aside().looks() &&
             recorded.signal_set_aside().name() == attempted.signal_set_aside().name();
    default:
      return true;  // side effects and the ends of a run have neither id nor name
  }
}

bool same_input(const Event& recorded, const Event& attempted) {
  switch (recorded.kind_case()) {
    case Event::kActivityScheduled:
      return same(recorded.activity_scheduled(), attempted.activity_scheduled());
    case Event::kStepScheduled:
      return same(recorded.step_scheduled(), attempted.step_scheduled());
    case Event::kTimerStarted:
      return same(recorded.timer_started(), attempted.timer_started());
    case Event::kRunCompleted:
      return same(recorded.run_completed(), attempted.run_completed());
    case Event::kRunFailed:
      // As deep as today's code does not nest: cut then, and the code says so in its own words.
      return causes_of(recorded.run_failed().failure()) >= kMaxCauses ||
             same(recorded.run_failed(), attempted.run_failed());
    case Event::kUpdateCompleted:
      return same(recorded.update_completed(), attempted.update_completed());
    default:
      return true;  // the others carry no more than same_command() has looked at
  }
}

}  // namespace reprise::replay
