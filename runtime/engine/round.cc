#include "runtime/engine/round.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "event/catalogue.h"
#include "event/turn.h"
#include "runtime/engine/commands/commands.h"
#include "runtime/engine/next_run.h"
#include "runtime/engine/prefetch.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {

using proto::Event;

namespace {

// A long round runs its turns in parts: the memory of a run that its input has just touched is
// still in the cache when its turn runs. With 10,000 runs in step that gained a seventh of the
// throughput. All turns of a part are made before any is recorded: alternating would evict the code
// for the one and for the other from the instruction cache with every run (docs/performance.md).
constexpr std::size_t kTurnsAtOnce = 128;

// And it hands them to the writer in parts: the disk works on the first ones while the rest run.
constexpr std::size_t kTurnsPerAppend = 512;
constexpr std::size_t kBytesPerAppend = std::size_t{16} << 20;

// Of a run whose last turn this is; its first one may be the same.
std::int64_t run_timeout_of(const RunState& state, const proto::Turn& last) {
  return event::starts(last) ? last.inputs(0).run_started().run_timeout_ms()
                             : state.run_timeout_ms();
}

}  // namespace

// ---- inputs -----------------------------------------------------------------------------------

void Round::gather(KnownRun& run) {
  if (run.turn != nullptr) return;
  run.turn = turn_of(run);
  ready_.push_back(&run);
}

proto::Event* Round::add_input(KnownRun& run) {
  gather(run);
  return run.turn->add_inputs();
}

void Round::add_input(KnownRun& run, base::FunctionRef<void(Event*)> fill, Reply<void> reply) {
  proto::Event* const input = add_input(run);
  fill(input);
  confirm(run, input, std::move(reply));
}

void Round::confirm(KnownRun& run, const proto::Event* newest, Reply<void> reply) {
  const int last = run.turn->inputs_size() - 1;
  REPRISE_CHECK(&run.turn->inputs(last) == newest, "an input was gathered after the one confirmed");
  const bool goes_along = newest->has_signal_received() || newest->has_cancel_requested();
  run.with_extras().replies.push_back({last, std::move(reply), goes_along});
}

bool Round::is_full(const KnownRun& run) const {
  return run.state.events_since_checkpoint() >= parts_.shared.options.limits.history_events;
}

base::Status Round::may_grow(const KnownRun& run) const {
  const std::uint64_t most = parts_.shared.options.limits.history_events;
  if (!is_full(run)) return {};
  return base::Error{base::ErrorCode::kRunLimit,
                     "the history of run '" + run.state.workflow_id + "' has " +
                         std::to_string(run.state.events_since_checkpoint()) + " events" +
                         (run.state.checkpoint() == nullptr ? "" : " since its last checkpoint") +
                         ", and EngineLimits::history_events = " + std::to_string(most) +
                         " allows no more; let it end in time and start another run, or raise the "
                         "limit"};
}

// ---- turns ------------------------------------------------------------------------------------

void Round::run_turns() {
  REPRISE_CHECK(made_.empty(), "no turns are run while others are made");
  for (std::size_t next = 0; next < ready_.size();) {
    next = make_turns(next);
    for (const Made& made : made_) record(*made.run, *made.turn);
    made_.clear();
  }
  ready_.clear();
  arena_.reset();
  released_.clear();
  if (recorded_.size() >= kTurnsPerAppend) append_turns();
}

// Those of one part, from `first` on; returns where the next part begins.
std::size_t Round::make_turns(std::size_t first) {
  const std::size_t end = std::min(ready_.size(), first + kTurnsAtOnce);
  for (std::size_t i = first; i < end; ++i) {
    prefetch_for_next_turns(ready_, i);
    KnownRun& run = *ready_[i];
    if (run.turn == nullptr) continue;
    if (run.transacting) {
      hold(run);
      continue;
    }
    proto::Turn& turn = *std::exchange(run.turn, nullptr);
    if (make_turn(run, turn)) made_.push_back({&run, &turn});
  }
  return end;
}

void Round::run_turns_if_many() {
  if (ready_.size() >= kTurnsAtOnce) run_turns();
}

void Round::run_turn_if_full(KnownRun& run) {
  if (run.turn == nullptr || run.turn->inputs_size() < kInputsPerTurn || run.transacting) return;
  run_turn(run, *std::exchange(run.turn, nullptr));
}

