#include "tools/event_text.h"

#include "base/ids.h"
#include "event/catalogue.h"
#include "event/payload_text.h"
#include "event/text.h"
#include "tools/console.h"
#include "tools/setting_text.h"
#include "tools/time_text.h"
#include "tools/timeline.h"

namespace reprise::tools {
namespace {

using proto::Event;

// Appends words to others, with a space in between if both are not empty.
void then(const std::string& more, std::string* text) {
  if (!text->empty() && !more.empty()) *text += " ";
  *text += more;
}

// The name that its user chose, and what was decided under it.
std::string name_of(const Event& event) {
  const event::Row& row = event::row_of(event);
  if (row.called == nullptr) return {};
  return safe_text(event.has_decision_recorded() ? event::detail_of(event) : row.called(event));
}

std::string open_particulars(const proto::AttemptLeftOpen& left) {
  const std::string text = "attempt " + std::to_string(left.attempt());
  return left.limit_ms() == 0 ? text : text + "; limit at " + utc_millis(left.limit_ms());
}

// Who ended the attempt, if it was not its worker.
std::string elsewhere_in(const Event& event) {
  const bool elsewhere =
      event.activity_completed().elsewhere() || event.activity_failed().elsewhere();
  return elsewhere ? "elsewhere" : "";
}

std::string id_text(const std::string& bytes) {
  return base::RunId::from_bytes(bytes).value_or(base::RunId()).to_string();
}

std::string delay_text(const proto::RunStarted& started) {
  if (started.delayed_until_ms() <= 0) return {};
  return "delayed until " + utc_millis(started.delayed_until_ms());
}

// The end of a run that is tried again.
std::string retry_text(const std::string& next_run_id, std::int64_t retry_in_ms) {
  if (next_run_id.empty()) return {};
  return "; retried in " + duration_text(retry_in_ms) + " as run " + id_text(next_run_id);
}

// Where it comes from, and what it has taken along.
std::string chain_text(const proto::RunStarted& started) {
  std::string text = delay_text(started);
  if (started.continued_from_run_id().empty()) return text;
  const bool retries = started.attempt() > 1;
  then(retries ? "attempt " + std::to_string(started.attempt()) + ", retries run"
               : std::string("continues run"),
       &text);
  then(id_text(started.continued_from_run_id()), &text);
  if (started.carried() > 0) {
    text += " with " + std::to_string(started.carried()) + " of its inputs";
  }
  return text;
}

std::string parent_text(const proto::RunStarted& started) {
  if (!started.has_parent()) return {};
  const proto::Sender& parent = started.parent();
  return "child of " + (parent.workflow_id().empty() ? id_text(parent.run_id())
                                                     : safe_text(parent.workflow_id()));
}

std::string on_cancel_text(const proto::ActivityScheduled& scheduled) {
  const std::string mode = on_cancel_name(scheduled.on_cancel());
  return mode.empty() ? mode : "on_cancel " + mode;
}

// What it has taken along.
std::string checkpoint_text(const proto::CheckpointTaken& taken) {
  std::string text = "replay begins here";
  if (taken.start().carried() > 0) {
    text += ", with " + std::to_string(taken.start().carried()) + " inputs from before";
  }
  return text + (taken.cancelled() ? ", cancelled" : "");
}

// Text that only one kind has.
std::string particulars_of(const Event& event) {
  if (event.has_timer_started()) return duration_text(event.timer_started().duration_ms());
  if (const std::string sender = sender_in(event); !sender.empty()) {
    return "from " + safe_text(sender);
  }
  if (event.has_run_started()) {
    std::string text = chain_text(event.run_started());
    then(parent_text(event.run_started()), &text);
    return text;
  }
  if (event.has_activity_scheduled()) return on_cancel_text(event.activity_scheduled());
  if (event.has_checkpoint_taken()) return checkpoint_text(event.checkpoint_taken());
  if (event.has_child_scheduled()) return "as " + safe_text(event.child_scheduled().workflow_id());
  if (event.has_child_started()) {
    return (event.child_started().existing() ? "with run " : "as run ") +
           id_text(event.child_started().run_id());
  }
  if (event.has_run_continued_as_new()) {
    return "as run " + id_text(event.run_continued_as_new().run_id());
  }
  if (event.has_signal_sent()) return "to " + safe_text(event.signal_sent().workflow_id());
  if (event.has_cancel_sent()) return "to " + safe_text(event.cancel_sent().workflow_id());
  if (event.has_attempt_failed()) {
    const std::string attempt = "attempt " + std::to_string(event.attempt_failed().attempt());
    return attempt + (event.attempt_failed().elsewhere() ? " elsewhere:" : ":");
  }
  if (event.has_update_received()) return "id " + safe_text(event.update_received().update_id());
  if (event.has_update_completed()) return "id " + safe_text(event.update_completed().update_id());
  if (event.has_transaction_completed()) {
    return "rows changed: " + std::to_string(event.transaction_completed().changes_size());
  }
  if (event.has_attempt_left_open()) return open_particulars(event.attempt_left_open());
  if (!event.has_signal_set_aside()) return {};
  return "of event " + std::to_string(event.signal_set_aside().event()) + ":";
}

// What a start gives its run to publish.
std::string settings_of(const Event& event, std::size_t longest) {
  std::string text;
  for (const auto& setting : event.run_started().settings()) {
    text += (text.empty() ? "" : ", ") + setting_text(setting, longest);
  }
  return text.empty() ? text : "publishes " + text;
}

// Its outcome, or its payload.
std::string content_of(const Event& event, std::size_t longest) {
  const event::Row& row = event::row_of(event);
  const proto::Failure* failure = row.failure != nullptr ? row.failure(event) : nullptr;
  if (failure != nullptr) return failure_text(*failure);
  return row.payload != nullptr ? event::payload_text(row.payload(event), longest) : std::string();
}

}  // namespace

std::string on_cancel_name(proto::ActivityScheduled::OnCancel mode) {
  if (mode == proto::ActivityScheduled::WAIT) return "wait";
  return mode == proto::ActivityScheduled::ABANDON ? "abandon" : "";
}

std::string kind_of(const Event& event) {
  const event::Row& row = event::row_of(event);
  return row.role == event::Role::kUnknown ? "unknown" : std::string(row.name);
}

std::string details_of(const Event& event, std::size_t longest, Principal principal) {
  if (event.has_setting_recorded()) return setting_text(event.setting_recorded(), longest);
  const event::Row& row = event::row_of(event);
  std::string text = event::id_of(event);
  then(name_of(event), &text);
  then(particulars_of(event), &text);
  then(elsewhere_in(event), &text);
  then(content_of(event, longest), &text);
  then(settings_of(event, longest), &text);
  if (row.remark != nullptr) then(safe_text(row.remark(event)), &text);
  if (event.has_run_failed()) {
    text += retry_text(event.run_failed().next_run_id(), event.run_failed().retry_in_ms());
  }
  if (event.has_run_timed_out()) {
    const proto::RunTimedOut& limit = event.run_timed_out();
    if (limit.chain()) then("execution_timeout", &text);
    text += retry_text(limit.next_run_id(), limit.retry_in_ms());
  }
  const bool named = row.principal != nullptr && !row.principal(event).empty();
  if (named && principal == Principal::kShown) {
    then("by " + safe_text(row.principal(event)), &text);
  }
  if (!event.has_attempt_failed()) return text;
  return text + "; next at " + utc_millis(event.attempt_failed().retry_at_ms());
}

}  // namespace reprise::tools
