#include "event/kind_parts.h"

#include <string>

#include "event/setting.h"
#include "event/text.h"

namespace reprise::event {

using proto::DecisionRecorded;
using proto::Event;
using proto::SettingRecorded;
using proto::UpdateCompleted;

std::string timer_detail(const Event& event) {
  return short_duration(event.timer_started().duration_ms());
}

std::string decision_detail(const Event& event) {
  const DecisionRecorded& decision = event.decision_recorded();
  return decision.what() + (decision.outcome() ? ": true" : ": false");
}

// An attribute shows its type, because that is compared too.
std::string setting_detail(const Event& event) {
  const SettingRecorded& setting = event.setting_recorded();
  if (setting.type() == SettingRecorded::VALUE) return setting.name();
  return setting.name() + " (" + std::string(to_string(setting.type())) + ")";
}

std::string attempt_detail(const Event& event) {
  return "#" + std::to_string(event.attempt_failed().id()) + " attempt " +
         std::to_string(event.attempt_failed().attempt());
}

std::string open_attempt_detail(const Event& event) {
  return "#" + std::to_string(event.attempt_left_open().id()) + " attempt " +
         std::to_string(event.attempt_left_open().attempt());
}

std::string update_detail(const Event& event) {
  return event.update_completed().update_id();
}

const proto::Failure* update_failure(const Event& event) {
  const UpdateCompleted& update = event.update_completed();
  return update.has_failure() ? &update.failure() : nullptr;
}

std::string signal_sent_detail(const Event& event) {
  return event.signal_sent().name() + " to " + event.signal_sent().workflow_id();
}

std::string cancel_sent_detail(const Event& event) {
  return "to " + event.cancel_sent().workflow_id();
}

std::string child_detail(const Event& event) {
  return event.child_scheduled().workflow() + " as " + event.child_scheduled().workflow_id();
}

std::string transaction_detail(const Event& event) {
  const proto::TransactionCompleted& completed = event.transaction_completed();
  return "#" + std::to_string(completed.id()) +
         ", rows changed: " + std::to_string(completed.changes_size());
}

std::string reset_detail(const Event& event) {
  return "to event " + std::to_string(event.run_reset().event());
}

std::string fork_detail(const Event& event) {
  const proto::RunForked& forked = event.run_forked();
  return "at event " + std::to_string(forked.event()) + " of " + forked.from_workflow_id();
}

void outline_activity(const Event& event, Event* out) {
  out->mutable_activity_scheduled()->set_name(event.activity_scheduled().name());
}

void outline_step(const Event& event, Event* out) {
  out->mutable_step_scheduled()->set_name(event.step_scheduled().name());
}

void outline_continued(const Event& event, Event* out) {
  out->mutable_run_continued_as_new()->set_workflow(event.run_continued_as_new().workflow());
}

void outline_update(const Event& event, Event* out) {
  out->mutable_update_completed()->set_update_id(event.update_completed().update_id());
}

void outline_signal_sent(const Event& event, Event* out) {
  *out->mutable_signal_sent() = event.signal_sent();
  out->mutable_signal_sent()->clear_input();
  out->mutable_signal_sent()->clear_headers();
}

void outline_child(const Event& event, Event* out) {
  *out->mutable_child_scheduled() = event.child_scheduled();
  out->mutable_child_scheduled()->clear_input();
  out->mutable_child_scheduled()->clear_settings();
  out->mutable_child_scheduled()->clear_headers();
}

void outline_set_aside(const Event& event, Event* out) {
  out->mutable_signal_set_aside()->set_name(event.signal_set_aside().name());
}

void outline_setting(const Event& event, Event* out) {
  out->mutable_setting_recorded()->set_name(event.setting_recorded().name());
  out->mutable_setting_recorded()->set_type(event.setting_recorded().type());
}

}  // namespace reprise::event
