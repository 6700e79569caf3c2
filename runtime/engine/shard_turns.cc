// Gathering inputs, running turns, and recording them.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/printable_text.h"
#include "runtime/engine/shard.h"
#include "runtime/engine/shard_source.h"

namespace reprise::runtime {

using proto::Event;

namespace {

// A long round runs its turns in parts: what an input has just touched of a run is still in the
// cache when its turn runs. With 10,000 runs in step that is worth a seventh of the throughput.
constexpr std::size_t kTurnsAtOnce = 128;

// And it hands them to the writer in parts: the disk works on the first ones while the rest run.
constexpr std::size_t kTurnsPerAppend = 512;
constexpr std::size_t kBytesPerAppend = std::size_t{16} << 20;

// A turn has at most so many inputs, so that its record stays far below the longest there may be,
// however large the payloads are.
constexpr int kInputsPerTurn = 256;

}  // namespace

// ---- inputs -----------------------------------------------------------------------------------

void Shard::gather(KnownRun& run) {
  if (run.turn != nullptr) return;
  run.turn = arena_.make();
  ready_.push_back(&run);
}

proto::Event* Shard::add_input(KnownRun& run) {
  gather(run);
  return run.turn->add_inputs();
}

void Shard::add_input(KnownRun& run, std::function<void(Event*)> fill, Reply<void> reply) {
  fill(add_input(run));
  run.with_extras().replies.push_back({run.turn->inputs_size() - 1, std::move(reply)});
}

// ---- turns ------------------------------------------------------------------------------------

void Shard::run_turns() {
  for (std::size_t i = 0; i < ready_.size(); ++i) {
    KnownRun& run = *ready_[i];
    if (run.turn != nullptr) run_turn(run, *std::exchange(run.turn, nullptr));
  }
  ready_.clear();
  arena_.reset();
  if (appended_.size() >= kTurnsPerAppend) append_turns();
}

void Shard::run_turns_if_many() {
  if (ready_.size() >= kTurnsAtOnce) run_turns();
}

void Shard::run_turn_if_full(KnownRun& run) {
  if (run.turn == nullptr || run.turn->inputs_size() < kInputsPerTurn) return;
  run_turn(run, *std::exchange(run.turn, nullptr));
}

void Shard::run_turn(KnownRun& run, proto::Turn& turn) {
  turn.set_time_ms(std::max(turn.time_ms(), base::to_ms(now())));
  if (!run.state.open()) {
    turn.clear_inputs();  // they came too late, and whoever sent them is told
    return answer_inputs(run, turn);
  }
  const bool for_code = turn.inputs().empty() ||
                        !std::all_of(turn.inputs().begin(), turn.inputs().end(), is_bookkeeping);
  if (const base::Status room = may_grow(run); !room && for_code && !run.parked()) {
    park(run, {room.error().code, room.error().message, std::nullopt});
  }
  if (!for_code || run.parked() || !run_code(run, turn)) {
    turn.clear_commands();
    if (turn.inputs().empty()) return;
    turn.set_deferred(true);
    host_.note_deferred(run.place, turn);
  }
  record(run, turn);
}

// False: the code could not run, or what it did must not be recorded.
bool Shard::run_code(KnownRun& run, proto::Turn& turn) {
  if (!loadable(run) || is_recorded_first(run)) {
    // Its inputs are recorded now and applied as soon as its history can be read.
    if (std::exchange(run.awaits_load, true)) return false;
    post([this, number = run.state.number] {
      when_loadable(number, [this](KnownRun& later) {
        later.awaits_load = false;
        if (later.state.open() && later.state.unapplied) gather(later);
      });
    });
    return false;
  }
  const auto run_it = [&] {
    const CodeMark::Scope in_code(code_mark_, &run);
    return host_.run_turn(run.place, Source(shared_, run.state), &turn);
  };
  const TurnResult result = run_it();
  if (run.suspect) clear_of_suspicion(run);
  if (result.end != replay::TurnEnd::kParked) return true;
  // Without a worker the run waits for one; there is nothing wrong with it.
  if (result.trouble->code != base::ErrorCode::kNoWorker) park(run, *result.trouble);
  return false;
}

// Is it the first turn of a run whose like has ended a process, and left nothing that would tell
// the next one whose code it was?
bool Shard::is_recorded_first(const KnownRun& run) const {
  if (run.state.events > 0) return false;
  const store::TurnMarks* const marks = shared_.store->turn_marks();
  return marks != nullptr && marks->ends_processes_at_start(base::hash64(*run.state.workflow));
}

// Its code has come back, whatever came of it.
void Shard::clear_of_suspicion(KnownRun& run) {
  if (Host::find(run.place) == nullptr) return;  // it was not executed: no worker
  shared_.store->turn_marks()->gets_on(run.state.number);
  run.suspect = false;
}

void Shard::record(KnownRun& run, proto::Turn& turn) {
  if (bodies_.size() >= kBytesPerAppend) append_turns();
  RunState& state = run.state;
  Appended appended{&run, 0, bodies_.size(), 0};
  if (state.events == 0) appended.flags |= store::kFirstOfRun;
  if (closes(turn)) appended.flags |= store::kLastOfRun;
  REPRISE_CHECK(turn.AppendToString(&bodies_), "a turn serializes");
  appended.end = bodies_.size();
  appended_.push_back(appended);
  effects_.next_turn();
  run.appending = true;
  // It ends as this turn says, whatever its code was parked for.
  if (closes(turn)) unpark(run);

  if (shared_.options.replay_every_turn) {
    effects_.add({.act = [this, number = state.number] { replay_afresh(number); }});
  }
  stop_what_is_given_up(run, turn);
  state.apply(turn, names_);
  keep_details(run, turn);
  queue_effects(run, turn);
  answer_inputs(run, turn);
  tell_unreadable(run, turn);
  if (state.open()) return;
  if (run.extras != nullptr && !run.extras->watches.empty()) {
    run.extras->end = std::make_unique<RunEnd>(end_of(turn));
  }
  effects_.add({.kind = Effect::Kind::kClosed, .run = &run});
}

// Attempts that the turn gives up are asked to stop; the fold after this forgets how to reach them.
void Shard::stop_what_is_given_up(KnownRun& run, const proto::Turn& turn) {
  const auto stop = [&](const PendingOperation* operation) {
    // A step is waited for: its closure lies on the stack of the run.
    if (operation == nullptr || operation->is_step() || operation->details == nullptr) return;
    if (operation->details->control == nullptr) return;
    effects_.add(
        {.act = [this, queue = queue_of(run, *operation->details->activity),
                 control = operation->details->control] { stop_attempt(queue, control); }});
  };
  if (closes(turn)) {
    for (const PendingOperation& operation : run.state.pending()) stop(&operation);
    return;
  }
  for (const Event& command : turn.commands()) {
    if (!command.has_activity_cancel_requested()) continue;
    stop(run.state.find(command.activity_cancel_requested().id()));
  }
}

void Shard::record_end(KnownRun& run,
                       std::function<void(Event*)> fill,
                       Reply<void> reply,
                       std::int64_t not_before_ms) {
  // What was gathered before comes first; the end itself runs no code.
  if (run.turn != nullptr) run_turn(run, *std::exchange(run.turn, nullptr));
  if (!run.state.open()) {
    return refuse(&run, {base::ErrorCode::kRunClosed, "the run has just ended"}, reply);
  }
  proto::Turn* turn = arena_.make();
  turn->set_time_ms(std::max(not_before_ms, base::to_ms(now())));
  turn->set_deferred(true);
  fill(turn->add_inputs());
  run.with_extras().replies.push_back({0, std::move(reply)});
  record(run, *turn);
}

void Shard::keep_details(KnownRun& run, const proto::Turn& turn) {
  for (const Event& command : turn.commands()) {
    if (command.has_activity_scheduled()) {
      PendingOperation* operation = run.state.find(command.activity_scheduled().id());
      // Given up in the same turn, or known already.
      if (operation == nullptr || operation->details != nullptr || operation->is_step()) continue;
      operation->details = std::make_unique<OperationDetails>();
      operation->details->activity =
          std::make_shared<proto::ActivityScheduled>(command.activity_scheduled());
    } else if (command.has_step_scheduled()) {
      PendingOperation* operation = run.state.find(command.step_scheduled().id());
      if (operation == nullptr || operation->details != nullptr || !operation->is_step()) continue;
      operation->details = std::make_unique<OperationDetails>();
      const proto::StepScheduled& step = command.step_scheduled();
      StepDetails& details = operation->details->step.emplace();
      details.name = step.name();
      details.start_to_close_ms = step.start_to_close_ms();
      if (step.has_retry()) details.retry = std::make_unique<proto::RetryPolicy>(step.retry());
    }
  }
}

void Shard::queue_effects(KnownRun& run, const proto::Turn& turn) {
  using Kind = Effect::Kind;
  if (!run.state.open()) return;
  for (const Event& input : turn.inputs()) {
    if (input.has_attempt_failed()) {
      effects_.add({.kind = Kind::kArm, .operation = input.attempt_failed().id(), .run = &run});
    }
    if (input.has_run_started() && input.run_started().run_timeout_ms() > 0) {
      effects_.add({.kind = Kind::kArm, .operation = 0, .run = &run});
    }
  }
  for (const Event& command : turn.commands()) {
    if (command.has_activity_scheduled()) {
      effects_.add(
          {.kind = Kind::kDispatch, .operation = command.activity_scheduled().id(), .run = &run});
    } else if (command.has_step_scheduled()) {
      effects_.add(
          {.kind = Kind::kDispatch, .operation = command.step_scheduled().id(), .run = &run});
    } else if (command.has_timer_started()) {
      effects_.add({.kind = Kind::kArm, .operation = command.timer_started().id(), .run = &run});
    }
  }
}

// Whoever waits for an input or an update of this turn is answered when it is durable.
void Shard::answer_inputs(KnownRun& run, const proto::Turn& turn) {
  if (run.extras == nullptr) return;
  // A turn that recorded nothing has nothing to wait for.
  const bool recorded = !turn.inputs().empty() || !turn.commands().empty();
  const auto when_durable = [&](std::function<void()> act) {
    if (!recorded) return act();
    effects_.add({.act = std::move(act)});
  };
  if (run.extras->started && turn.inputs_size() > 0 && turn.inputs(0).has_run_started()) {
    effects_.add({.kind = Effect::Kind::kStarted, .run = &run});
  }
  for (InputReply& waiting : std::exchange(run.extras->replies, {})) {
    if (recorded && waiting.input < turn.inputs_size()) {
      effects_.add({.kind = Effect::Kind::kConfirm, .confirm = std::move(waiting.reply)});
      continue;
    }
    when_durable([reply = std::move(waiting.reply)] {
      reply(base::Error{base::ErrorCode::kRunClosed, "the run ended before this could reach it"});
    });
  }
  auto& updates = run.extras->updates;
  for (const Event& command : turn.commands()) {
    if (!command.has_update_completed()) continue;
    const auto& completed = command.update_completed();
    const auto found = std::find_if(updates.begin(), updates.end(), [&](const UpdateReply& update) {
      return update.update_id == completed.update_id();
    });
    if (found == updates.end()) continue;  // accepted by an earlier process
    when_durable([reply = std::move(found->reply), event = completed] {
      reply(event.has_failure() ? replay::Outcome::failed(event.failure())
                                : replay::Outcome::success(event.result()));
    });
    updates.erase(found);
  }
  run.drop_empty_extras();
}

// Signals that the code did not see, for people.
void Shard::tell_unreadable(const KnownRun& run, const proto::Turn& turn) {
  for (const Event& command : turn.commands()) {
    if (!command.has_signal_set_aside()) continue;
    const proto::SignalSetAside& signal = command.signal_set_aside();
    const std::uint64_t number = set_aside_.add(run.state.number, signal.name());
    if (!SetAsideTally::is_told(number)) continue;
    std::string line = base::to_string(base::ErrorCode::kSignalUnreadable) + " run '" +
                       base::printable_text(run.state.workflow_id) + "' (" +
                       run.state.id.to_string() + ") of workflow '" +
                       base::printable_text(*run.state.workflow) + "' goes on without signal '" +
                       base::printable_text(signal.name()) + "', event " +
                       std::to_string(signal.event()) + ": " + base::printable_text(signal.why()) +
                       "; send it again as its code reads it";
    if (number >= SetAsideTally::kAllTold) {
      line += " (" + std::to_string(number) +
              " so far; most of those that follow are in the "
              "history only)";
    }
    effects_.add({.act = [this, line = std::move(line)] { shared_.log(LogLevel::kError, line); }});
  }
}

// Hands the turns recorded so far to the writer.
void Shard::append_turns() {
  drafts_.clear();
  for (const Appended& turn : appended_) {
    RunState& state = turn.run->state;
    drafts_.push_back({state.number, &state.last_seq, &state.chain, turn.flags,
                       std::string_view(bodies_).substr(turn.begin, turn.end - turn.begin)});
  }
  const store::Seq last = shared_.writer->append(drafts_);
  effects_.appended(last);
  for (const Appended& turn : appended_) turn.run->appending = false;
  last_appended_ = last;
  appended_.clear();
  bodies_.clear();
}

void Shard::append_round() {
  if (!appended_.empty()) append_turns();
  if (!slots_.empty()) {
    effects_.call_after(last_appended_, [this, slots = std::exchange(slots_, {})] {
      for (const auto slot : slots) shared_.store->attempt_slots().release(slot);
    });
  }
  if (results_ > 0) {
    effects_.call_after(last_appended_,
                        [this, results = std::exchange(results_, 0)] { recorded(results); });
  }
  for (auto& act : std::exchange(when_recorded_, {}))
    effects_.call_after(last_appended_, std::move(act));
}

void Shard::recorded(std::size_t results) {
  if (shared_.unrecorded.remove(results)) shared_.task_queues.wake();
}

// ---- ends and troubles ------------------------------------------------------------------------

void Shard::park(KnownRun& run, const replay::Trouble& trouble) {
  const base::Error why{trouble.code, trouble.report};
  host_.evict(run.place);
  shared_.log(
      LogLevel::kError,
      "run '" + base::printable_text(run.state.workflow_id) + "' (" + run.state.id.to_string() +
          ") of workflow '" + base::printable_text(*run.state.workflow) +
          (run.state.open() ? "' is parked: " : "' has ended and does not replay: ") + why.text());
  // What the code would do now does not change how a run has ended.
  if (!run.state.open()) return;
  for (PendingOperation& operation : run.state.pending()) operation.unwanted = false;
  run.with_extras().parked = why;
  shared_.store->note_parked(run.state.number, why);
  for (const UpdateReply& update : std::exchange(run.extras->updates, {})) update.reply(why);
}

void Shard::unpark(KnownRun& run) {
  if (!run.parked() || run.damaged) return;
  run.extras->parked.reset();
  shared_.store->note_unparked(run.state.number);
}

void Shard::closed(KnownRun& run) {
  host_.evict(run.place);
  runs_.closed(run);
  if (run.extras == nullptr) return;
  for (const auto& watch : run.extras->watches) {
    if (run.parked()) {
      watch->set(*run.extras->parked);
    } else {
      watch->set(*run.extras->end);
    }
  }
  for (const auto& update : run.extras->updates) {
    update.reply(
        base::Error{base::ErrorCode::kRunClosed, "the run ended before the update was done"});
  }
  if (!run.parked()) run.extras = nullptr;
}

}  // namespace reprise::runtime
