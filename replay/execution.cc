#include "replay/execution.h"

#include <algorithm>
#include <utility>

#include "base/out_of_memory.h"
#include "base/prefetch.h"
#include "event/catalogue.h"
#include "event/causes.h"
#include "replay/commands/activity.h"
#include "replay/commands/checkpoint.h"
#include "replay/commands/child.h"
#include "replay/commands/message.h"
#include "replay/commands/run.h"
#include "replay/commands/timer.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using proto::Event;

Execution::State::State(Execution& execution,
                        RunInfo run,
                        const WorkflowCode& workflow_code,
                        StackPool& pool,
                        ExecutionOptions options)
    : self(execution),
      code(workflow_code),
      symbols(options.symbols),
      given_up(std::move(options.given_up)),
      core(std::move(run), pool, options),
      steps(core, std::move(options.step_unwanted), std::move(options.step_abandoned)),
      strands(core, steps),
      signals(core),
      updates(core),
      patches(core),
      settings(core) {}

Execution::State::~State() {
  core.scheduler.evict_all();  // while everything that the strands may use still exists
}

Execution::Execution(RunInfo info,
                     const WorkflowCode& code,
                     StackPool& pool,
                     ExecutionOptions options)
    : state_(std::make_unique<State>(*this, std::move(info), code, pool, std::move(options))) {}

Execution::~Execution() {
  state_->core.scheduler.evict_all();
  state_->tell_given_up();
  // Frames that are never left may refer to any of it.
  if (state_->core.scheduler.ever_gave_up()) (void)state_.release();
}

void Execution::prefetch_state() const {
  base::prefetch(state_.get(), sizeof *state_);
}

void Execution::prefetch_strand() const {
  const auto& strands = state_->core.scheduler.strands();
  if (strands.empty()) return;
  const StrandRecord& first = *strands.front();
  base::prefetch(&first, sizeof first);
  first.strand.prefetch();
}

// ---- turns ------------------------------------------------------------------------------------

// Protobuf's messages are not safe to destroy after an exception: so without memory the process
// ends here, before this is destroyed.
TurnEnd Execution::run_turn(proto::Turn* turn) try {
  state_->core.log.begin_live(turn, state_->events);
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
  RunCore& run = s.core;
  if (s.events == 0) s.number_from(recorded);
  run.log.begin_replay(recorded, s.events);
  if (run.life.has_ended()) {
    run.log.reject_after_end(recorded, 0);
    run.parking.park_on_mismatch();
    return s.end();
  }
  if (!recorded.without_code()) return s.run(nullptr, recorded);
  if (!run.log.finish()) {  // it ran no code, so it cannot have commands
    run.parking.park_on_mismatch();
    return s.end();
  }
  for (const Event& event : recorded.inputs()) s.deferred.push_back({event, ++s.events});
  run.now = std::max(run.now, base::from_ms(recorded.time_ms()));
  return s.end();
} catch (const std::bad_alloc&) {
  base::end_out_of_memory("replaying a turn");
}

namespace {

// Inputs that only the engine's bookkeeping uses are not.
bool is_for_code(const DeferredInput& input) {
  return !event::is_bookkeeping(input.event);
}

// After that nothing is given to the code any more.
bool is_end_of_run(const DeferredInput& input) {
  return input.event.has_run_terminated() || input.event.has_run_timed_out() ||
         input.event.has_run_called_off();
}

}  // namespace

TurnEnd Execution::rehearse() try {
  State& s = *state_;
  if (std::any_of(s.deferred.begin(), s.deferred.end(), is_end_of_run)) return s.end();
  if (std::none_of(s.deferred.begin(), s.deferred.end(), is_for_code)) return s.end();
  s.rehearsal = std::make_unique<proto::Turn>();
  s.rehearsal->set_time_ms(base::to_ms(s.core.now));
  s.core.observation.rehearse();
  s.core.log.begin_live(s.rehearsal.get(), s.events);
  return s.run(s.rehearsal.get(), *s.rehearsal);
} catch (const std::bad_alloc&) {
  base::end_out_of_memory("rehearsing a turn");
}

