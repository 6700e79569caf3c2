#include "replay/execution.h"

#include <utility>

#include "base/check.h"
#include "base/out_of_memory.h"
#include "replay/class_name.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using proto::Event;
using Trigger = Operation::Trigger;

Execution::State::State(Execution& execution,
                        RunInfo run,
                        const WorkflowCode& workflow_code,
                        StackPool& pool,
                        ExecutionOptions options)
    : self(execution),
      info(std::move(run)),
      code(workflow_code),
      log(options.strict),
      step_abandoned(std::move(options.step_abandoned)),
      most_pending(options.pending_operations),
      most_turn_bytes(options.turn_bytes),
      root(new Scope(Scope::Kind::kRoot, ScopeRef())),
      random_state(base::hash64(info.run_id.bytes())),
      scheduler(pool) {}

Execution::State::~State() {
  scheduler.evict_all();  // before `instance`, whose methods the strands run
}

Execution::Execution(RunInfo info,
                     const WorkflowCode& code,
                     StackPool& pool,
                     ExecutionOptions options)
    : state_(std::make_unique<State>(*this, std::move(info), code, pool, options)) {}

Execution::~Execution() = default;

// ---- turns ------------------------------------------------------------------------------------

// Protobuf's messages are not safe to destroy after an exception: so without memory it ends here,
// before anybody destroys this.
TurnEnd Execution::run_turn(proto::Turn* turn) try {
  state_->log.begin_live(turn, state_->events);
  return state_->run(turn, *turn);
} catch (const std::bad_alloc&) {
  base::end_out_of_memory("running a turn");
}

TurnEnd Execution::replay_turn(const proto::Turn& recorded) try {
  State& s = *state_;
  s.log.begin_replay(recorded, s.events);
  if (s.closed) {
    s.log.reject_after_end(recorded, 0);
    s.park_on_mismatch();
    return TurnEnd::kParked;
  }
  if (recorded.deferred()) {
    if (!s.log.finish()) {  // it ran no code, so it cannot have commands
      s.park_on_mismatch();
      return TurnEnd::kParked;
    }
    s.events += static_cast<std::uint64_t>(recorded.inputs_size());
    s.deferred.insert(s.deferred.end(), recorded.inputs().begin(), recorded.inputs().end());
    s.now = std::max(s.now, base::from_ms(recorded.time_ms()));
    return s.end();
  }
  return s.run(nullptr, recorded);
} catch (const std::bad_alloc&) {
  base::end_out_of_memory("replaying a turn");
}

TurnEnd Execution::State::run(proto::Turn* live, const proto::Turn& turn) {
  if (trouble) return TurnEnd::kParked;
  now = std::max(now, base::from_ms(turn.time_ms()));
  for (const Event& earlier : std::exchange(deferred, {})) {
    if (!closed && !trouble) apply(earlier, -1);
  }
  int applied = 0;
  while (applied < turn.inputs_size() && !closed && !trouble) {
    apply(turn.inputs(applied), applied);
    ++applied;
  }
  if (closed && applied < turn.inputs_size()) {
    if (live != nullptr) {
      live->mutable_inputs()->DeleteSubrange(applied, live->inputs_size() - applied);
    } else {
      log.reject_after_end(turn, applied);
      park_on_mismatch();
    }
  }
  if (!trouble && !log.finish()) park_on_mismatch();
  if (!trouble) events += static_cast<std::uint64_t>(turn.inputs_size() + turn.commands_size());
  return end();
}

TurnEnd Execution::State::end() const {
  if (trouble) return TurnEnd::kParked;
  return closed ? TurnEnd::kClosed : TurnEnd::kBlocked;
}

void Execution::State::apply(const Event& event, int index) {
  turn_bytes = 0;
  switch (event.kind_case()) {
    case Event::kRunStarted:
      start(event, index);
      break;
    case Event::kActivityCompleted:
      complete_numbered(event, index, event.activity_completed().id(), Trigger::kSuccess,
                        Outcome::success(event.activity_completed().result()));
      break;
    case Event::kActivityFailed:
      complete_numbered(event, index, event.activity_failed().id(), Trigger::kFailure,
                        Outcome::failed(event.activity_failed().failure()));
      break;
    case Event::kStepCompleted:
      complete_numbered(event, index, event.step_completed().id(), Trigger::kSuccess,
                        Outcome::success(event.step_completed().result()));
      break;
    case Event::kStepFailed:
      complete_numbered(event, index, event.step_failed().id(), Trigger::kFailure,
                        Outcome::failed(event.step_failed().failure()));
      break;
    case Event::kTimerFired:
      complete_numbered(event, index, event.timer_fired().id(), Trigger::kSuccess, {});
      break;
    case Event::kSignalReceived:
      receive_signal(event.signal_received());
      break;
    case Event::kUpdateReceived:
      receive_update(event.update_received());
      break;
    case Event::kCancelRequested:
      cancel_scope(*root, {});
      break;
    case Event::kRunTerminated:
    case Event::kRunTimedOut:
      closed = true;
      scheduler.halt();
      break;
    default:
      break;  // what the engine keeps books with is not for the code
  }
  run_to_quiescence();
}

