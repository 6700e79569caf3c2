// The operations of one history: each has one outcome, the right one, and not too early.
#include <algorithm>
#include <map>
#include <utility>

#include "event/turn.h"
#include "tests/simulation/history.h"

namespace reprise::simulation {

using proto::Event;

namespace {

struct Operation {
  std::string kind;
  std::string name;
  std::size_t scheduled_turn = 0;
  std::int64_t scheduled_ms = 0;
  std::int64_t duration_ms = 0;
  int maximum_attempts = 0;
  int failed_attempts = 0;
  std::uint32_t open_attempt = 0;  // the last one that was left open
  std::size_t ended_turn = 0;      // by an input, 1-based; 0: not
  std::size_t cancelled_turn = 0;  // by a command, 1-based; 0: not
  bool asked = false;              // to cancel, and its outcome is waited for
  proto::ActivityScheduled::OnCancel on_cancel{};
};

class Operations {
 public:
  Operations(const History& history, std::int64_t latest_ms, Verdict* verdict)
      : history_(history), latest_ms_(latest_ms), verdict_(verdict) {}

  void check() {
    for (turn_ = 0; turn_ < history_.turns.size(); ++turn_) {
      const proto::Turn& turn = history_.turns[turn_];
      if (turn.without_code() && turn.commands_size() > 0) bad("a turn without code has commands");
      for (const Event& input : turn.inputs()) check_input(input);
      if (paused_ && turn.commands_size() > 0) bad("a paused run asks for something");
      if (delayed_until_ms_ != 0 && !turn.without_code()) bad("code ran before its time");
      for (const Event& command : turn.commands()) check_command(command);
      const bool last = turn_ + 1 == history_.turns.size();
      if (event::closes(turn) && !last) bad("a turn follows the run's end");
    }
  }

 private:
  void bad(const std::string& what) {
    verdict_->found(Flaw::kOutcome, in_turn(history_, turn_) + what);
  }
  std::int64_t now() const { return history_.turns[turn_].time_ms(); }

  void check_input(const Event& input) {
    switch (input.kind_case()) {
      case Event::kRunStarted:
        if (turn_ != 0 || started_) bad("a second start");
        started_ = true;
        return note_limits(input.run_started());
      case Event::kActivityCompleted:
        return completed(input.activity_completed().id(), "activity",
                         input.activity_completed().result().substr(
                             0, input.activity_completed().result().find('!')));
      case Event::kActivityFailed:
        return failed(input.activity_failed().id(), "activity");
      case Event::kStepCompleted:
        return completed(input.step_completed().id(), "step", input.step_completed().result());
      case Event::kStepFailed:
        return failed(input.step_failed().id(), "step");
      case Event::kTimerFired:
        if (paused_) bad("a timer of a paused run fires");
        return fired(input.timer_fired().id());
      case Event::kMessageDelivered:
        (void)end(input.message_delivered().id(), "message");
        return;
      case Event::kMessageRefused:
        (void)end(input.message_refused().id(), "message");
        return;
      case Event::kChildCompleted:
        (void)end(input.child_completed().id(), "child");
        return;
      case Event::kChildFailed:
        (void)end(input.child_failed().id(), "child");
        return;
      case Event::kTransactionCompleted:
        (void)end(input.transaction_completed().id(), "transaction");
        return;
      case Event::kTransactionFailed:
        return failed(input.transaction_failed().id(), "transaction");
      case Event::kAttemptLeftOpen:
        return left_open(input.attempt_left_open());
      case Event::kAttemptFailed:
        return attempt_failed(input.attempt_failed());
      case Event::kRunTimedOut:
        return early(input.run_timed_out().chain() ? execution_due_ms_ : run_due_ms_,
                     "the run's time limit");
      case Event::kDelayEnded:
        if (delayed_until_ms_ == 0) bad("a delay ends that had not begun");
        early(std::exchange(delayed_until_ms_, 0), "the end of the delay");
        return;
      case Event::kRunPaused:
        paused_ = true;
        return;
      case Event::kRunResumed:
        if (!paused_) bad("a run goes on that was not paused");
        paused_ = false;
        return;
      case Event::kRunCalledOff:
        if (delayed_until_ms_ == 0) bad("a run is called off whose code may have run");
        return;
      default:
        return;
    }
  }

  void note_limits(const proto::RunStarted& start) {
    delayed_until_ms_ = start.delayed_until_ms();
    const std::int64_t begin_ms = std::max(history_.turns[0].time_ms(), delayed_until_ms_);
    if (start.run_timeout_ms() > 0) run_due_ms_ = begin_ms + start.run_timeout_ms();
    if (start.execution_due_ms() > 0) execution_due_ms_ = start.execution_due_ms();
  }