TurnEnd Execution::State::run(proto::Turn* live, const proto::Turn& turn) {
  const Parking& parking = core.parking;
  if (parking.trouble() || core.observation.left()) return end();
  const base::Time before =
      std::exchange(core.now, std::max(core.now, base::from_ms(turn.time_ms())));
  steps.begin_turn();
  signals.begin_turn();
  untaken.clear();
  const int given = turn.inputs_size();
  const bool applies_deferred = std::any_of(deferred.begin(), deferred.end(), is_for_code);
  if (core.guard != nullptr) core.guard->begin_turn();
  const int applied = apply_inputs(live, turn);
  if (core.guard != nullptr) ask_guard(live != nullptr);
  if (core.observation.left()) return end();
  if (core.life.state() == Lifecycle::State::kCreated && !parking.trouble() &&
      turn.commands_size() > 0) {
    require_start(&turn.commands(0), events + 1);
  }
  if (live != nullptr && goes_on && !parking.trouble()) {
    leave_updates_after(applied, live);
    gather_unread(applied, turn);
  }
  if (core.life.has_ended() && !parking.trouble() && applied < turn.inputs_size()) {
    leave_out_after_end(applied, live, turn);
  }
  if (!parking.trouble() && !core.log.finish()) core.parking.park_on_mismatch();
  if (!parking.trouble()) {
    events += static_cast<std::uint64_t>(turn.inputs_size() + turn.commands_size());
  } else if (const int own = given - static_cast<int>(untaken.size());
             live != nullptr && live->inputs_size() > own) {
    // No decision of a turn that parks the run is recorded: what the code gave up there is not
    // given up.
    live->mutable_inputs()->DeleteSubrange(own, live->inputs_size() - own);
  }
  // Nothing was taken, so there is nothing to record, and no replay will see this time.
  const bool took = applies_deferred || turn.inputs_size() > 0 || turn.commands_size() > 0;
  if (!untaken.empty() && !took) core.now = before;
  return end();
}

int Execution::State::apply_inputs(proto::Turn* live, const proto::Turn& turn) {
  for (auto& [event, number] : std::exchange(deferred, {})) {
    if (!core.over()) {
      apply(event, number);
    } else if (goes_on && goes_along(event)) {
      unread.inputs.push_back(std::move(event));
    }
  }
  int applied = 0;
  while (!core.over()) {
    if (applied == turn.inputs_size() && (live == nullptr || !steps.end_unwanted(live))) break;
    const bool is_update = turn.inputs(applied).has_update_received();
    if (live != nullptr && is_update && !takes_update(applied, live)) continue;
    const std::uint64_t number = events + static_cast<std::uint64_t>(applied) + 1;
    apply(turn.inputs(applied), number);
    ++applied;
  }
  return applied;
}

void Execution::State::leave_out_after_end(int applied,
                                           proto::Turn* live,
                                           const proto::Turn& turn) {
  if (live != nullptr) {
    live->mutable_inputs()->DeleteSubrange(applied, live->inputs_size() - applied);
  } else {
    core.log.reject_after_end(turn, applied);
    core.parking.park_on_mismatch();
  }
}

std::vector<Event> Execution::State::not_taken() const {
  std::vector<Unread> seen;
  signals.add_unread(&seen);
  updates.add_unread(&seen);
  std::sort(seen.begin(), seen.end(),
            [](const Unread& one, const Unread& other) { return one.order < other.order; });
  std::vector<Event> inputs;
  inputs.reserve(seen.size());
  for (Unread& each : seen) inputs.push_back(std::move(each.input));
  return inputs;
}

