// What is wrong, and who did what.
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/place_holder.h"
#include "event/failure_text.h"
#include "event/payload_json.h"
#include "event/text.h"
#include "reprise/client.h"
#include "runtime/engine/audit_reader.h"
#include "sdk/src/client/run_link.h"
#include "sdk/src/errors.h"
#include "sdk/src/service/service.h"

namespace reprise {
namespace {

namespace verb = runtime::verb;

IncidentKind to_public(runtime::Incident::Kind kind) {
  switch (kind) {
    case runtime::Incident::Kind::kQuarantined:
      return IncidentKind::kQuarantined;
    case runtime::Incident::Kind::kParked:
      return IncidentKind::kParked;
    case runtime::Incident::Kind::kActivityFailing:
      return IncidentKind::kActivityFailing;
    case runtime::Incident::Kind::kBreakerOpen:
      break;
  }
  return IncidentKind::kBreakerOpen;
}

std::optional<Time> time_of(std::int64_t ms) {
  return ms == 0 ? std::nullopt : std::optional(base::from_ms(ms));
}

Incident to_public(runtime::Incident&& from, const std::string& directory) {
  Incident to{.kind = to_public(from.kind),
              .code = internal::code_text(from.code),
              .cause = std::move(from.cause),
              .workflow_id = from.workflow_id,
              .run_id = {},
              .workflow = from.workflow,
              .task_queue = from.task_queue,
              .since = time_of(from.since_ms),
              .place = from.place,
              .activity = from.activity,
              .operation = from.operation,
              .failures = from.failures,
              .until = time_of(from.until_ms),
              .held_back = from.held_back,
              .resolve = runtime::command_for(from, directory.empty() ? "STORE" : directory)};
  if (from.run_id != base::RunId()) to.run_id = from.run_id.to_string();
  return to;
}

Actor to_public(runtime::Actor actor) {
  switch (actor) {
    case runtime::Actor::kClient:
      return Actor::kClient;
    case runtime::Actor::kRun:
      return Actor::kRun;
    case runtime::Actor::kCode:
      return Actor::kCode;
    case runtime::Actor::kWorker:
      return Actor::kWorker;
    case runtime::Actor::kEngine:
      break;
  }
  return Actor::kEngine;
}

AuditEntry to_public(const runtime::AuditEntry& from) {
  const proto::Event& event = from.event;
  const event::Row& row = event::row_of(event);
  AuditEntry to{.event = from.number,
                .time = base::from_ms(from.time_ms),
                .kind = std::string(row.name),
                .by = to_public(from.actor),
                .principal = from.principal,
                .run = from.other_run,
                .name = from.name,
                .reason = {},
                .failure = {},
                .payload_name = {},
                .payload = {},
                .place = event::place_of(event),
                .copied_from = from.copied_from};
  if (row.id != nullptr) to.operation = row.id(event);
  if (event.has_attempt_failed()) to.attempt = static_cast<int>(event.attempt_failed().attempt());
  if (event.has_decision_recorded()) to.outcome = event.decision_recorded().outcome();
  if (row.remark != nullptr) to.reason = row.remark(event);
  const proto::Failure* const failure = row.failure != nullptr ? row.failure(event) : nullptr;
  if (failure != nullptr && failure->ByteSizeLong() != 0) {
    to.failure = event::failure_text(*failure);
  }
  if (row.payload != nullptr && !row.payload(event).empty()) {
    to.payload_name = runtime::payload_name(row, event);
    if (base::place_holder_text(row.payload(event))) return to;  // no content for a program
    to.payload = event::payload_json(row.payload(event))
                     .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  return to;
}

[[noreturn]] void refuse(const std::string& why) {
  throw InvalidOption(internal::code_text(base::ErrorCode::kInvalidOption), why);
}

}  // namespace

std::vector<Incident> Client::incidents(const IncidentOptions& options) const {
  if (options.failures < 1) {
    refuse("IncidentOptions::failures is " + std::to_string(options.failures) +
           "; it must be at least 1");
  }
  runtime::ClientService& service = *service_->clients;
  const auto troubles = internal::value_or_throw(
      internal::ask(service, verb::FindTroubles{static_cast<std::uint32_t>(options.failures)}));
  auto found =
      internal::value_or_throw(internal::ask(service, verb::Explain{troubles, options.limit}));
  std::vector<Incident> incidents;
  incidents.reserve(found.size());
  for (auto& each : found) {
    incidents.push_back(to_public(std::move(each), service_->directory));
  }
  return incidents;
}

AuditPage RunHandle::audit(const AuditOptions& options) const {
  if (options.limit < 1 || options.limit > kMaxAuditEntries) {
    refuse("AuditOptions::limit is " + std::to_string(options.limit) + "; it must be 1 to " +
           std::to_string(kMaxAuditEntries));
  }
  const auto history = internal::value_or_throw(link_->ask(verb::FindHistory{.key = link_->key()}));
  const auto found =
      internal::value_or_throw(link_->ask(verb::Audit{.history = history,
                                                      .limit = options.limit,
                                                      .before = options.before,
                                                      .technical = options.technical}));
  AuditPage page;
  page.next = found->next;
  page.entries.reserve(found->entries.size());
  for (const auto& entry : found->entries) page.entries.push_back(to_public(entry));
  return page;
}

}  // namespace reprise