void Round::run_gathered(KnownRun& run) {
  if (run.turn == nullptr) return;
  if (run.transacting) return hold(run);
  run_turn(run, *std::exchange(run.turn, nullptr));
}

void Round::run_turn(KnownRun& run, proto::Turn& turn) {
  if (make_turn(run, turn)) record(run, turn);
}

// False: there is nothing to record.
bool Round::make_turn(KnownRun& run, proto::Turn& turn) {
  turn.set_time_ms(std::max(turn.time_ms(), base::to_ms(now())));
  if (!run.state.open()) {
    turn.clear_inputs();  // they came too late, and their senders get an error
    Outbox::refuse_inputs(run);
    return false;
  }
  const bool for_code =
      turn.inputs().empty() ||
      !std::all_of(turn.inputs().begin(), turn.inputs().end(), event::is_bookkeeping);
  // The turn that ends the pause has no code either, which might end the run before that input.
  const bool paused = run.state.is_paused() || is_paused_by(turn, false);
  if (for_code && is_full(run) && !run.parked() && !paused) {
    const base::Error full = may_grow(run).error();
    parts_.parking.park(run, {full.code, full.message, std::nullopt});
  }
  if (!for_code || paused || run.parked() || awaits_end(run) || is_delayed(run, turn) ||
      !run_code(run, turn)) {
    turn.clear_commands();
    hold_updates(run, turn);
    if (turn.inputs().empty()) return false;
    turn.set_without_code(true);
    parts_.executor.note_deferred(run.place, turn);
    return true;
  }
  const bool took_nothing = run.extras != nullptr && !run.extras->untaken.empty() &&
                            turn.inputs().empty() && turn.commands().empty() &&
                            !run.state.unapplied;
  if (!took_nothing) return true;
  parts_.outbox.tell_untaken(run);
  run.drop_empty_extras();
  return false;
}

// Its code must not run yet.
bool Round::is_delayed(const KnownRun& run, const proto::Turn& turn) {
  if (run.state.events > 0) return run.state.delayed_until_ms() > 0;
  return std::any_of(turn.inputs().begin(), turn.inputs().end(),
                     [](const Event& input) { return input.run_started().delayed_until_ms() > 0; });
}

// ---- code -------------------------------------------------------------------------------------

// False: the code could not run, or its turn must not be recorded.
bool Round::run_code(KnownRun& run, proto::Turn& turn) {
  if (!parts_.loading.is_loadable(run) || is_recorded_first(run)) {
    await_load(run);
    return false;
  }
  offer_updates(run, turn);
  TurnResult result = parts_.executor.run_turn(run.place, StoredRun(parts_.shared, run), &turn);
  if (run.suspect) clear_of_suspicion(run);
  note_untaken(run, std::move(result.untaken));
  if (result.end != replay::TurnEnd::kParked) return true;
  // What is not recorded decides nothing.
  if (run.extras != nullptr) run.extras->untaken.clear();
  // Without a worker the run just waits for one.
  if (result.trouble->code != base::ErrorCode::kNoWorker) parts_.parking.park(run, *result.trouble);
  return false;
}

// Its inputs are recorded now and applied as soon as its history can be read.
void Round::await_load(KnownRun& run) {
  if (std::exchange(run.awaits_load, true)) return;
  parts_.intake.post([this, number = run.state.number] {
    parts_.loading.when_loadable(number, [this](KnownRun& later) {
      later.awaits_load = false;
      if (later.state.open() && later.has_work()) gather(later);
    });
  });
}

// Is it the first turn of a run of a workflow whose first turns have ended processes, leaving no
// record of the run?
bool Round::is_recorded_first(const KnownRun& run) const {
  if (run.state.events > 0) return false;
  const store::TurnMarks* const marks = parts_.shared.store->turn_marks();
  return marks != nullptr && marks->ends_processes_at_start(base::hash64(*run.state.workflow));
}

// Its code has returned, with whatever result.
void Round::clear_of_suspicion(KnownRun& run) {
  if (run.place == nullptr) return;  // it was not executed: no worker
  parts_.shared.store->turn_marks()->gets_on(run.state.number);
  run.suspect = false;
}

void Round::replay_afresh(store::RunNumber number) {
  KnownRun* run = parts_.runs.find(number);
  if (run == nullptr || run->parked() || run->transacting) return;
  // If a turn is not durable yet, an effect of its own will call this again.
  if (run->appending || !parts_.effects.is_durable(run->state.last_seq)) return;
  const auto trouble = parts_.executor.replay_afresh(run->place, StoredRun(parts_.shared, *run));
  if (trouble && trouble->code != base::ErrorCode::kNoWorker) parts_.parking.park(*run, *trouble);
}

