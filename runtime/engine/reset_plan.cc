#include "runtime/engine/reset_plan.h"

#include <algorithm>
#include <utility>

#include "event/catalogue.h"
#include "event/text.h"
#include "event/turn.h"
#include "runtime/engine/failed_at.h"

namespace reprise::runtime {
namespace {

using base::Error;
using base::ErrorCode;
using event::Answer;
using proto::Event;
using proto::RunReset;
using proto::Turn;

std::uint64_t size_of(const Turn& turn) {
  return static_cast<std::uint64_t>(turn.inputs_size()) +
         static_cast<std::uint64_t>(turn.commands_size());
}

// With what the code is called: a run's start, or what follows a checkpoint; nullptr: not here.
const proto::RunStarted* opening_of(const Turn& turn) {
  if (turn.inputs_size() == 0) return nullptr;
  if (turn.inputs(0).has_run_started()) return &turn.inputs(0).run_started();
  const proto::CheckpointTaken* const taken = event::segment_start(turn);
  return taken == nullptr ? nullptr : &taken->start();
}

std::uint32_t changed_rows(const proto::TransactionCompleted& completed) {
  return static_cast<std::uint32_t>(completed.changes_size()) + completed.changed_before();
}

std::string table_in(const proto::TransactionCompleted& completed) {
  return completed.changes_size() == 0 ? "" : " (table '" + completed.changes(0).table() + "')";
}

// The rows are changed once, by the record of the old run.
void leave_out_changes(proto::TransactionCompleted* completed) {
  completed->set_changed_before(changed_rows(*completed));
  completed->clear_changes();
}

class Planner {
 public:
  Planner(std::vector<Turn>&& history, const ResetRequest& request)
      : history_(std::move(history)), request_(request) {}

  base::Result<ResetPlan> plan() {
    if (const base::Status found = find_event(); !found) return found.error();
    cut();
    if (plan_.prefix.empty()) {
      return Error{ErrorCode::kStoreDamaged, "the history has no whole start of the run"};
    }
    fold_prefix();
    if (const base::Status good = give_results(); !good) return good.error();
    if (const base::Status good = look_at_rest(); !good) return good.error();
    if (const base::Status good = look_at_pending(); !good) return good.error();
    return std::move(plan_);
  }

 private:
  // ---- where ----------------------------------------------------------------------------------

  base::Status find_event() {
    for (const Turn& turn : history_) events_ += size_of(turn);
    if (request_.event > events_) {
      return Error{ErrorCode::kNoSuchEvent, "event " + std::to_string(request_.event) +
                                                " does not exist: the history has " +
                                                std::to_string(events_) + " events, from 1"};
    }
    plan_.event = request_.event;
    if (plan_.event != 0) return {};
    return request_.fork ? find_first_result() : find_failure();
  }

  base::Status find_failure() {
    const auto failed = failed_at(history_);
    if (!failed) return failed.error();
    plan_.event = failed->event;
    plan_.restart = true;
    failed_operation_ = failed->operation;
    return {};
  }

  base::Status find_first_result() {
    if (request_.results.empty()) {
      return Error{ErrorCode::kNoSuchEvent,
                   "a fork needs an event, from 1, or a result of an operation that is replaced: "
                   "the history has " +
                       std::to_string(events_) + " events"};
    }
    std::uint64_t number = 0;
    for (const Turn& turn : history_) {
      for (const Event& input : turn.inputs()) {
        ++number;
        const event::Row& row = event::row_of(input);
        if (plan_.event != 0 || !event::finishes(row.answers)) continue;
        if (request_.results.contains(row.id(input))) plan_.event = number;
      }
      number += static_cast<std::uint64_t>(turn.commands_size());
    }
    // None has ended: the whole history is copied.
    if (plan_.event == 0) plan_.event = events_ + 1;
    return {};
  }

  // ---- the prefix -----------------------------------------------------------------------------

  // Turns before the event's. What the code was called with belongs to them: without that there is
  // no code to go on.
  void cut() {
    std::uint64_t before = 0;
    std::size_t own = 0;  // the event's turn
    while (own < history_.size() && before + size_of(history_[own]) < plan_.event) {
      before += size_of(history_[own++]);
    }
    std::size_t from = own;
    std::uint64_t inputs = 0;
    for (std::size_t i = 0; i < history_.size() && i <= own; ++i) {
      const proto::RunStarted* const opening = opening_of(history_[i]);
      if (opening == nullptr) continue;
      std::uint64_t missing = 1 + std::uint64_t{opening->carried()};
      std::size_t end = i;
      while (end < history_.size() && missing > inputs_of(end)) missing -= inputs_of(end++);
      if (end < own || end >= history_.size()) continue;
      if (own < i) continue;
      from = end;  // the event is in the opening, or in the turn that has its last input
      inputs = missing;
    }
    plan_.prefix.assign(
        std::make_move_iterator(history_.begin()),
        std::make_move_iterator(history_.begin() + static_cast<std::ptrdiff_t>(from)));
    history_.erase(history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(from));
    if (inputs > 0) split(static_cast<int>(inputs));
  }

