#include "tools/run_text.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/place.h"
#include "base/printable_text.h"
#include "event/payload_json.h"
#include "event/setting.h"
#include "tools/event_text.h"
#include "tools/setting_text.h"
#include "tools/time_text.h"

namespace reprise::tools {

using nlohmann::json;
using runtime::RunStatus;

Colour colour_of(RunStatus status) {
  switch (status) {
    case RunStatus::kCompleted:
    case RunStatus::kContinuedAsNew:
      return Colour::kGreen;
    case RunStatus::kRunning:
    case RunStatus::kPaused:
      return Colour::kYellow;
    case RunStatus::kFailed:
    case RunStatus::kCancelled:
    case RunStatus::kTerminated:
    case RunStatus::kTimedOut:
      break;
  }
  return Colour::kRed;
}

Colour colour_of(Operation::State state) {
  constexpr Colour kColours[] = {Colour::kGreen, Colour::kYellow, Colour::kRed, Colour::kFaint,
                                 Colour::kRed};
  return kColours[static_cast<std::size_t>(state)];
}

std::string title_of(const runtime::RunState& run) {
  if (!run.workflow_id.empty()) return safe_text(run.workflow_id);
  return "(run number " + std::to_string(run.number) + ")";
}

namespace {

void add_terms(const runtime::RunState& run, json* shown) {
  const runtime::RunTerms* const terms = run.terms();
  if (terms == nullptr) return;
  if (terms->execution_due_ms > 0) (*shown)["execution_limit"] = utc_iso(terms->execution_due_ms);
  if (!terms->request_id.empty()) (*shown)["request_id"] = terms->request_id;
  if (terms->retry == nullptr) return;
  (*shown)["retry"] = {{"initial_interval_ms", terms->retry->initial_interval_ms()},
                       {"backoff_coefficient", terms->retry->backoff_coefficient()},
                       {"maximum_interval_ms", terms->retry->maximum_interval_ms()},
                       {"maximum_attempts", terms->retry->maximum_attempts()}};
}

}  // namespace

json run_json(const runtime::RunState& run, const std::string* damage, const base::Error* parked) {
  json shown = {{"status", to_string(run.status)},  {"workflow", *run.workflow},
                {"workflow_id", run.workflow_id},   {"run_id", run.id.to_string()},
                {"task_queue", *run.task_queue},    {"events", run.events},
                {"unapplied_inputs", run.unapplied}};
  if (run.started_ms != 0) shown["started"] = utc_iso(run.started_ms);
  if (run.closed_ms() != 0) {
    shown["closed"] = utc_iso(run.closed_ms());
    shown["duration_ms"] = base::sub_sat(run.closed_ms(), run.started_ms);
  }
  if (run.checkpoint() != nullptr) shown["replayed_from"] = run.checkpoint()->events + 1;
  if (!run.settings().empty()) shown["settings"] = settings_json(run.settings());
  if (run.continued_from() != base::RunId()) {
    shown["continued_from"] = run.continued_from().to_string();
  }
  if (run.in_chain()) shown["first_run_id"] = run.first_of_chain().to_string();
  if (run.continued_to() != base::RunId()) shown["continued_to"] = run.continued_to().to_string();
  if (const runtime::Parent* const parent = run.parent(); parent != nullptr) {
    shown["parent"] = {{"workflow_id", parent->workflow_id},
                       {"run_id", parent->run_id.to_string()},
                       {"operation", parent->operation}};
  }
  if (run.attempt() > 1) shown["attempt"] = run.attempt();
  if (run.delayed_until_ms() > 0) shown["delayed_until"] = utc_iso(run.delayed_until_ms());
  if (run.is_paused() && run.paused() != nullptr) {
    shown["paused"] = {{"since", utc_iso(run.paused()->since_ms)},
                       {"reason", run.paused()->reason},
                       {"principal", run.paused()->principal}};
  }
  if (run.origin() != nullptr) {
    shown["origin"] = {{"run_id", run.origin()->run_id.to_string()},
                       {"event", run.origin()->event},
                       {"fork", run.origin()->fork}};
  }
  add_terms(run, &shown);
  if (damage != nullptr) shown["quarantined"] = *damage;
  if (parked != nullptr) {
    shown["parked"] = {{"code", base::to_string(parked->code)}, {"report", parked->message}};
  }
  return shown;
}

std::string open_text(const Operation& operation, std::int64_t now_ms) {
  std::string text = "(attempt " + std::to_string(operation.attempts()) + ", for " +
                     duration_text(base::sub_sat(now_ms, operation.open_since_ms));
  if (operation.limit_ms == 0) return text + ", without a limit)";
  const std::int64_t left_ms = base::sub_sat(operation.limit_ms, now_ms);
  return text +
         (left_ms > 0 ? ", limit in " + duration_text(left_ms) + ")" : ", its limit has passed)");
}

std::string cancel_text(const Operation& operation, std::int64_t now_ms) {
  return "cancel requested " + duration_text(base::sub_sat(now_ms, operation.cancel_asked_ms)) +
         " ago; the code waits for the end of its attempt";
}

std::string other_run_text(const Operation& operation) {
  if (operation.receiver.empty()) return {};
  const char* const link = operation.kind == Operation::Kind::kChild ? " as " : " to ";
  return link + safe_text(operation.receiver);
}

std::string paused_text(const runtime::RunState& run) {
  const runtime::Paused& paused = *run.paused();
  std::string text = "since " + utc_millis(paused.since_ms);
  if (!paused.principal.empty()) text += " by " + safe_text(paused.principal);
  if (!paused.reason.empty()) text += ": " + safe_text(paused.reason);
  return text;
}

std::string origin_text(const runtime::Origin& origin) {
  return "run " + origin.run_id.to_string() + ", before event " + std::to_string(origin.event);
}

std::string parent_text(const runtime::Parent& parent) {
  return safe_text(parent.workflow_id) + " (" + parent.run_id.to_string() + ")";
}

json operation_json(const Operation& operation) {
  json shown = {{"kind", to_string(operation.kind)},
                {"state", to_string(operation.state)},
                {"event", operation.event},
                {"began", utc_iso(operation.began_ms)}};
  if (operation.id != 0) shown["id"] = operation.id;
  if (!operation.name.empty()) shown["name"] = operation.name;
  if (!operation.file.empty()) {
    shown["call_site"] = base::place_text(operation.file, operation.line);
  }
  if (operation.has_ended()) {
    shown["ended"] = utc_iso(operation.ended_ms);
    shown["duration_ms"] = base::sub_sat(operation.ended_ms, operation.began_ms);
  }
  if (!operation.sender.empty()) shown["sender"] = operation.sender;
  if (!operation.receiver.empty()) shown["receiver"] = operation.receiver;
  if (operation.due_ms != 0) shown["fires"] = utc_iso(operation.due_ms);
  if (!operation.input.empty()) shown["input"] = event::payload_json(operation.input);
  if (!operation.result.empty()) shown["result"] = event::payload_json(operation.result);
  if (!operation.heartbeat.empty()) shown["heartbeat"] = event::payload_json(operation.heartbeat);
  if (operation.is_open()) {
    shown["left_open"] = {{"since", utc_iso(operation.open_since_ms)}};
    if (operation.limit_ms != 0) shown["left_open"]["limit"] = utc_iso(operation.limit_ms);
  }
  if (const std::string mode = on_cancel_name(operation.limits.on_cancel()); !mode.empty())
    shown["on_cancel"] = mode;
  if (operation.cancel_asked_ms != 0) shown["cancel_asked"] = utc_iso(operation.cancel_asked_ms);
  if (operation.outcome) shown["outcome"] = *operation.outcome;
  if (operation.again) shown["unread_before"] = true;
  if (operation.setting) {
    shown["type"] = event::to_string(operation.setting->type());
    shown["value"] = setting_value_json(*operation.setting);
  }
  if (!operation.refused.empty()) shown["refused"] = operation.refused;
  if (operation.is_attempted()) shown["attempts"] = operation.attempts();
  for (const FailedAttempt& failed : operation.failures) {
    json failure = {{"at", utc_iso(failed.at_ms)}, {"failure", failure_text(failed.failure)}};
    if (failed.number != 0) failure["attempt"] = failed.number;
    if (failed.next_ms != 0) failure["next_attempt"] = utc_iso(failed.next_ms);
    shown["failures"].push_back(std::move(failure));
  }
  return shown;
}

std::string dump(const json& value, int indent) {
  return base::printable_json(value.dump(indent, ' ', false, json::error_handler_t::replace));
}

void print_json(const json& value) {
  std::printf("%s\n", dump(value, 2).c_str());
}

void print_field(const Paint& paint,
                 const std::string& name,
                 const std::string& value,
                 Colour colour) {
  constexpr std::size_t kWidth = 10;
  std::string label = name;
  if (label.size() < kWidth) label.resize(kWidth, ' ');
  std::printf("%s%s\n", paint(Colour::kFaint, label).c_str(), paint(colour, value).c_str());
}

}  // namespace reprise::tools