void Execution::State::start(const Event& event, int index) {
  if (std::exchange(started, true)) {
    log.reject_input(event, index);
    park_on_mismatch();
    return;
  }
  input = event.run_started().input();
  spawn_strand(
      [this] {
        guarded([this] {
          instance = code(self);
          close(instance->run(input));
        });
      },
      root);
}

void Execution::State::complete_numbered(
    const Event& event, int index, std::uint32_t id, Trigger trigger, Outcome outcome) {
  const OperationRef operation = pending.take(id);
  if (!operation) {
    // It was given up, in this turn or before: the code has moved on.
    if (id > 0 && id < next_operation) return;
    log.reject_input(event, index);
    park_on_mismatch();
    return;
  }
  complete(*operation, trigger, next_order++, std::move(outcome));
}

void Execution::State::receive_signal(const proto::SignalReceived& signal) {
  const std::uint64_t order = next_order++;
  if (const auto found = handlers.signals.find(signal.name()); found != handlers.signals.end()) {
    spawn_strand([this, handler = found->second.handler,
                  payload = signal.input()] { guarded([&] { handler(payload); }); },
                 root);
    return;
  }
  if (Operation* waiting = inboxes.next_waiting(signal.name()); waiting != nullptr) {
    complete(*waiting, Trigger::kSuccess, order, Outcome::success(signal.input()));
  } else {
    inboxes.keep(signal.name(), {order, signal.input()});
  }
}

void Execution::State::receive_update(const proto::UpdateReceived& update) {
  ++next_order;
  spawn_strand(
      [this, update] {
        guarded([&] {
          const auto found = handlers.updates.find(update.name());
          Outcome outcome;
          if (found != handlers.updates.end()) {
            const auto handler = found->second.handler;
            outcome = handler(update.input());
          } else {
            proto::Failure failure;
            failure.set_kind(proto::Failure::APPLICATION);
            failure.set_type("UnknownUpdate");
            failure.set_message("the run accepts no update named '" + update.name() + "' now");
            failure.set_non_retryable(true);
            outcome = Outcome::failed(std::move(failure));
          }
          base::needs_memory("answering an update", [&] { complete(update, &outcome); });
        });
      },
      root);
}

void Execution::State::complete(const proto::UpdateReceived& update, Outcome* outcome) {
  enter();
  auto* completed = log.draft({})->mutable_update_completed();
  completed->set_update_id(update.update_id());
  if (outcome->ok()) {
    completed->set_result(outcome->take_payload());
  } else {
    *completed->mutable_failure() = outcome->failure();
  }
  submit();
}

void Execution::State::run_to_quiescence() {
  scheduler.run_until_blocked([this](StrandRecord& strand) { finished(strand); });
}

// ---- strands ----------------------------------------------------------------------------------

StrandRecord& Execution::State::spawn_strand(std::function<void()> body, ScopeRef scope) {
  return scheduler.create(std::move(body), std::move(scope));
}

// The boundary behind which user code runs: nothing but a normal return gets out of it.
void Execution::State::guarded(base::FunctionRef<void()> body) {
  try {
    body();
  } catch (const Evicted&) {
  } catch (const std::exception& error) {
    park(base::ErrorCode::kWorkflowBug,
         "an exception that is no reprise::Failure left the workflow's code: " + class_name(error) +
             ": " + error.what());
  } catch (...) {
    park(base::ErrorCode::kWorkflowBug,
         "an exception that is no reprise::Failure and no std::exception left the workflow's code");
  }
}

void Execution::State::park(base::ErrorCode error, std::string report) {
  // Unwinding because of a first trouble may well cause a second one.
  if (!trouble && !scheduler.halted()) {
    trouble = std::make_unique<Trouble>(Trouble{error, std::move(report), std::nullopt});
  }
  scheduler.halt();
}