  void check_command(const Event& command) {
    switch (command.kind_case()) {
      case Event::kActivityScheduled: {
        Operation& operation = add(command.activity_scheduled().id(), "activity");
        operation.name = command.activity_scheduled().name();
        operation.maximum_attempts = command.activity_scheduled().retry().maximum_attempts();
        operation.on_cancel = command.activity_scheduled().on_cancel();
        return;
      }
      case Event::kStepScheduled: {
        Operation& operation = add(command.step_scheduled().id(), "step");
        operation.name = command.step_scheduled().name();
        operation.maximum_attempts = command.step_scheduled().retry().maximum_attempts();
        return;
      }
      case Event::kTimerStarted:
        add(command.timer_started().id(), "timer").duration_ms =
            command.timer_started().duration_ms();
        return;
      case Event::kSignalSent:
        add(command.signal_sent().id(), "message");
        return;
      case Event::kCancelSent:
        add(command.cancel_sent().id(), "message");
        return;
      case Event::kChildScheduled:
        add(command.child_scheduled().id(), "child");
        return;
      case Event::kTransactionRequested:
        add(command.transaction_requested().id(), "transaction").name =
            command.transaction_requested().name();
        return;
      case Event::kActivityCancelRequested:
        in_mode(command.activity_cancel_requested().id(), proto::ActivityScheduled::TRY);
        return given_up(command.activity_cancel_requested().id());
      case Event::kActivityCancelAwaited:
        in_mode(command.activity_cancel_awaited().id(), proto::ActivityScheduled::WAIT);
        return asked(command.activity_cancel_awaited().id());
      case Event::kTimerCancelled:
        return given_up(command.timer_cancelled().id());
      case Event::kStepAbandoned:
        return given_up(command.step_abandoned().id());
      default:
        return;
    }
  }

  Operation& add(std::uint32_t id, const std::string& kind) {
    if (id != operations_.size() + 1) bad(kind + " " + std::to_string(id) + " is out of turn");
    Operation& operation = operations_[id];
    operation.kind = kind;
    operation.scheduled_turn = turn_ + 1;
    operation.scheduled_ms = now();
    return operation;
  }

  // nullptr: it is not there, or has ended before.
  Operation* end(std::uint32_t id, const std::string& kind) {
    const auto found = operations_.find(id);
    const std::string what = kind + " " + std::to_string(id);
    if (found == operations_.end() || found->second.kind != kind) {
      bad("an outcome of " + what + ", which nobody asked for");
      return nullptr;
    }
    Operation& operation = found->second;
    if (operation.ended_turn != 0) {
      bad("a second outcome of " + what);
      return nullptr;
    }
    // It came in the turn in which the code gave that up and took a checkpoint, and so it is
    // recorded after the checkpoint.
    const bool came_before = turn_ > 0 && operation.cancelled_turn == turn_ &&
                             event::ends_segment(history_.turns[turn_ - 1]);
    if (operation.cancelled_turn != 0 && !came_before) {
      bad("an outcome of " + what + ", which had been given up");
      return nullptr;
    }
    operation.ended_turn = turn_ + 1;
    return &operation;
  }

  // The result of an attempt says whose it is: "<idempotency key>#<attempt>".
  void completed(std::uint32_t id, const std::string& kind, const std::string& result) {
    const Operation* operation = end(id, kind);
    if (operation == nullptr) return;
    const auto run_id = base::RunId::from_bytes(history_.started().run_id());
    const std::string key =
        run_id->to_string() + "/" + (kind == "step" ? operation->name : std::to_string(id));
    const std::string expected = key + "#" + std::to_string(operation->failed_attempts + 1);
    const std::string told = kind == "step" ? result.substr(0, result.find('#')) : result;
    if (told != (kind == "step" ? key : expected)) {
      bad("the outcome of " + kind + " " + std::to_string(id) + " is " + result + " and not " +
          expected);
    }
  }
  void failed(std::uint32_t id, const std::string& kind) { (void)end(id, kind); }

