#include "runtime/fold/run_state.h"

#include <algorithm>

#include "base/time.h"
#include "event/turn.h"
#include "runtime/fold/walk.h"
#include "store/bytes.h"

namespace reprise::runtime {

using event::Answer;
using event::Operation;
using event::Role;
using event::Row;
using proto::Event;

namespace {

proto::Failure new_failure(proto::Failure::Kind kind, const char* type, std::string message) {
  proto::Failure made;
  made.set_kind(kind);
  made.set_type(type);
  made.set_message(std::move(message));
  return made;
}

}  // namespace

proto::Failure time_limit_failure(bool chain) {
  return chain ? new_failure(proto::Failure::TIMEOUT, "execution_timeout",
                             "the run reached the execution_timeout of its chain")
               : new_failure(proto::Failure::TIMEOUT, "run_timeout",
                             "the run reached its run_timeout");
}

namespace {

base::RunId id_in(std::string_view bytes) {
  return base::RunId::from_bytes(bytes).value_or(base::RunId());
}

// The message for clients about an end that has none itself.
proto::Failure failure_of(const Event& end, RunStatus status) {
  switch (status) {
    case RunStatus::kCancelled:
      return new_failure(proto::Failure::CANCELLED, "", "the run was cancelled");
    case RunStatus::kTerminated:
      return new_failure(proto::Failure::APPLICATION, "Terminated",
                         "the run was terminated: " + end.run_terminated().reason());
    case RunStatus::kTimedOut:
      return time_limit_failure(end.run_timed_out().chain());
    case RunStatus::kRunning:
    case RunStatus::kPaused:
    case RunStatus::kCompleted:
    case RunStatus::kFailed:
    case RunStatus::kContinuedAsNew:
      break;
  }
  return {};
}

}  // namespace

class RunState::Fold {
 public:
  Fold(RunState& state, std::int64_t time_ms, Names& names)
      : state_(state), time_ms_(time_ms), names_(names) {}

  void input(const Row& row, const Event& event) {
    if (event.has_checkpoint_taken()) state_.take_checkpoint();
    ++state_.events;
    if (event.has_run_started()) state_.start(event.run_started(), time_ms_, names_);
    if (event.has_cancel_requested()) state_.note_sender(event);
    if (RunTerms* const terms = state_.terms_to_change(); terms != nullptr) note(event, terms);
    if (row.remark != nullptr) state_.note_operator(event, time_ms_);
    for_code_ = for_code_ || row.role != Role::kBookkeeping;
  }
  void command(const Row&, const Event& event) {
    ++state_.events;
    if (event.has_setting_recorded()) state_.publish(event.setting_recorded());
    state_.at_checkpoint = event.has_checkpoint();
  }
  void opened(const Row& row, const Event& event) { state_.begin(row, event, time_ms_); }
  void answered(const Row& row, const Event& event) { state_.answer(row, event); }
  void ended(const Row& row, const Event& event) {
    state_.close(*row.ends, time_ms_);
    const std::string& next = event::next_run_id(event);
    if (!next.empty()) state_.rare().continued_to = id_in(next);
  }

  // Did it have an input that code sees?
  bool for_code() const { return for_code_; }

 private:
  static void note(const Event& input, RunTerms* terms) {
    if (input.has_delay_ended()) terms->delayed_until_ms = 0;
    if (input.has_cancel_requested()) terms->asked_to_cancel = true;
  }