void Execution::State::park_on_mismatch() {
  if (trouble) return;
  const Mismatch& mismatch = *log.mismatch();
  trouble = std::make_unique<Trouble>(
      Trouble{base::ErrorCode::kNondeterminism,
              replay::report(mismatch, info.workflow, info.workflow_id, info.run_id.to_string()),
              mismatch});
  scheduler.halt();
}

void Execution::State::close(Outcome outcome) try {
  enter();
  Event* event = log.draft({});
  if (outcome.ok()) {
    event->mutable_run_completed()->set_result(outcome.take_payload());
  } else if (outcome.failure().kind() == proto::Failure::CANCELLED && root->is_cancelled()) {
    event->mutable_run_cancelled();
  } else {
    *event->mutable_run_failed()->mutable_failure() = outcome.failure();
  }
  submit();
  closed = true;
  scheduler.halt();
} catch (const std::bad_alloc&) {
  base::end_out_of_memory("ending a run");
}

void Execution::State::finished(StrandRecord& strand) {
  if (Operation* operation = std::exchange(strand.completes, nullptr); operation != nullptr) {
    operation->strand = nullptr;
    complete(*operation, Trigger::kSuccess, next_order++, {});
  }
}

void Execution::State::dropped(Operation& operation) try {
  if (operation.kind() == Operation::Kind::kSpawn && operation.strand != nullptr) {
    StrandRecord& strand = *std::exchange(operation.strand, nullptr);
    strand.completes = nullptr;
    if (!strand.running) scheduler.stop(strand);
  }
  if (operation.kind() != Operation::Kind::kSignal) return;
  if (!operation.ready()) {
    inboxes.stop_waiting(operation.label, &operation);
  } else if (!operation.read() && !scheduler.halted()) {
    // Handed out and not read: it goes to whoever has waited longest, or back to the inbox.
    Outcome unread = operation.take_outcome();
    if (Operation* waiting = inboxes.next_waiting(operation.label); waiting != nullptr) {
      complete(*waiting, Trigger::kSuccess, operation.order(), std::move(unread));
    } else {
      inboxes.give_back(operation.label, {operation.order(), unread.take_payload()});
    }
  }
} catch (const std::bad_alloc&) {
  // This is called by a destructor, which must not throw.
  base::end_out_of_memory("running a workflow");
}

// ---- for the host -----------------------------------------------------------------------------

const Trouble& Execution::trouble() const {
  REPRISE_CHECK(state_->trouble != nullptr, "only a parked execution has trouble");
  return *state_->trouble;
}

bool Execution::closed() const {
  return state_->closed;
}

std::size_t Execution::running_strand() const {
  const auto& strands = state_->scheduler.strands();
  for (std::size_t i = 0; i < strands.size(); ++i) {
    if (strands[i].get() == state_->scheduler.current()) return i + 1;
  }
  return 0;
}

std::uint64_t Execution::events() const {
  return state_->events;
}

const Patches& Execution::patches() const {
  return state_->patches;
}

std::optional<base::FunctionRef<Outcome()>> Execution::step_body(std::uint32_t id) const {
  const Operation* operation = state_->pending.find(id);
  if (operation == nullptr) return std::nullopt;
  return operation->step_body;
}

base::Result<std::string> Execution::query(std::string_view name, std::string_view input) {
  // What the code did before it got into trouble was never recorded.
  if (state_->trouble) return base::Error{state_->trouble->code, state_->trouble->report};
  const auto& queries = state_->handlers.queries;
  const auto found = queries.find(name);
  if (found == queries.end()) {
    std::string known;
    for (const auto& [other, entry] : queries) known += (known.empty() ? "" : ", ") + other;
    return base::Error{base::ErrorCode::kUnknownQuery,
                       "the run answers no query named '" + std::string(name) +
                           "' now; it answers: " + (known.empty() ? "none" : known)};
  }
  state_->in_query = true;
  auto answer = found->second.handler(input);
  state_->in_query = false;
  return answer;
}

std::vector<std::string> Execution::waiting_for() const {
  std::vector<std::string> lines;
  for (const auto& strand : state_->scheduler.strands()) {
    std::string line;
    for (const Operation* operation : strand->waits_for) {
      line += (line.empty() ? "" : " or ") + std::string(to_string(operation->kind())) + " " +
              operation->label;
    }
    if (strand->on_condition) line += line.empty() ? "a condition" : " or a condition";
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace reprise::replay