  std::uint64_t inputs_of(std::size_t turn) const {
    return static_cast<std::uint64_t>(history_[turn].inputs_size());
  }

  // So many inputs of the next turn belong to the prefix. Their turn runs no code: that is what the
  // new run goes on with.
  void split(int inputs) {
    Turn& rest = history_.front();
    Turn& opening = plan_.prefix.emplace_back();
    opening.set_time_ms(rest.time_ms());
    opening.set_without_code(true);
    for (int i = 0; i < inputs; ++i) opening.add_inputs()->Swap(rest.mutable_inputs(i));
    rest.mutable_inputs()->DeleteSubrange(0, inputs);
  }

  void fold_prefix() {
    for (const Turn& turn : plan_.prefix) {
      state_.apply(turn, names_);
      plan_.time_ms = std::max(plan_.time_ms, turn.time_ms());
      for (const Event& input : turn.inputs()) {
        if (input.has_update_received()) plan_.updates.insert(input.update_received().update_id());
      }
    }
    plan_.paused = state_.is_paused();
  }

  // ---- results that are given -----------------------------------------------------------------

  base::Status give_results() {
    for (const auto& [id, result] : request_.results) {
      const PendingOperation* const operation = state_.find(id);
      if (operation == nullptr) return no_operation(id);
      Event& answer = plan_.inputs.emplace_back();
      switch (operation->kind) {
        case OperationKind::kActivity:
          answer.mutable_activity_completed()->set_id(id);
          answer.mutable_activity_completed()->set_result(result);
          continue;
        case OperationKind::kStep:
        case OperationKind::kShardStep:
          answer.mutable_step_completed()->set_id(id);
          answer.mutable_step_completed()->set_result(result);
          continue;
        case OperationKind::kTransaction:
          answer.mutable_transaction_completed()->set_id(id);
          answer.mutable_transaction_completed()->set_result(result);
          continue;
        case OperationKind::kChild:
          answer.mutable_child_completed()->set_id(id);
          answer.mutable_child_completed()->set_result(result);
          continue;
        case OperationKind::kTimer:
        case OperationKind::kRunTimeout:
        case OperationKind::kMessage:
          return Error{ErrorCode::kForkResult, "operation " + std::to_string(id) +
                                                   " is a timer or a message, which has no result"};
      }
    }
    return {};
  }

  Error no_operation(std::uint32_t id) const {
    std::uint64_t number = 0;
    for (const Turn& turn : plan_.prefix) {
      for (const Event& input : turn.inputs()) {
        ++number;
        const event::Row& row = event::row_of(input);
        if (!event::finishes(row.answers) || row.id(input) != id) continue;
        return {ErrorCode::kForkResult,
                "operation " + std::to_string(id) + " has ended before the fork, at event " +
                    std::to_string(number) + ": fork at that event, or at none"};
      }
      number += static_cast<std::uint64_t>(turn.commands_size());
    }
    return {ErrorCode::kForkResult, "there is no operation " + std::to_string(id) +
                                        " under way before event " + std::to_string(plan_.event) +
                                        "; `reprise history` shows their numbers"};
  }

  // ---- what is taken along from the rest ------------------------------------------------------

  base::Status look_at_rest() {
    std::uint64_t repeated = 0;
    std::uint64_t number = prefix_events();
    for (const Turn& turn : history_) {
      for (const Event& input : turn.inputs()) {
        ++number;
        if (input.has_checkpoint_taken()) {
          const proto::RunStarted& start = input.checkpoint_taken().start();
          repeated = start.carried() - std::min(start.carried(), start.carried_new());
          continue;
        }
        if (repeated > 0) {
          --repeated;
          continue;
        }
        if (const base::Status good = look_at(input, number); !good) return good;
      }
      number += static_cast<std::uint64_t>(turn.commands_size());
    }
    return {};
  }

  std::uint64_t prefix_events() const {
    std::uint64_t events = 0;
    for (const Turn& turn : plan_.prefix) events += size_of(turn);
    return events;
  }

