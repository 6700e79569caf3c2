#include "replay/mismatch.h"

#include "base/error.h"

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

std::string usual_cause(const Mismatch& mismatch) {
  if (std::string advice = patch_advice(mismatch); !advice.empty()) return advice;
  switch (mismatch.kind) {
    case Mismatch::Kind::kChangedInput:
      return "the argument depends on something outside the run: a clock, a random number, a "
             "global, the order of an unordered container";
    case Mismatch::Kind::kOrphanInput:
      return "the code that made the command was removed, or the history is not this workflow's";
    case Mismatch::Kind::kAfterEnd:
      return "a wait was removed, so that the code ends earlier than it did";
    default:
      return "a durable call was added, removed or moved; keep old runs going with "
             "ctx.patched(\"...\")";
  }
}

std::string side(std::string_view label,
                 const std::optional<Event>& event,
                 std::string_view verb,
                 std::string_view nothing) {
  std::string line = "  ";
  line += label;
  line.resize(22, ' ');
  if (!event) return line + std::string(nothing) + "\n";
  line += describe(*event);
  if (event->has_call_site()) {
    if (line.size() < 54) line.resize(54, ' ');
    line += std::string(verb) + event->call_site().file() + ":" +
            std::to_string(event->call_site().line());
  }
  return line + "\n";
}

}  // namespace

std::string_view to_string(Mismatch::Kind kind) {
  switch (kind) {
    case Mismatch::Kind::kOther:
      return "other command";
    case Mismatch::Kind::kExtra:
      return "extra command";
    case Mismatch::Kind::kMissing:
      return "missing command";
    case Mismatch::Kind::kChangedInput:
      return "changed input";
    case Mismatch::Kind::kOrphanInput:
      return "input without its command";
    case Mismatch::Kind::kAfterEnd:
      return "history behind the end";
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
    return "ctx.patched" + id + " was removed or moved while runs that recorded it are open; put " +
           "ctx.deprecate_patch" + id + "; back where it was" + place;
  }
  if (mismatch.unmarked.empty()) return {};
  const std::string id = "(\"" + mismatch.unmarked + "\")";
  return "ctx.deprecate_patch" + id + " came while runs that took the old branch are open, and " +
         "this one has no marker of it; go back to if (ctx.patched" + id +
         ") { new code } else { old code }";
}

std::string_view name_of(const Event& event) {
  const auto* field = Event::descriptor()->FindFieldByNumber(event.kind_case());
  return field == nullptr ? std::string_view("unknown event")
                          : std::string_view(field->message_type()->name());
}

std::string describe(const Event& event) {
  std::string text(name_of(event));
  if (const std::string what = detail(event); !what.empty()) text += " " + what;
  return text;
}

std::string report(const Mismatch& mismatch,
                   std::string_view workflow,
                   std::string_view workflow_id,
                   std::string_view run_id) {
  std::string text = base::to_string(base::ErrorCode::kNondeterminism);
  text += " nondeterminism: workflow '";
  text += workflow;
  text += "', run ";
  text += workflow_id;
  text += " (";
  text += run_id;
  text += "), event " + std::to_string(mismatch.event) + "\n";
  text +=
      side("the log says", mismatch.recorded, "recorded at ", "no further command in this turn");
  text += side("the code now does", mismatch.attempted, "at ", "nothing of the kind");
  if (mismatch.last_match) {
    text += "  last match          " + std::to_string(mismatch.last_match_event) + " " +
            describe(*mismatch.last_match) + "\n";
  }
  text += "  usually             " + usual_cause(mismatch) + "\n";
  return text;
}

}  // namespace reprise::replay
