#include "replay/execution.h"

#include <utility>

#include "base/check.h"
#include "base/out_of_memory.h"
#include "base/stack_frames.h"
#include "event/causes.h"
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
      log(options.strict, options.record_stacks),
      symbols(options.symbols),
      observer(options.observer),
      step_unwanted(std::move(options.step_unwanted)),
      step_abandoned(std::move(options.step_abandoned)),
      given_up(std::move(options.given_up)),
      guard(options.guard),
      most_pending(options.pending_operations),
      most_turn_bytes(options.turn_bytes),
      root(new Scope(Scope::Kind::kRoot, ScopeRef())),
      random_state(base::hash64(info.run_id.bytes())),
      scheduler(pool, options.guard) {}

Execution::State::~State() {
  scheduler.evict_all();  // before `instance`, whose methods the strands run
}

Execution::Execution(RunInfo info,
                     const WorkflowCode& code,
                     StackPool& pool,
                     ExecutionOptions options)
    : state_(std::make_unique<State>(*this, std::move(info), code, pool, options)) {}

Execution::~Execution() {
  state_->scheduler.evict_all();
  state_->tell_given_up();
  // Frames that nobody will ever leave may refer to any of it.
  if (state_->scheduler.ever_gave_up()) (void)state_.release();
}

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
  if (event::nests_deeply(recorded)) {
    proto::Turn bounded = recorded;
    event::bound_causes(&bounded);
    return replay_turn(bounded);
  }
  State& s = *state_;
  s.log.begin_replay(recorded, s.events);
  if (s.closed) {
    s.log.reject_after_end(recorded, 0);
    s.park_on_mismatch();
    return s.end();
  }
  if (recorded.deferred()) {
    if (!s.log.finish()) {  // it ran no code, so it cannot have commands
      s.park_on_mismatch();
      return s.end();
    }
    for (const Event& event : recorded.inputs()) s.deferred.push_back({event, ++s.events});
    s.now = std::max(s.now, base::from_ms(recorded.time_ms()));
    return s.end();
  }
  return s.run(nullptr, recorded);
} catch (const std::bad_alloc&) {
  base::end_out_of_memory("replaying a turn");
}

TurnEnd Execution::State::run(proto::Turn* live, const proto::Turn& turn) {
  if (trouble || left) return end();
  now = std::max(now, base::from_ms(turn.time_ms()));
  first_of_turn = next_operation;
  set_aside_in_turn = 0;
  set_aside_bytes = 0;
  const int given = turn.inputs_size();
  if (guard != nullptr) guard->begin_turn();
  for (const auto& [event, number] : std::exchange(deferred, {})) {
    if (over()) continue;
    tell_applying(number, event);
    apply(event, number);
  }
  int applied = 0;
  while (!over()) {
    if (applied == turn.inputs_size() && (live == nullptr || !end_unwanted_steps(live))) break;
    const std::uint64_t number = events + static_cast<std::uint64_t>(applied) + 1;
    tell_applying(number, turn.inputs(applied));
    apply(turn.inputs(applied), number);
    ++applied;
  }
  if (guard != nullptr) ask_guard(live != nullptr);
  if (left) return end();
  if (!started && !closed && !trouble && turn.commands_size() > 0) {
    require_start(&turn.commands(0), events + 1);
  }
  if (closed && !trouble && applied < turn.inputs_size()) {
    if (live != nullptr) {
      live->mutable_inputs()->DeleteSubrange(applied, live->inputs_size() - applied);
    } else {
      log.reject_after_end(turn, applied);
      park_on_mismatch();
    }
  }
  if (!trouble && !log.finish()) park_on_mismatch();
  if (!trouble) events += static_cast<std::uint64_t>(turn.inputs_size() + turn.commands_size());
  // Nothing that was decided in a turn that parks the run is recorded: what the code gave up is not
  // given up.
  if (trouble && live != nullptr && live->inputs_size() > given) {
    live->mutable_inputs()->DeleteSubrange(given, live->inputs_size() - given);
  }
  return end();
}

// The report is written here, where the stack is large and no code of the run is under way.
TurnEnd Execution::State::end() {
  tell_given_up();
  if (!trouble && left) return TurnEnd::kLeft;
  if (!trouble) return closed ? TurnEnd::kClosed : TurnEnd::kBlocked;
  if (trouble->mismatch && trouble->report.empty()) {
    trouble->report = replay::report(*trouble->mismatch, info.workflow, info.workflow_id,
                                     info.run_id.to_string(), symbols);
  }
  if (trouble->thrown && trouble->report.empty()) {
    trouble->report = replay::report(*trouble->thrown, info.workflow, info.workflow_id,
                                     info.run_id.to_string(), symbols);
  }
  return TurnEnd::kParked;
}

void Execution::State::tell_given_up() {
  if (!scheduler.has_given_up()) return;
  for (const StrandStatus& strand : scheduler.take_given_up()) {
    if (given_up) given_up(info, strand);
  }
}

// Whatever happens to a run happens after its start.
bool Execution::State::require_start(const Event* first, std::uint64_t number) {
  if (started || !log.replaying()) return true;
  log.reject_beginning(first, number);
  park_on_mismatch();
  return false;
}