// Those that a strand has not taken came before those that were not applied.
void Execution::State::gather_unread(int applied, const proto::Turn& turn) {
  std::vector<Event> all = not_taken();
  for (Event& each : unread.inputs) all.push_back(std::move(each));
  for (int i = applied; i < turn.inputs_size(); ++i) {
    // A client who has failed an attempt by its token hears that this is recorded.
    const bool is_told = core.at_checkpoint && turn.inputs(i).attempt_failed().elsewhere();
    if (!is_handed_on(turn.inputs(i)) && !is_told) continue;
    all.push_back(turn.inputs(i));
    ++unread.unrecorded;
  }
  unread.inputs = std::move(all);
  unread.known_updates = updates.latest_known();
  if (core.at_checkpoint) {
    unread.checkpoint = std::make_unique<proto::CheckpointTaken>(taken_by(core));
  }
  check_unread_size();
}

void Execution::State::check_unread_size() {
  std::size_t bytes = 0;
  for (const Event& each : unread.inputs) bytes += kBytesPerCommand + each.ByteSizeLong();
  if (bytes <= core.limits.turn_bytes) return;
  const char* const taker = core.at_checkpoint        ? "ctx.checkpoint()"
                            : unread.start == nullptr ? "ctx.continue_as_new()"
                                                      : "the next attempt of a run";
  core.parking.park_at_end(
      base::ErrorCode::kRunLimit,
      std::string(taker) + " takes unread signals and unanswered updates along, here " +
          std::to_string(unread.inputs.size()) + " of " + std::to_string(bytes) +
          " bytes, and EngineLimits::turn_bytes = " + std::to_string(core.limits.turn_bytes) +
          " allows no more; read some of them first, or raise the limit");
}

// The report is written here, where the stack is large and no code of the run is under way.
TurnEnd Execution::State::end() {
  tell_given_up();
  if (core.parking.trouble() != nullptr) {
    core.parking.write_report(core.info, symbols);
    return TurnEnd::kParked;
  }
  if (core.observation.left()) return TurnEnd::kLeft;
  if (core.at_checkpoint) return TurnEnd::kCheckpoint;
  return core.life.has_ended() ? TurnEnd::kClosed : TurnEnd::kBlocked;
}

void Execution::State::tell_given_up() {
  if (!core.scheduler.has_given_up()) return;
  for (const StrandStatus& strand : core.scheduler.take_given_up()) {
    if (given_up) given_up(core.info, strand);
  }
}

// Before the end of the run takes effect, if the turn has one: it is not recorded if the guard
// objects.
void Execution::State::ask_guard(bool live) {
  if (auto objection = core.guard->end_turn(core.info, live)) {
    core.parking.park_at_end(base::ErrorCode::kForbiddenCall, std::move(*objection));
  }
}

// ---- inputs -----------------------------------------------------------------------------------

void Execution::State::apply(const Event& event, std::uint64_t number) {
  core.observation.applying(number, event);
  core.applied.number = number;
  core.turn_bytes = 0;
  core.calls_cut_short = 0;
  const bool begins = event.has_run_started() || event.has_checkpoint_taken();
  if (!begins && !require_start(&event, number)) return;
  core.applied.event = &event;
  dispatch(event);
  run_to_quiescence();
  core.applied.event = nullptr;
  core.observation.settled();
}

// The start comes before everything else.
bool Execution::State::require_start(const Event* first, std::uint64_t number) {
  if (core.life.state() != Lifecycle::State::kCreated || !core.log.replaying()) return true;
  core.log.reject_beginning(first, number);
  core.parking.park_on_mismatch();
  return false;
}

