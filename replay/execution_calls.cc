// What the code of a run asks for. Every function here runs on one of the run's strands.
//
// Memory that the book-keeping needs and cannot have ends the process (base/out_of_memory.h): hence
// the functions with a handler of their own. Thrown into user code, std::bad_alloc might be caught
// there, and the run would go on with a command made by half, on a way that no replay will take.
// What closures of the user's throw is theirs.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/out_of_memory.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Kind = Operation::Kind;
using Trigger = Operation::Trigger;

namespace {

// Longer than any run, short enough to be added to any time.
constexpr base::Duration kLongestTimer = std::chrono::hours(24 * 365'000);

}  // namespace

// ---- helpers ----------------------------------------------------------------------------------

StrandRecord& Execution::State::enter() {
  REPRISE_CHECK(scheduler.current() != nullptr, "durable calls are made on a strand of the run");
  StrandRecord& strand = *scheduler.current();
  if (strand.strand.evicting() || scheduler.halted()) strand.strand.leave();
  return strand;
}

void Execution::State::submit(std::size_t payload) {
  if (observer != nullptr) {
    tell_command(log.attempted());
    if (left) throw Evicted{};
  }
  if (StrandRecord* strand = scheduler.current()) strand->strand.label().last_call = log.site();
  if (!log.submit()) {
    park_on_mismatch();
    throw Evicted{};
  }
  calls_cut_short = 0;
  if (log.replaying()) return;
  turn_bytes += kBytesPerCommand + payload;
  if (turn_bytes > most_turn_bytes) {
    reach_limit("commands of more bytes in one turn", "turn_bytes", most_turn_bytes);
  }
}

std::uint32_t Execution::State::new_operation() {
  if (!log.replaying() && pending.size() >= most_pending) {
    reach_limit("more operations at a time", "pending_operations", most_pending);
  }
  return next_operation++;
}

void Execution::State::record_patch(std::string_view change_id,
                                    bool deprecated,
                                    base::CallSite site) {
  auto* marker = log.draft(site)->mutable_patch_recorded();
  marker->set_change_id(std::string(change_id));
  marker->set_deprecated(deprecated);
  submit();
}

void Execution::State::reach_limit(std::string_view what,
                                   std::string_view limit,
                                   std::size_t value) {
  park_at_limit(what, limit, value);
  throw Evicted{};
}

void Execution::State::park_at_limit(std::string_view what,
                                     std::string_view limit,
                                     std::size_t value) {
  park(base::ErrorCode::kRunLimit, "the code asks for " + std::string(what) +
                                       " than EngineLimits::" + std::string(limit) + " = " +
                                       std::to_string(value) +
                                       " allows; wait for some of them before going on (a loop "
                                       "that never waits ends here), or raise the limit");
}

Ref<Operation> Execution::State::add_operation(Kind kind,
                                               std::uint32_t id,
                                               std::string label,
                                               base::CallSite site) {
  const OperationRef operation(new Operation(kind, id));
  operation->label = std::move(label);
  operation->site = site;
  operation->listener = this;
  operation->scope = scheduler.current()->scope;
  if (id != 0) pending.add(id, operation);
  return operation;
}

void Execution::State::complete(Operation& operation,
                                Trigger trigger,
                                std::uint64_t order,
                                Outcome outcome) {
  if (!operation.complete(trigger, order, std::move(outcome))) return;
  if (operation.event == 0) operation.event = applying;
  for (StrandRecord* strand : operation.waiters) scheduler.wake(*strand);
}

// ---- the run ----------------------------------------------------------------------------------

bool Execution::callable() const {
  return state_->scheduler.current() != nullptr && !state_->in_query;
}

const char* Execution::closure() const {
  const StrandRecord* strand = state_->scheduler.current();
  if (strand == nullptr || !state_->behaviours.closures_make_no_calls()) return nullptr;
  return strand->closure;
}

const Behaviours& Execution::behaviours() const {
  return state_->behaviours;
}

const RunInfo& Execution::info() const {
  return state_->info;
}
base::Time Execution::now() const {
  return state_->now;
}
bool Execution::replaying() const {
  return state_->log.replaying();
}

// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
std::uint64_t Execution::random() {
  state_->enter();
  std::uint64_t z = (state_->random_state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// ---- commands ---------------------------------------------------------------------------------

OperationRef Execution::schedule_activity(base::FunctionRef<void(proto::ActivityScheduled&)> fill,
                                          base::CallSite site) try {
  State& s = *state_;
  s.enter();
  const std::uint32_t id = s.new_operation();
  auto* activity = s.log.draft(site)->mutable_activity_scheduled();
  fill(*activity);
  activity->set_id(id);
  s.submit(activity->input().size());
  return s.add_operation(Kind::kActivity, id, activity->name(), site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

OperationRef Execution::start_timer(base::Duration duration, base::CallSite site) try {
  State& s = *state_;
  s.enter();
  const std::uint32_t id = s.new_operation();
  auto* timer = s.log.draft(site)->mutable_timer_started();
  timer->set_id(id);
  timer->set_duration_ms(std::clamp<std::int64_t>(duration.count(), 0, kLongestTimer.count()));
  s.submit();
  return s.add_operation(Kind::kTimer, id, std::to_string(duration.count()) + "ms", site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

Outcome Execution::run_step(base::FunctionRef<void(proto::StepScheduled&)> fill,
                            base::FunctionRef<Outcome()> body,
                            base::CallSite site) try {
  State& s = *state_;
  StrandRecord& strand = s.enter();
  const std::uint32_t id = s.new_operation();
  auto* step = s.log.draft(site)->mutable_step_scheduled();
  fill(*step);
  step->set_id(id);
  s.submit();
  const OperationRef operation = s.add_operation(Kind::kStep, id, step->name(), site);
  operation->step_body = body;
  // `body` refers to this frame: it must not outlive it, whichever way the frame is left.
  struct Frame {
    State& state;
    Operation& operation;
    base::CallSite site;
    ~Frame() {
      if (!operation.ready()) state.abandon_step(operation, site);
    }
  };
  const Frame frame{s, *operation, site};
  Operation* const waited[] = {operation.get()};
  while (!operation->ready()) s.wait_on(strand, waited);
  s.value_event = operation->event;
  return operation->take_outcome();
} catch (const std::bad_alloc&) {
  out_of_memory();
}

std::string Execution::side_effect(base::FunctionRef<std::string()> compute, base::CallSite site) {
  State& s = *state_;
  StrandRecord& strand = s.enter();
  if (const proto::Event* recorded = s.log.peek();
      recorded != nullptr && recorded->kind_case() == proto::Event::kSideEffectRecorded) {
    s.tell_command(*recorded);
    s.enter();
    s.log.accept_recorded();
    s.value_event = s.log.last_accepted();
    return recorded->side_effect_recorded().value();
  }
  // On replay there is nothing to compute: submitting the command reports the mismatch.
  std::string value;
  if (s.rehearsal) {
    s.leave();
    throw Evicted{};
  }
  if (!s.log.replaying()) {
    const Unwatched recorded(s.guard);
    const InClosure inside(strand, "the closure of ctx.side_effect()");
    value = compute();
  }
  s.enter();  // a run from before closures were closed may have waited in it
  base::needs_memory("recording a side effect", [&] {
    s.log.draft(site)->mutable_side_effect_recorded()->set_value(value);
    s.submit(value.size());
  });
  return value;
}

// The first answer to an id holds for the life of the run: what is true for one part of a change is
// true for the others.
bool Execution::patched(std::string_view change_id, base::CallSite site) try {
  State& s = *state_;
  s.enter();
  const auto [answer, first_time] = s.patches.try_emplace(std::string(change_id));
  Patch& patch = answer->second;
  patch.asked = true;
  if (!first_time) return patch.taken;
  s.tell_marker(change_id);
  patch.taken = s.log.accept_marker(change_id);
  if (patch.taken || s.log.replaying()) return patch.taken;  // false: recorded by code before it
  s.record_patch(change_id, false, site);
  return patch.taken = true;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Execution::deprecate_patch(std::string_view change_id, base::CallSite site) try {
  State& s = *state_;
  s.enter();
  const auto [answer, first_time] = s.patches.try_emplace(std::string(change_id));
  answer->second.deprecated = true;
  if (!first_time) return;
  answer->second.taken = true;
  s.tell_marker(change_id);
  if (s.log.accept_marker(change_id)) return;
  if (s.log.replaying()) {
    answer->second.unmarked = true;
    s.log.note_unmarked(change_id);
  } else {
    s.record_patch(change_id, true, site);
  }
} catch (const std::bad_alloc&) {
  out_of_memory();
}

// ---- strands ----------------------------------------------------------------------------------

OperationRef Execution::spawn(std::function<void()> body, base::CallSite site) try {
  State& s = *state_;
  const StrandRecord& parent = s.enter();
  OperationRef operation = s.add_operation(Kind::kSpawn, 0, "spawned", site);
  StrandRecord& strand = s.spawn_strand(
      [&s, body = std::move(body)] { s.guarded({"a spawned strand"}, body); }, parent.scope);
  strand.completes = operation.get();
  operation->strand = &strand;
  return operation;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

// ---- handlers ---------------------------------------------------------------------------------

std::uint64_t Execution::answer(std::string_view query, QueryHandler handler) try {
  auto& handlers = state_->handlers;
  handlers.queries[std::string(query)] = {handlers.next_id, std::move(handler)};
  return handlers.next_id++;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

std::uint64_t Execution::accept(std::string_view update, UpdateHandler handler) try {
  auto& handlers = state_->handlers;
  handlers.updates[std::string(update)] = {handlers.next_id, std::move(handler)};
  state_->handle_kept_updates(update);
  return handlers.next_id++;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Execution::remove_handler(std::uint64_t id) {
  auto& handlers = state_->handlers;
  const auto has_id = [id](const auto& entry) { return entry.second.id == id; };
  std::erase_if(handlers.queries, has_id);
  std::erase_if(handlers.signals, has_id);
  std::erase_if(handlers.updates, has_id);
}

}  // namespace reprise::replay