  RunState& state_;
  const std::int64_t time_ms_;
  Names& names_;
  bool for_code_ = false;
};

void RunState::apply(const proto::Turn& turn, Names& names) {
  Fold fold(*this, turn.time_ms(), names);
  walk(turn, fold);
  unapplied = open() && turn.without_code() && (unapplied || fold.for_code());
}

void RunState::start(const proto::RunStarted& started, std::int64_t time_ms, Names& names) {
  id = id_in(started.run_id());
  if (!started.continued_from_run_id().empty()) {
    rare().continued_from = id_in(started.continued_from_run_id());
    rare().first_run_id = id_in(started.first_run_id());
  }
  if (started.has_parent()) {
    take_parent(started.parent(), started.on_parent_close(), started.depth());
  }
  name(started.workflow_id(), started.workflow(), started.task_queue(), names);
  started_ms = time_ms;
  // It counts from when its code may run.
  const std::int64_t begins_ms = std::max(time_ms, started.delayed_until_ms());
  if (started.run_timeout_ms() > 0) end_ms_ = base::add_sat(begins_ms, started.run_timeout_ms());
  if (const std::int64_t due_ms = started.execution_due_ms(); due_ms > 0) {
    end_ms_ = end_ms_ == 0 ? due_ms : std::min(end_ms_, due_ms);
  }
  if (auto terms = terms_of(started)) rare().terms = std::move(terms);
  if (started.has_origin()) {
    const proto::RunOrigin& from = started.origin();
    rare().origin =
        std::make_unique<Origin>(Origin{id_in(from.run_id()), from.event(), from.fork()});
  }
  for (const auto& setting : started.settings()) publish(setting);
}

void RunState::take_parent(const proto::Sender& parent,
                           proto::ChildScheduled::ParentClose on_close,
                           std::uint32_t depth) {
  Parent& mine = rare().parent;
  mine.run_id = id_in(parent.run_id());
  mine.workflow_id =
      parent.workflow_id().empty() ? mine.run_id.to_string() : parent.workflow_id();
  mine.operation = parent.id();
  rare_->on_parent_close = on_close;
  rare_->depth = depth;
}

// The state is as of the record before.
void RunState::take_checkpoint() {
  at_checkpoint = false;
  if (rare().checkpoint == nullptr) rare_->checkpoint = std::make_unique<Checkpointed>();
  rare_->checkpoint->before = {number, last_seq, chain};
  rare_->checkpoint->events = events;
}

// A cancellation by the ChildScheduled of its parent: because that has ended, and so only once.
void RunState::note_sender(const Event& input) {
  const proto::Sender& sender = input.cancel_requested().sender();
  if (!has_parent() || sender.id() != rare_->parent.operation) return;
  if (id_in(sender.run_id()) != rare_->parent.run_id) return;
  rare_->on_parent_close = proto::ChildScheduled::ABANDON;
}

const Settings& RunState::settings() const {
  static const Settings kNone;
  return rare_ == nullptr ? kNone : rare_->settings;
}

void RunState::open_values(Open value, Open text) {
  if (rare_ == nullptr) return;
  rare_->settings.open_values(value);
  if (rare_->paused != nullptr) rare_->paused->reason = text(std::move(rare_->paused->reason));
}

void RunState::publish(const proto::SettingRecorded& setting) {
  rare().settings.apply(setting);
  if (!keeps_rare()) rare_.reset();
}

// Is there something in it?
bool RunState::keeps_rare() const {
  return !rare_->settings.empty() || rare_->terms != nullptr || has_parent() ||
         rare_->damaged_at != 0 || rare_->checkpoint != nullptr || rare_->paused != nullptr ||
         rare_->origin != nullptr || in_chain();
}

std::int64_t RunState::run_timeout_ms() const {
  if (terms() != nullptr) return terms()->run_timeout_ms;
  const auto due = run_timeout_due_ms();
  return due ? base::sub_sat(*due, started_ms) : 0;
}

RareState& RunState::rare() {
  if (rare_ == nullptr) rare_ = std::make_unique<RareState>();
  return *rare_;
}

void RunState::set_damaged_at(store::Seq seq) {
  if (seq != damaged_at()) rare().damaged_at = seq;
}

void RunState::name(std::string_view stored_workflow_id,
                    std::string_view stored_workflow,
                    std::string_view stored_task_queue,
                    Names& names) {
  // If a run's first record is damaged, nothing is known of it.
  const bool named_by_run_id = stored_workflow_id.empty() && !stored_workflow.empty();
  workflow_id = named_by_run_id ? id.to_string() : stored_workflow_id;
  workflow = names.intern(stored_workflow);
  task_queue = names.intern(stored_task_queue.empty() ? kDefaultTaskQueue : stored_task_queue);
}

std::string_view RunState::stored_workflow_id() const {
  return id.is_text(workflow_id) ? std::string_view() : workflow_id;
}

std::string_view RunState::stored_task_queue() const {
  if (task_queue == nullptr || *task_queue == kDefaultTaskQueue) return {};
  return *task_queue;
}

void RunState::answer(const Row& row, const Event& event) {
  if (event::finishes(row.answers)) return finish(row.id(event));
  PendingOperation* const operation =
      row.answers == Answer::kHeartbeat ? nullptr : pending(row.id(event));
  if (operation == nullptr) return;
  if (row.answers == Answer::kStarted) {
    operation->started = true;
    return;
  }
  if (row.answers == Answer::kCancelAwaited) {
    operation->cancel_asked = operation->kind == OperationKind::kActivity;
    return;
  }
  operation->open = row.answers == Answer::kLeftOpen;
  if (operation->open) {
    operation->attempt = event.attempt_left_open().attempt();
    operation->due_ms = event.attempt_left_open().limit_ms();
  } else {
    operation->attempt = event.attempt_failed().attempt() + 1;
    operation->due_ms = event.attempt_failed().retry_at_ms();
  }
}

void RunState::begin(const Row& row, const Event& event, std::int64_t time_ms) {
  PendingOperation operation;
  operation.id = row.id(event);
  operation.scheduled_ms = time_ms;
  switch (row.opens) {
    case Operation::kNone:
      return;
    case Operation::kActivity:
      operation.kind = OperationKind::kActivity;
      break;
    case Operation::kStep:
      operation.kind =
          event.step_scheduled().on_shard() ? OperationKind::kShardStep : OperationKind::kStep;
      break;
    case Operation::kTimer:
      operation.kind = OperationKind::kTimer;
      operation.due_ms = base::add_sat(time_ms, event.timer_started().duration_ms());
      break;
    case Operation::kMessage:
      operation.kind = OperationKind::kMessage;
      break;
    case Operation::kChild:
      operation.kind = OperationKind::kChild;
      break;
    case Operation::kTransaction:
      operation.kind = OperationKind::kTransaction;
      break;
  }
  pending_.push_back(operation);
}

const PendingOperation* RunState::find(std::uint32_t operation) const {
  return const_cast<RunState*>(this)->pending(operation);
}

namespace {

bool is_unstarted_child(const PendingOperation& operation) {
  return operation.kind == OperationKind::kChild && !operation.started && !operation.done;
}

bool is_child(const PendingOperation& operation) {
  return operation.kind == OperationKind::kChild && !operation.done;
}

bool is_under_way(const PendingOperation& operation) {
  const bool is_message = operation.kind == OperationKind::kMessage && !operation.done;
  return is_message || is_unstarted_child(operation);
}

}  // namespace

bool RunState::has_messages() const {
  return std::any_of(pending_.begin(), pending_.end(), is_under_way);
}

bool RunState::has_children() const {
  return std::any_of(pending_.begin(), pending_.end(), is_child);
}

// Most often it is the newest one.
PendingOperation* RunState::pending(std::uint32_t operation) {
  if (pending_.empty()) return nullptr;
  if (pending_.back().id == operation) return pending_.back().done ? nullptr : &pending_.back();
  const auto found = std::lower_bound(pending_.begin(), pending_.end(), operation,
                                      [](const auto& a, std::uint32_t b) { return a.id < b; });
  if (found == pending_.end() || found->id != operation || found->done) return nullptr;
  return &*found;
}

// Removing from the middle of 100,000 pending activities one by one would be quadratic, so the
// vector is swept when half of it is done.
void RunState::finish(std::uint32_t operation) {
  PendingOperation* found = pending(operation);
  if (found == nullptr) return;
  if (found == &pending_.back()) {
    pending_.pop_back();
  } else {
    found->done = true;
    ++done_;
  }
  if (done_ * 2 < pending_.size()) return;
  if (done_ > 0) std::erase_if(pending_, [](const PendingOperation& each) { return each.done; });
  done_ = 0;
  // Runs that wait for long keep no spare capacity; short ones would only allocate it again.
  if (pending_.empty() && pending_.capacity() > 2) Pending().swap(pending_);
}

void RunState::close(RunStatus how, std::int64_t time_ms) {
  status = how;
  end_ms_ = time_ms;
  unapplied = false;
  Pending().swap(pending_);
  done_ = 0;
}

RunEnd end_of(const proto::Turn& last_turn) {
  RunEnd end;
  const Event* const last = event::ending(last_turn);
  if (last == nullptr) return end;
  const event::Row& row = event::row_of(*last);
  end.status = *row.ends;
  if (end.status == RunStatus::kCompleted) end.result = row.payload(*last);
  if (row.failure != nullptr) {
    end.failed = std::make_shared<proto::Failure>(*row.failure(*last));
  } else if (end.status != RunStatus::kCompleted && end.status != RunStatus::kContinuedAsNew) {
    end.failed = std::make_shared<proto::Failure>(failure_of(*last, end.status));
  }
  return end;
}

std::string index_key(RunStatus status) {
  return std::string(1, static_cast<char>(status));
}

std::string closing_key(std::int64_t closed_ms) {
  std::string key(kClosingPrefix);
  store::append_be64(static_cast<std::uint64_t>(std::max<std::int64_t>(0, closed_ms)), &key);
  return key;
}

std::int64_t closed_ms_of(std::string_view closing_key) {
  return static_cast<std::int64_t>(store::load_be64(closing_key.substr(kClosingPrefix.size())));
}

}  // namespace reprise::runtime