void Round::record(KnownRun& run,
                   proto::Turn& turn,
                   bool with_next,
                   replay::UnreadInputs* unread,
                   const std::function<void()>* begin_next) {
  append_if_full();
  REPRISE_CHECK(!run.transacting, "the next record of the run is that of its transaction");
  RunState& state = run.state;
  const proto::Event* const end = event::ending(turn);
  const bool closes = end != nullptr;
  const bool goes_on = closes && !event::next_run_id(*end).empty();
  const std::int64_t run_timeout_ms = goes_on ? run_timeout_of(state, turn) : 0;
  const bool begins = state.events == 0;
  const bool was_paused = state.is_paused();
  const bool at_checkpoint = event::ends_segment(turn);
  const bool had_children = closes && state.has_children();
  Recorded recorded{.run = &run,
                    .with_next = with_next || goes_on || at_checkpoint,
                    .from_checkpoint = event::segment_start(turn) != nullptr,
                    .begin = bodies_.size()};
  if (begins) recorded.flags |= store::kFirstOfRun;
  if (closes) recorded.flags |= store::kLastOfRun;
  append_body(turn);
  recorded.end = bodies_.size();
  recorded_.push_back(recorded);
  parts_.effects.next_turn();
  const bool known = !std::exchange(run.appending, true);
  // It ends as this turn says, whatever the reason for parking its code.
  if (closes) parts_.parking.unpark(run);
  if (closes && run.extras != nullptr) run.extras->unsent = nullptr;

  if (parts_.shared.options.replay_every_turn) add_replay(state, turn, known);
  const commands::Recording recording{run, parts_.shared, parts_.effects, parts_.outbox,
                                      set_aside_};
  commands::give_up(recording, turn, closes);
  state.apply(turn, parts_.names);
  if (EngineMetrics* const metrics = parts_.shared.metrics(); metrics != nullptr) {
    if (begins) metrics->workflows.of(*state.workflow).started.add();
    if (closes) metrics->closed(*state.workflow, state.status);
  }
  if (run.extras != nullptr) run.extras->operations.apply(turn);
  commands::follow(recording, turn);
  keep_family(run, begins, had_children);
  const bool end_waits = awaits_end(run);
  tell_ends(run);
  parts_.outbox.recorded(run, turn);
  // They came too early in a turn that has made the code ready.
  const bool takes_held = run.holds_updates() && RunExecutor::takes_updates(run.place);
  const bool resumes = was_paused && !state.is_paused() && state.open() && run.has_work();
  if ((takes_held || resumes) && !end_waits) gather(run);
  if (!state.open()) parts_.effects.add({.kind = Effect::Kind::kClosed, .run = &run});
  if (at_checkpoint) return start_segment(run, turn);
  if (begin_next != nullptr) return (*begin_next)();
  if (!goes_on) return;
  start_next(run, turn, run_timeout_ms,
             unread != nullptr ? std::move(*unread) : parts_.executor.take_unread(run.place));
}

// Its parent, if it has one, will find it; and its children learn that it has ended.
void Round::keep_family(const KnownRun& run, bool begins, bool had_children) {
  if (run.state.open()) {
    if (begins) parts_.children.add(run.state);
    return;
  }
  parts_.children.remove(run.state);
  if (had_children) parts_.outbox.tell_children(run);
}

// The next run of the chain begins in the commit that ends this one. Its code runs when that is
// durable: a chain that continues at once, for ever, gets on as fast as the disk.
void Round::start_next(KnownRun& run,
                       const proto::Turn& last,
                       std::int64_t run_timeout_ms,
                       replay::UnreadInputs unread) {
  NextRun next(run.state, last, run_timeout_ms, std::move(unread));
  KnownRun& started =
      parts_.runs.add(next.state(parts_.shared.next_run.fetch_add(1), parts_.names));
  Outbox::move_to_next(run, started);
  for (bool more = true; more;) {
    proto::Turn& turn = *arena_.make();
    more = next.fill_turn(kInputsPerTurn, &turn);
    record(started, turn, more);
  }
  await_load(started);
}

