#include "replay/mismatch.h"

#include "base/printable_text.h"

namespace reprise::replay {
namespace {

using proto::Event;

std::string duration_text(std::int64_t ms) {
  constexpr std::int64_t kSecond = 1'000;
  constexpr std::int64_t kMinute = 60 * kSecond;
  constexpr std::int64_t kHour = 60 * kMinute;
  if (ms != 0 && ms % kHour == 0) return std::to_string(ms / kHour) + "h";
  if (ms != 0 && ms % kMinute == 0) return std::to_string(ms / kMinute) + "min";
  if (ms != 0 && ms % kSecond == 0) return std::to_string(ms / kSecond) + "s";
  return std::to_string(ms) + "ms";
}

// What tells two events of one kind apart: the name where there is one, otherwise the id.
std::string detail(const Event& event) {
  switch (event.kind_case()) {
    case Event::kRunStarted:
      return event.run_started().workflow();
    case Event::kActivityScheduled:
      return event.activity_scheduled().name();
    case Event::kActivityCompleted:
      return "#" + std::to_string(event.activity_completed().id());
    case Event::kActivityFailed:
      return "#" + std::to_string(event.activity_failed().id());
    case Event::kActivityCancelRequested:
      return "#" + std::to_string(event.activity_cancel_requested().id());
    case Event::kStepScheduled:
      return event.step_scheduled().name();
    case Event::kStepAbandoned:
      return "#" + std::to_string(event.step_abandoned().id());
    case Event::kStepCompleted:
      return "#" + std::to_string(event.step_completed().id());
    case Event::kStepFailed:
      return "#" + std::to_string(event.step_failed().id());
    case Event::kTimerStarted:
      return duration_text(event.timer_started().duration_ms());
    case Event::kTimerFired:
      return "#" + std::to_string(event.timer_fired().id());
    case Event::kTimerCancelled:
      return "#" + std::to_string(event.timer_cancelled().id());
    case Event::kSignalReceived:
      return event.signal_received().name();
    case Event::kSignalSetAside:
      return event.signal_set_aside().name();
    case Event::kUpdateReceived:
      return event.update_received().name();
    case Event::kUpdateCompleted:
      return event.update_completed().update_id();
    case Event::kAttemptFailed:
      return "#" + std::to_string(event.attempt_failed().id()) + " attempt " +
             std::to_string(event.attempt_failed().attempt());
    case Event::kHeartbeatRecorded:
      return "#" + std::to_string(event.heartbeat_recorded().id());
    case Event::kPatchRecorded:
      return event.patch_recorded().change_id();
    default:
      return {};
  }
}

}  // namespace

std::string_view to_string(Mismatch::Kind kind) {
  switch (kind) {
    case Mismatch::Kind::kOtherKind:
      return "other kind";
    case Mismatch::Kind::kOtherName:
      return "other name";
    case Mismatch::Kind::kOtherId:
      return "other id";
    case Mismatch::Kind::kMissing:
      return "missing";
    case Mismatch::Kind::kExtra:
      return "extra";
    case Mismatch::Kind::kLeftOver:
      return "left over at the end";
    case Mismatch::Kind::kSwapped:
      return "order swapped";
    case Mismatch::Kind::kChangedInput:
      return "changed input";
    case Mismatch::Kind::kChangedType:
      return "changed type";
    case Mismatch::Kind::kMarkerMissing:
      return "version marker missing";
    case Mismatch::Kind::kOrphanInput:
      return "event for a command never made";
    case Mismatch::Kind::kCutShort:
      return "history cut short";
  }
  return "mismatch";
}

std::string patch_advice(const Mismatch& mismatch) {
  if (mismatch.recorded && mismatch.recorded->has_patch_recorded()) {
    const Event& marker = *mismatch.recorded;
    const std::string id = "(\"" + marker.patch_recorded().change_id() + "\")";
    const std::string place = marker.has_call_site()
                                  ? " (" + marker.call_site().file() + ":" +
                                        std::to_string(marker.call_site().line()) +
                                        " when this run recorded it)"
                                  : std::string();
    return "put ctx.deprecate_patch" + id + "; back where it was" + place +
           "; it may go when no open run has recorded it";
  }
  if (mismatch.unmarked.empty()) return {};
  const std::string id = "(\"" + mismatch.unmarked + "\")";
  return "this run has no marker of it: go back to if (ctx.patched" + id +
         ") { new code } else { old code }";
}

std::string_view name_of(const Event& event) {
  const auto* field = Event::descriptor()->FindFieldByNumber(event.kind_case());
  return field == nullptr ? std::string_view("unknown event")
                          : std::string_view(field->message_type()->name());
}

std::string describe(const Event& event) {
  std::string text(name_of(event));
  if (const std::string what = detail(event); !what.empty()) {
    text += " " + base::printable_text(what);
  }
  return text;
}

}  // namespace reprise::replay
