// The summary of a run: its state as the archive keeps it.
#include <memory>
#include <utility>

#include "event/run_status.h"
#include "runtime/fold/run_state.h"

namespace reprise::runtime {
namespace {

base::RunId stored_id(std::string_view bytes) {
  return base::RunId::from_bytes(bytes).value_or(base::RunId());
}

void write(const PendingOperation& operation, proto::PendingOperation* out) {
  out->set_id(operation.id);
  out->set_kind(static_cast<std::uint32_t>(operation.kind));
  out->set_attempt(operation.attempt);
  out->set_due_ms(operation.due_ms);
  out->set_scheduled_ms(operation.scheduled_ms);
  out->set_open(operation.open);
  out->set_started(operation.started);
  out->set_cancel_asked(operation.cancel_asked);
}

PendingOperation read(const proto::PendingOperation& stored) {
  PendingOperation operation;
  operation.id = stored.id();
  operation.kind = static_cast<OperationKind>(stored.kind());
  operation.attempt = stored.attempt();
  operation.due_ms = stored.due_ms();
  operation.scheduled_ms = stored.scheduled_ms();
  operation.open = stored.open();
  operation.started = stored.started();
  operation.cancel_asked = stored.cancel_asked();
  return operation;
}

}  // namespace

void write(const Parent& parent, proto::Sender* out) {
  out->mutable_run_id()->assign(parent.run_id.bytes());
  out->set_id(parent.operation);
  if (!parent.run_id.is_text(parent.workflow_id)) out->set_workflow_id(parent.workflow_id);
}

void RunState::to_summary(proto::RunSummary* out) const {
  out->set_run_id(std::string(id.bytes()));
  const std::string_view own_id = stored_workflow_id();
  out->set_workflow_id(own_id.data(), own_id.size());
  // A run whose first record is damaged has no names.
  if (workflow != nullptr) out->set_workflow(*workflow);
  const std::string_view queue = stored_task_queue();
  out->set_task_queue(queue.data(), queue.size());
  out->set_status(static_cast<std::uint32_t>(status));
  out->set_started_ms(started_ms);
  out->set_closed_ms(closed_ms());
  out->set_events(events);
  out->set_last_seq(last_seq);
  out->set_chain(chain);
  out->set_unapplied(unapplied);
  out->set_damaged_at(damaged_at());
  if (const base::RunId from = continued_from(); from != base::RunId()) {
    out->set_continued_from(std::string(from.bytes()));
    out->set_first_run_id(std::string(first_of_chain().bytes()));
  }
  if (const base::RunId to = continued_to(); to != base::RunId()) {
    out->set_continued_to(std::string(to.bytes()));
  }
  if (has_parent()) {
    write(rare_->parent, out->mutable_parent());
    out->set_on_parent_close(rare_->on_parent_close);
    out->set_depth(rare_->depth);
  }
  if (terms() != nullptr) write(*terms(), out->mutable_terms());
  if (checkpoint() != nullptr || at_checkpoint) {
    const store::ChainEnd before = replay_after();
    proto::Checkpointed* const stored = out->mutable_checkpoint();
    stored->set_seq(before.seq);
    stored->set_chain(before.chain);
    stored->set_events(events - events_since_checkpoint());
    stored->set_due(at_checkpoint);
  }
  if (is_paused() && paused() != nullptr) {
    out->mutable_paused()->set_since_ms(paused()->since_ms);
    out->mutable_paused()->set_reason(paused()->reason);
    out->mutable_paused()->set_principal(paused()->principal);
  }
  if (origin() != nullptr) {
    out->mutable_origin()->set_run_id(std::string(origin()->run_id.bytes()));
    out->mutable_origin()->set_event(origin()->event);
    out->mutable_origin()->set_fork(origin()->fork);
  }
  if (const auto due = run_timeout_due_ms()) {
    PendingOperation limit;
    limit.kind = OperationKind::kRunTimeout;
    limit.due_ms = *due;
    write(limit, out->add_pending());
  }
  for (const PendingOperation& operation : pending_) {
    if (!operation.done) write(operation, out->add_pending());
  }
  for (proto::SettingRecorded& setting : settings().list()) {
    *out->add_settings() = std::move(setting);
  }
}

RunState RunState::from_summary(store::RunNumber number,
                                const proto::RunSummary& summary,
                                Names& names) {
  RunState state;
  state.number = number;
  state.id = stored_id(summary.run_id());
  state.name(summary.workflow_id(), summary.workflow(), summary.task_queue(), names);
  state.status = event::status_of(summary.status());
  state.started_ms = summary.started_ms();
  if (!state.open()) state.end_ms_ = summary.closed_ms();
  state.events = summary.events();
  state.last_seq = summary.last_seq();
  state.chain = summary.chain();
  state.unapplied = summary.unapplied();
  state.set_damaged_at(summary.damaged_at());
  for (const auto& setting : summary.settings()) state.publish(setting);
  if (!summary.continued_from().empty()) {
    state.rare().continued_from = stored_id(summary.continued_from());
    state.rare().first_run_id = stored_id(summary.first_run_id());
  }
  if (!summary.continued_to().empty()) {
    state.rare().continued_to = stored_id(summary.continued_to());
  }
  if (summary.has_parent()) {
    state.take_parent(summary.parent(), summary.on_parent_close(), summary.depth());
  }
  if (summary.has_paused()) {
    const proto::Paused& paused = summary.paused();
    state.rare().paused =
        std::make_unique<Paused>(Paused{paused.since_ms(), paused.reason(), paused.principal()});
  }
  if (summary.has_origin()) {
    const proto::RunOrigin& from = summary.origin();
    state.rare().origin =
        std::make_unique<Origin>(Origin{stored_id(from.run_id()), from.event(), from.fork()});
  }
  if (summary.has_terms()) state.rare().terms = read(summary.terms());
  if (summary.has_checkpoint()) {
    const proto::Checkpointed& stored = summary.checkpoint();
    state.at_checkpoint = stored.due();
    if (stored.seq() != 0) {
      state.rare().checkpoint = std::make_unique<Checkpointed>(
          Checkpointed{{number, stored.seq(), stored.chain()}, stored.events()});
    }
  }
  state.pending_.reserve(static_cast<std::size_t>(summary.pending_size()));
  for (const auto& stored : summary.pending()) {
    const PendingOperation operation = read(stored);
    if (operation.kind != OperationKind::kRunTimeout) {
      state.pending_.push_back(operation);
    } else if (state.open()) {
      state.end_ms_ = operation.due_ms;
    }
  }
  return state;
}

}  // namespace reprise::runtime