// A turn that makes the code ready is followed by one with the updates that came too early for it.
void Round::run_all_gathered(KnownRun& run) {
  while (run.turn != nullptr && run.state.open()) run_gathered(run);
  run_gathered(run);  // what came after its end is refused
}

bool Round::ends_later(KnownRun& run, std::function<void()> again) {
  // Inputs gathered before come first, and may send more.
  run_all_gathered(run);
  if (!run.state.open() || !end_must_wait(run)) return false;
  run.with_extras().when_told.push_back(std::move(again));
  parts_.parking.send_or_refuse(run);
  return true;
}

void Round::tell_ends(KnownRun& run) {
  const bool waits = run.extras != nullptr && !run.extras->when_told.empty();
  if (!waits || end_must_wait(run)) return;
  for (auto& again : std::exchange(run.extras->when_told, {})) parts_.intake.post(std::move(again));
  // If it does not end after all, its code has not seen what came meanwhile.
  parts_.intake.post(std::function<void()>([this, number = run.state.number] {
    KnownRun* const later = parts_.runs.find(number);
    if (later != nullptr && later->state.open() && later->has_work()) gather(*later);
  }));
}

void Round::record_end(KnownRun& run,
                       base::FunctionRef<void(Event*)> fill,
                       Reply<void> reply,
                       std::int64_t not_before_ms,
                       replay::UnreadInputs* unread) {
  // Inputs gathered before come first; the end itself runs no code.
  run_all_gathered(run);
  if (!run.state.open()) {
    return parts_.outbox.refuse(&run, {base::ErrorCode::kRunClosed, "the run has just ended"},
                                reply);
  }
  REPRISE_CHECK(!end_must_wait(run), "a run that ends has nothing left to send");
  proto::Turn* turn = arena_.make();
  turn->set_time_ms(std::max(not_before_ms, base::to_ms(now())));
  turn->set_without_code(true);
  fill(turn->add_inputs());
  run.with_extras().replies.push_back({0, std::move(reply)});
  record(run, *turn, false, unread);
}

// Before another one is recorded. Not in the middle of what is committed together.
void Round::append_if_full() {
  if (bodies_.size() >= kBytesPerAppend && !goes_with_last()) append_turns();
}

// What cannot be sealed is never written, and nothing after it.
void Round::append_body(const proto::Turn& turn) {
  const sealing::Sealing& sealing = parts_.shared.sealing;
  const std::size_t begin = bodies_.size();
  if (!sealing.seals()) {
    REPRISE_CHECK(turn.AppendToString(&bodies_), "a turn serializes");
    if (!sealing::may_have_sealed_values(std::string_view(bodies_).substr(begin))) return;
    bodies_.resize(begin);
  }
  plain_.clear();
  REPRISE_CHECK(turn.AppendToString(&plain_), "a turn serializes");
  const base::Status sealed = sealing.seal_turn(plain_, &bodies_);
  if (!sealed) parts_.shared.writer->stop(sealed.error());
}

// Hands the turns recorded so far to the writer.
void Round::append_turns() {
  drafts_.clear();
  for (const Recorded& turn : recorded_) {
    RunState& state = turn.run->state;
    drafts_.push_back({state.number, &state.last_seq, &state.chain, turn.flags,
                       std::string_view(bodies_).substr(turn.begin, turn.end - turn.begin),
                       turn.completion, turn.with_next,
                       turn.from_checkpoint ? state.checkpoint_place() : nullptr});
  }
  const store::Seq last = parts_.shared.writer->append(drafts_);
  parts_.effects.appended(last);
  for (const Recorded& turn : recorded_) {
    turn.run->appending = false;
    parts_.runs.changed(*turn.run);
  }
  last_appended_ = last;
  recorded_.clear();
  bodies_.clear();
}

void Round::append() {
  if (!recorded_.empty()) append_turns();
  if (!slots_.empty()) {
    parts_.effects.call_after(last_appended_, [this, slots = std::exchange(slots_, {})] {
      for (const auto slot : slots) parts_.shared.store->attempt_slots().release(slot);
    });
  }
  if (results_ > 0) {
    parts_.effects.call_after(last_appended_,
                              [&shared = parts_.shared, results = std::exchange(results_, 0)] {
                                if (shared.unrecorded.remove(results)) shared.task_queues.wake();
                              });
  }
  for (auto& act : std::exchange(when_recorded_, {}))
    parts_.effects.call_after(last_appended_, std::move(act));
}

}  // namespace reprise::runtime