void Execution::State::dispatch(const Event& event) {
  if (core.ending && goes_along(event)) return unread.inputs.push_back(event);
  switch (event.kind_case()) {
    case Event::kRunStarted:
      return start(event);
    case Event::kCheckpointTaken:
      return go_on(event);
    case Event::kActivityCompleted:
    case Event::kActivityFailed:
      return apply_to_activity(core, event);
    case Event::kStepCompleted:
    case Event::kStepFailed:
    case Event::kTransactionCompleted:
    case Event::kTransactionFailed:
      return steps.apply(event);
    case Event::kTimerFired:
      return apply_to_timer(core, event);
    case Event::kSignalReceived:
      return signals.apply(event);
    case Event::kMessageDelivered:
    case Event::kMessageRefused:
      return apply_to_message(core, event);
    case Event::kChildStarted:
    case Event::kChildCompleted:
    case Event::kChildFailed:
      return apply_to_child(core, event);
    case Event::kUpdateReceived:
      return updates.apply(event);
    case Event::kCancelRequested:
      return cancel_scope(*core.root, {});
    case Event::kRunTerminated:
    case Event::kRunTimedOut:
    case Event::kRunCalledOff:
      return apply_end(core);
    case Event::kRunReset:
      return take_identity(core, event.run_reset().run_id());
    case Event::kRunForked:
      return take_identity(core, event.run_forked().run_id());
    case Event::kDelayEnded:
      return;  // that the code runs is all it says
    case Event::kAttemptFailed:
    case Event::kHeartbeatRecorded:
    case Event::kAttemptLeftOpen:
    case Event::kRunPaused:
    case Event::kRunResumed:
      return;  // the engine's bookkeeping is not for the code
    case Event::kActivityScheduled:
    case Event::kStepScheduled:
    case Event::kTimerStarted:
    case Event::kSideEffectRecorded:
    case Event::kRunCompleted:
    case Event::kRunFailed:
    case Event::kTimerCancelled:
    case Event::kActivityCancelRequested:
    case Event::kActivityCancelAwaited:
    case Event::kRunCancelled:
    case Event::kPatchRecorded:
    case Event::kUpdateCompleted:
    case Event::kStepAbandoned:
    case Event::kSignalSetAside:
    case Event::kDecisionRecorded:
    case Event::kRunContinuedAsNew:
    case Event::kSignalSent:
    case Event::kCancelSent:
    case Event::kSettingRecorded:
    case Event::kChildScheduled:
    case Event::kCheckpoint:
    case Event::kTransactionRequested:
    case Event::KIND_NOT_SET:
      return;  // in a history that no engine has written
  }
}

void Execution::State::start(const Event& event) {
  if (apply_start(core, event, event.run_started())) begin(event.run_started());
}

void Execution::State::begin(const proto::RunStarted& started) {
  input = started.input();
  if (started.has_retry()) start_again = std::make_unique<proto::RunStarted>(started);
  settings.given(started);
  updates.know_earlier(started);
  core.spawn_strand([this] { core.guarded({"the workflow's function"}, [this] { run_code(); }); },
                    core.root);
}

void Execution::State::run_code() {
  Outcome outcome;
  try {
    instance = code(self);
    outcome = instance->make();
    updates.code_is_made();
    if (outcome.ok()) outcome = instance->run(input);
  } catch (const Continued&) {
  }
  // It counts, whatever the code has made of the exception.
  if (core.continuing != nullptr) {
    end_by_continuing(core);
    goes_on = true;
    return;
  }
  await_messages(core);
  goes_on = end_run(core, std::move(outcome), start_again.get());
  if (goes_on) unread.start = std::move(start_again);
}

void Execution::State::run_to_quiescence() {
  if (core.behaviours.conditions_see_every_input()) core.scheduler.look_at_conditions();
  const auto run = [this] {
    core.scheduler.run_until_blocked([this](StrandRecord& strand) { strands.finished(strand); });
  };
  if (!core.observation.is_told()) return run();
  const auto tell = [](void* observation, const std::string& what) {
    static_cast<Observation*>(observation)->throws(what);
  };
  const StackLook::Told before = StackLook::tell({tell, &core.observation});
  run();
  (void)StackLook::tell(before);
}

}  // namespace reprise::replay