  base::Status look_at(const Event& input, std::uint64_t number) {
    const RunReset::Reapply reapply =
        plan_.restart ? RunReset::SIGNALS_AND_UPDATES : request_.reapply;
    if (input.has_signal_received() && reapply != RunReset::NONE) plan_.inputs.push_back(input);
    if (input.has_update_received() && reapply == RunReset::SIGNALS_AND_UPDATES) {
      plan_.inputs.push_back(input);
      plan_.updates.insert(input.update_received().update_id());
    }
    const bool changes = changed_rows(input.transaction_completed()) > 0;
    if (changes && !is_taken_along(input) && !request_.rows_stay) {
      return Error{ErrorCode::kRowsStay,
                   "the transaction that ended with event " + std::to_string(number) +
                       " has changed rows" + table_in(input.transaction_completed()) +
                       ". They are not undone, and the new run may change them again: accept "
                       "that (rows_stay), or choose a later event"};
    }
    if (is_taken_along(input)) {
      Event& outcome = plan_.inputs.emplace_back(input);
      if (changes) leave_out_changes(outcome.mutable_transaction_completed());
    }
    return {};
  }

  // Messages and children are not sent or started anew: what became of them is known. Of a run that
  // is restarted the other operations were not at fault.
  bool is_taken_along(const Event& input) const {
    const event::Row& row = event::row_of(input);
    if (row.answers == Answer::kNone || row.role != event::Role::kInput) return false;
    const std::uint32_t id = row.id(input);
    const PendingOperation* const operation = state_.find(id);
    if (operation == nullptr || request_.results.contains(id)) return false;
    if (plan_.restart && failed_operation_ == 0) return true;
    if (plan_.restart) return id != failed_operation_ && row.answers != Answer::kFailure;
    return operation->kind == OperationKind::kMessage || operation->kind == OperationKind::kChild;
  }

  // ---- what is under way ----------------------------------------------------------------------

  base::Status look_at_pending() const {
    for (const PendingOperation& operation : state_.pending()) {
      const bool is_child = operation.kind == OperationKind::kChild;
      if (operation.done || !(is_child || operation.kind == OperationKind::kMessage)) continue;
      if (is_known(operation.id)) continue;
      return Error{ErrorCode::kCannotReset,
                   (is_child ? "child " : "message ") + std::to_string(operation.id) +
                       (is_child ? " was started before this event and has not ended; choose an "
                                   "event before its start, or wait for its end"
                                 : " was sent before this event, and it is not known what became "
                                   "of it; ask again soon")};
    }
    return {};
  }

  bool is_known(std::uint32_t id) const {
    return std::any_of(plan_.inputs.begin(), plan_.inputs.end(), [id](const Event& outcome) {
      const event::Row& row = event::row_of(outcome);
      return event::finishes(row.answers) && row.id(outcome) == id;
    });
  }

  std::vector<Turn> history_;  // then: the rest of it
  const ResetRequest& request_;
  std::uint64_t events_ = 0;
  std::uint32_t failed_operation_ = 0;
  ResetPlan plan_;
  Names names_;
  RunState state_;
};

void take_over(const NewIdentity& identity,
               const base::RunId& from,
               std::uint64_t event,
               proto::RunStarted* started) {
  const std::string made_as =
      started->has_origin() ? started->origin().made_as_run_id() : started->run_id();
  proto::RunOrigin* const origin = started->mutable_origin();
  origin->set_run_id(std::string(from.bytes()));
  origin->set_event(event);
  origin->set_fork(identity.fork);
  origin->set_made_as_run_id(made_as);
  started->set_run_id(std::string(identity.run_id.bytes()));
  started->set_workflow_id(identity.workflow_id);
  if (!identity.keeps_parent) {
    started->clear_parent();
    started->clear_on_parent_close();
    started->clear_depth();
  }
  if (!identity.fork) {
    started->set_continued_from_run_id(std::string(from.bytes()));
    started->set_first_run_id(std::string(identity.first_of_chain.bytes()));
    return;
  }
  started->clear_continued_from_run_id();
  started->clear_first_run_id();
  started->clear_request_id();
  started->set_execution_due_ms(identity.moved_due_ms);
}

}  // namespace

base::Result<ResetPlan> plan_reset(std::vector<Turn> history, const ResetRequest& request) {
  return Planner(std::move(history), request).plan();
}

void take_over(const NewIdentity& identity, const base::RunId& from, ResetPlan* plan) {
  for (Turn& turn : plan->prefix) {
    for (Event& input : *turn.mutable_inputs()) {
      if (input.has_transaction_completed()) {
        leave_out_changes(input.mutable_transaction_completed());
      }
      if (input.has_run_started()) {
        take_over(identity, from, plan->event, input.mutable_run_started());
      }
      if (input.has_checkpoint_taken()) {
        take_over(identity, from, plan->event, input.mutable_checkpoint_taken()->mutable_start());
      }
    }
  }
}

}  // namespace reprise::runtime
