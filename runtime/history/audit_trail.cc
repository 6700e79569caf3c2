#include "runtime/history/audit_trail.h"

#include <algorithm>
#include <utility>

#include <google/protobuf/descriptor.h>

#include "base/ids.h"

namespace reprise::runtime {
namespace {

using event::Role;
using event::Row;
using proto::Event;

constexpr Event::KindCase kTechnicalKinds[] = {
    Event::kTimerStarted,    Event::kTimerFired,         Event::kTimerCancelled,
    Event::kPatchRecorded,   Event::kSideEffectRecorded, Event::kDelayEnded,
    Event::kCheckpointTaken, Event::kHeartbeatRecorded,  Event::kAttemptLeftOpen,
};

const proto::Sender* sender_of_input(const Event& event) {
  if (event.signal_received().has_sender()) return &event.signal_received().sender();
  if (event.cancel_requested().has_sender()) return &event.cancel_requested().sender();
  if (event.run_started().has_parent()) return &event.run_started().parent();
  return nullptr;
}

std::string run_text(const proto::Sender& sender) {
  if (!sender.workflow_id().empty()) return sender.workflow_id();
  const auto id = base::RunId::from_bytes(sender.run_id());
  return id ? id->to_string() : std::string();
}

bool ended_elsewhere(const Event& event) {
  return event.activity_completed().elsewhere() || event.activity_failed().elsewhere() ||
         event.attempt_failed().elsewhere();
}

bool is_of_child(const Event& event) {
  return event.has_child_started() || event.has_child_completed() || event.has_child_failed() ||
         event.has_message_delivered() || event.has_message_refused();
}

// The engine ends an attempt at a limit, and those that its process had under way.
bool is_engine_failure(const Row& row, const Event& event) {
  const proto::Failure* const failure = row.failure != nullptr ? row.failure(event) : nullptr;
  if (failure == nullptr) return false;
  const bool nested = failure->kind() == proto::Failure::ACTIVITY && failure->has_cause();
  const proto::Failure& cause = nested ? failure->cause() : *failure;
  return cause.kind() == proto::Failure::TIMEOUT || cause.type() == "ProcessDied";
}

}  // namespace

std::string_view to_string(Actor actor) {
  switch (actor) {
    case Actor::kClient:
      return "client";
    case Actor::kRun:
      return "run";
    case Actor::kCode:
      return "code";
    case Actor::kWorker:
      return "worker";
    case Actor::kEngine:
      break;
  }
  return "engine";
}

bool is_technical(const Row& row) {
  return std::find(std::begin(kTechnicalKinds), std::end(kTechnicalKinds), row.kind) !=
         std::end(kTechnicalKinds);
}

Actor actor_of(const Row& row, const Event& event) {
  if (row.role == Role::kCommand) return Actor::kCode;
  // A schedule's run has the principal of its creator too.
  if (sender_of_input(event) != nullptr || is_of_child(event)) return Actor::kRun;
  if (row.principal != nullptr && !row.principal(event).empty()) return Actor::kClient;
  // A reset continues a chain, too: the client of its start is that of the run that was reset.
  const bool continues = event.has_run_started() && !event.run_started().has_origin() &&
                         !event.run_started().continued_from_run_id().empty();
  if (continues) {
    return event.run_started().attempt() > 1 ? Actor::kEngine : Actor::kCode;
  }
  if (row.answers == event::Answer::kNone) {
    return row.principal != nullptr ? Actor::kClient : Actor::kEngine;
  }
  if (ended_elsewhere(event)) return Actor::kClient;
  if (event.has_timer_fired() || is_engine_failure(row, event)) return Actor::kEngine;
  return Actor::kWorker;
}

void OperationNames::note(const Row& row, const Event& event) {
  constexpr std::uint32_t kMostIds = 1U << 28;  // of a history that was made up
  if (row.opens == event::Operation::kNone || row.id == nullptr || row.called == nullptr) return;
  const std::uint32_t id = row.id(event);
  if (id >= kMostIds || id > by_id_.size() + (1U << 20)) return;
  const auto [known, added] = numbers_.try_emplace(row.called(event), names_.size());
  if (added) names_.push_back(&known->first);
  if (by_id_.size() <= id) by_id_.resize(id + 1);
  by_id_[id] = known->second + 1;
}

std::string_view OperationNames::name_of(const Row& row, const Event& event) const {
  if (row.called != nullptr) return row.called(event);
  const std::uint32_t id = row.id != nullptr ? row.id(event) : 0;
  if (id >= by_id_.size() || by_id_[id] == 0) return {};
  return *names_[by_id_[id] - 1];
}

std::string payload_name(const Row& row, const Event& event) {
  const google::protobuf::Message& body = row.body(event);
  const std::string& payload = row.payload(event);
  for (int i = 0; i < body.GetDescriptor()->field_count(); ++i) {
    const auto* const field = body.GetDescriptor()->field(i);
    if (field->type() != google::protobuf::FieldDescriptor::TYPE_BYTES) continue;
    std::string scratch;
    if (&body.GetReflection()->GetStringReference(body, field, &scratch) == &payload) {
      return field->name();
    }
  }
  return "payload";
}

AuditEntry make_audit_entry(const Row& row,
                            const Event& event,
                            std::int64_t time_ms,
                            std::uint64_t number,
                            const OperationNames& names) {
  AuditEntry entry{.number = number, .time_ms = time_ms, .actor = actor_of(row, event)};
  if (row.principal != nullptr) entry.principal = row.principal(event);
  if (const proto::Sender* const sender = sender_of_input(event)) {
    entry.other_run = run_text(*sender);
  }
  entry.name = names.name_of(row, event);
  entry.event = event;
  return entry;
}

}  // namespace reprise::runtime
