#include "tools/event_text.h"

#include "tools/console.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

using proto::Event;

std::string number(std::uint32_t id) {
  return "#" + std::to_string(id);
}

// Text to append to other words, if it is not empty.
std::string then(const std::string& text) {
  return text.empty() ? "" : " " + text;
}

std::string input_details(const Event& event, std::size_t longest) {
  switch (event.kind_case()) {
    case Event::kRunStarted:
      return safe_text(event.run_started().workflow()) +
             then(payload_text(event.run_started().input(), longest));
    case Event::kActivityCompleted:
      return number(event.activity_completed().id()) +
             then(payload_text(event.activity_completed().result(), longest));
    case Event::kActivityFailed:
      return number(event.activity_failed().id()) + " " +
             failure_text(event.activity_failed().failure());
    case Event::kStepCompleted:
      return number(event.step_completed().id()) +
             then(payload_text(event.step_completed().result(), longest));
    case Event::kStepFailed:
      return number(event.step_failed().id()) + " " + failure_text(event.step_failed().failure());
    case Event::kTimerFired:
      return number(event.timer_fired().id());
    case Event::kSignalReceived:
      return safe_text(event.signal_received().name()) +
             then(payload_text(event.signal_received().input(), longest));
    case Event::kCancelRequested:
      return safe_text(event.cancel_requested().reason());
    case Event::kRunTerminated:
      return safe_text(event.run_terminated().reason());
    case Event::kAttemptFailed:
      return number(event.attempt_failed().id()) + " attempt " +
             std::to_string(event.attempt_failed().attempt()) + ": " +
             failure_text(event.attempt_failed().failure()) + "; next at " +
             utc_millis(event.attempt_failed().retry_at_ms());
    case Event::kHeartbeatRecorded:
      return number(event.heartbeat_recorded().id()) +
             then(payload_text(event.heartbeat_recorded().heartbeat(), longest));
    case Event::kUpdateReceived:
      return safe_text(event.update_received().name()) +
             then(payload_text(event.update_received().input(), longest));
    default:
      return {};
  }
}

std::string command_details(const Event& event, std::size_t longest) {
  switch (event.kind_case()) {
    case Event::kActivityScheduled:
      return number(event.activity_scheduled().id()) + " " +
             safe_text(event.activity_scheduled().name()) +
             then(payload_text(event.activity_scheduled().input(), longest));
    case Event::kStepScheduled:
      return number(event.step_scheduled().id()) + " " + safe_text(event.step_scheduled().name());
    case Event::kTimerStarted:
      return number(event.timer_started().id()) + " " +
             duration_text(event.timer_started().duration_ms());
    case Event::kTimerCancelled:
      return number(event.timer_cancelled().id());
    case Event::kActivityCancelRequested:
      return number(event.activity_cancel_requested().id());
    case Event::kStepAbandoned:
      return number(event.step_abandoned().id());
    case Event::kSideEffectRecorded:
      return payload_text(event.side_effect_recorded().value(), longest);
    case Event::kPatchRecorded:
      return safe_text(event.patch_recorded().change_id());
    case Event::kSignalSetAside:
      return safe_text(event.signal_set_aside().name()) + " of event " +
             std::to_string(event.signal_set_aside().event()) + ": " +
             safe_text(event.signal_set_aside().why());
    case Event::kUpdateCompleted:
      return event.update_completed().has_failure()
                 ? failure_text(event.update_completed().failure())
                 : payload_text(event.update_completed().result(), longest);
    case Event::kRunCompleted:
      return payload_text(event.run_completed().result(), longest);
    case Event::kRunFailed:
      return failure_text(event.run_failed().failure());
    default:
      return {};
  }
}

}  // namespace

std::string kind_of(const Event& event) {
  const auto* const field = Event::descriptor()->FindFieldByNumber(event.kind_case());
  return field == nullptr ? "unknown" : field->message_type()->name();
}

std::string details_of(const Event& event, std::size_t longest) {
  std::string details = input_details(event, longest);
  return details.empty() ? command_details(event, longest) : details;
}

std::string site_of(const Event& event) {
  if (!event.has_call_site()) return {};
  return safe_text(event.call_site().file()) + ":" + std::to_string(event.call_site().line());
}

std::string failure_text(const proto::Failure& failure) {
  std::string text = failure.type().empty() ? "" : safe_text(failure.type()) + ": ";
  text += failure.message().empty() ? "no message" : safe_text(failure.message());
  // An activity's failure repeats the message of its cause; the cause adds the type.
  const bool repeated = failure.kind() == proto::Failure::ACTIVITY;
  if (!failure.has_cause()) return text;
  if (!repeated) return text + "; caused by " + failure_text(failure.cause());
  return failure.cause().type().empty() ? text
                                        : text + " (" + safe_text(failure.cause().type()) + ")";
}

}  // namespace reprise::tools