void Execution::State::apply(const Event& event, std::uint64_t number) {
  applying = number;
  turn_bytes = 0;
  calls_cut_short = 0;
  if (!event.has_run_started() && !require_start(&event, number)) return;
  applied_input = &event;
  switch (event.kind_case()) {
    case Event::kRunStarted:
      start(event);
      break;
    case Event::kActivityCompleted:
      complete_numbered(event, event.activity_completed().id(), Trigger::kSuccess,
                        Outcome::success(event.activity_completed().result()));
      break;
    case Event::kActivityFailed:
      complete_numbered(event, event.activity_failed().id(), Trigger::kFailure,
                        Outcome::failed(event.activity_failed().failure()));
      break;
    case Event::kStepCompleted:
      complete_numbered(event, event.step_completed().id(), Trigger::kSuccess,
                        Outcome::success(event.step_completed().result()));
      break;
    case Event::kStepFailed:
      complete_numbered(event, event.step_failed().id(), Trigger::kFailure,
                        Outcome::failed(event.step_failed().failure()));
      break;
    case Event::kTimerFired:
      complete_numbered(event, event.timer_fired().id(), Trigger::kSuccess, {});
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
  applied_input = nullptr;
  if (observer != nullptr) tell_settled();
}

void Execution::State::start(const Event& event) {
  if (std::exchange(started, true)) {
    log.reject_input(event, applying);
    park_on_mismatch();
    return;
  }
  behaviours = Behaviours(event.run_started().behaviours());
  if (!behaviours.known()) {
    return park(base::ErrorCode::kStoreOtherFormat,
                "a newer version of the library has started this run, with behaviours " +
                    std::to_string(behaviours.number()) + ", and this one knows those up to " +
                    std::to_string(Behaviours::kNewest) + "; go on with the newer version");
  }
  input = event.run_started().input();
  spawn_strand([this] { guarded({"the workflow's function"}, [this] { run_code(); }); }, root);
}

void Execution::State::run_code() {
  instance = code(self);
  Outcome ready = instance->make();
  made = true;
  base::needs_memory("running a workflow", [this] { handle_kept_updates(std::nullopt); });
  close(ready.ok() ? instance->run(input) : std::move(ready));
}

void Execution::State::complete_numbered(const Event& event,
                                         std::uint32_t id,
                                         Trigger trigger,
                                         Outcome outcome) {
  const OperationRef operation = pending.take(id);
  if (!operation) {
    // It was given up, in this turn or before: the code has moved on.
    if (id > 0 && id < next_operation) return;
    log.reject_input(event, applying);
    park_on_mismatch();
    return;
  }
  complete(*operation, trigger, next_order++, std::move(outcome));
}

void Execution::State::receive_update(const proto::UpdateReceived& update) {
  ++next_order;
  if (!made && behaviours.updates_await_handlers() && !handlers.updates.contains(update.name())) {
    kept_updates.push_back(update);
  } else {
    handle(update);
  }
}

void Execution::State::handle_kept_updates(std::optional<std::string_view> name) {
  for (const proto::UpdateReceived& update : std::exchange(kept_updates, {})) {
    if (!name || update.name() == *name) {
      handle(update);
    } else {
      kept_updates.push_back(update);
    }
  }
}

void Execution::State::handle(const proto::UpdateReceived& update) {
  spawn_strand(
      [this, update] {
        guarded({"the handler of update", update.name()}, [&] {
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

// Before anything is made of an end that the turn may have come to: it is not recorded if the guard
// objects.
void Execution::State::ask_guard(bool live) {
  auto objection = guard->end_turn(info, live);
  if (!objection || trouble) return;
  trouble = std::make_unique<Trouble>(
      Trouble{base::ErrorCode::kForbiddenCall, std::move(*objection), std::nullopt});
  scheduler.halt();
}

void Execution::State::run_to_quiescence() {
  if (behaviours.conditions_see_every_input()) scheduler.look_at_conditions();
  const auto run = [this] {
    scheduler.run_until_blocked([this](StrandRecord& strand) { finished(strand); });
  };
  if (!is_told()) return run();
  const auto tell = [](void* state, const std::string& what) {
    static_cast<State*>(state)->tell_thrown(what);
  };
  const StackLook::Told before = StackLook::tell({tell, this});
  run();
  (void)StackLook::tell(before);
}

// ---- strands ----------------------------------------------------------------------------------

StrandRecord& Execution::State::spawn_strand(std::function<void()> body, ScopeRef scope) {
  return scheduler.create(std::move(body), std::move(scope));
}

void Execution::State::park(base::ErrorCode error, std::string report) {
  // Unwinding because of a first trouble may well cause a second one.
  if (!trouble && !scheduler.halted()) {
    trouble = std::make_unique<Trouble>(Trouble{error, std::move(report), std::nullopt});
    tell_trouble();
  }
  scheduler.halt();
}

void Execution::State::park_on_mismatch() {
  if (!trouble) park_on_mismatch(*log.mismatch());
}

void Execution::State::park_on_mismatch(Mismatch mismatch) {
  if (trouble) return;
  if (const StrandRecord* strand = scheduler.current(); strand == nullptr) {
    mismatch.strands = strands();
  } else if (mismatch.strands.empty()) {
    mismatch.strands.push_back({strand->number, {}, base::stack_frames()});
  }
  trouble =
      std::make_unique<Trouble>(Trouble{base::ErrorCode::kNondeterminism, {}, std::move(mismatch)});
  tell_trouble();
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
    stop_dropped(operation);
  }
  if (operation.kind() == Operation::Kind::kSignal) take_back(operation);
} catch (const std::bad_alloc&) {
  // This is called by a destructor, which must not throw.
  base::end_out_of_memory("running a workflow");
}

}  // namespace reprise::replay