  void fired(std::uint32_t id) {
    const Operation* operation = end(id, "timer");
    if (operation == nullptr) return;
    early(operation->scheduled_ms + operation->duration_ms, "timer " + std::to_string(id));
  }
  // Early means: recorded in a turn whose time is before the instant it was set for, or before any
  // clock has shown that instant.
  void early(std::int64_t due_ms, const std::string& what) {
    if (now() < due_ms) {
      verdict_->found(Flaw::kTimer, in_turn(history_, turn_) + what + " fired " +
                                        std::to_string(due_ms - now()) + " ms early");
    }
    if (latest_ms_ < due_ms) {
      verdict_->found(Flaw::kTimer, in_turn(history_, turn_) + what +
                                        " fired though the clock is " +
                                        std::to_string(due_ms - latest_ms_) + " ms short of it");
    }
  }

  void attempt_failed(const proto::AttemptFailed& failed) {
    const auto found = operations_.find(failed.id());
    if (found == operations_.end() || found->second.ended_turn != 0) {
      return bad("a failed attempt of operation " + std::to_string(failed.id()) +
                 ", which is not pending");
    }
    Operation& operation = found->second;
    if (operation.asked) {
      bad("operation " + std::to_string(failed.id()) + " is retried though it was cancelled");
    }
    if (operation.open_attempt == failed.attempt() && failed.failure().type() == "ProcessDied") {
      bad("attempt " + std::to_string(failed.attempt()) + " of operation " +
          std::to_string(failed.id()) + " is lost, and was left open");
    }
    if (static_cast<int>(failed.attempt()) != ++operation.failed_attempts) {
      bad("attempt " + std::to_string(failed.attempt()) + " of operation " +
          std::to_string(failed.id()) + " failed as number " +
          std::to_string(operation.failed_attempts));
    }
    if (operation.maximum_attempts > 0 && operation.failed_attempts >= operation.maximum_attempts) {
      bad("operation " + std::to_string(failed.id()) + " is retried behind its last attempt");
    }
  }

  // Once for each attempt, and while that is under way.
  void left_open(const proto::AttemptLeftOpen& left) {
    const auto found = operations_.find(left.id());
    if (found == operations_.end() || found->second.ended_turn != 0) {
      return bad("an attempt of operation " + std::to_string(left.id()) +
                 " is left open, which is not pending");
    }
    Operation& operation = found->second;
    if (static_cast<int>(left.attempt()) != operation.failed_attempts + 1 ||
        operation.open_attempt == left.attempt()) {
      bad("attempt " + std::to_string(left.attempt()) + " of operation " +
          std::to_string(left.id()) + " is left open, which is not under way");
    }
    operation.open_attempt = left.attempt();
  }

  // Code may give up an operation that has already ended if it does not know that yet: the outcome
  // came after the cause, in the same turn or in deferred ones.
  void given_up(std::uint32_t id) {
    const auto found = operations_.find(id);
    if (found == operations_.end()) return bad("something unknown is given up");
    Operation& operation = found->second;
    if (operation.cancelled_turn != 0) bad("operation " + std::to_string(id) + " given up twice");
    operation.cancelled_turn = turn_ + 1;
    if (operation.ended_turn == 0) return;
    for (std::size_t i = operation.ended_turn; i < turn_ + 1; ++i) {
      if (!history_.turns[i - 1].without_code()) {
        return bad("operation " + std::to_string(id) + " is given up behind its outcome");
      }
    }
  }

  // Only what its mode says is asked of it.
  void in_mode(std::uint32_t id, proto::ActivityScheduled::OnCancel mode) {
    const auto found = operations_.find(id);
    if (found != operations_.end() && found->second.on_cancel == mode) return;
    bad("operation " + std::to_string(id) + " is cancelled in another mode than its own");
  }
  void asked(std::uint32_t id) {
    Operation& operation = operations_[id];
    if (operation.asked) bad("operation " + std::to_string(id) + " is asked to cancel twice");
    operation.asked = true;
  }

  const History& history_;
  const std::int64_t latest_ms_;
  Verdict* verdict_;
  std::size_t turn_ = 0;
  bool started_ = false;
  std::int64_t run_due_ms_ = INT64_MAX;
  std::int64_t execution_due_ms_ = INT64_MAX;
  std::int64_t delayed_until_ms_ = 0;  // 0: its code may run
  bool paused_ = false;
  std::map<std::uint32_t, Operation> operations_;
};

}  // namespace

void check_operations(const History& history, std::int64_t latest_ms, Verdict* verdict) {
  const proto::Turn& first = history.turns.front();
  if (first.inputs_size() == 0 || !first.inputs(0).has_run_started()) {
    return verdict->found(Flaw::kLog, name_of(history) + " does not begin with its start");
  }
  Operations(history, latest_ms, verdict).check();
}

}  // namespace reprise::simulation
