#include "replay/commands/checkpoint.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "event/catalogue.h"
#include "event/turn.h"
#include "replay/commands/run.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Trigger = Lifecycle::Trigger;

// ---- a cancelled run that goes nowhere --------------------------------------------------------

namespace {

// In a row, with the one that is being taken: nothing that the fresh calls begin lasts in a
// cancelled scope, so without news they will do the same for ever.
std::uint32_t idle_checkpoints(const RunCore& run) {
  const RunCore::Segment& segment = run.segment;
  const bool is_idle = run.root->is_cancelled() && run.next_id == segment.first_id &&
                       run.applied.number <= segment.carried_through;
  return is_idle ? segment.idle_before + 1 : 0;
}

[[noreturn]] void end_idle_run(RunCore& run) {
  run.parking.park(base::ErrorCode::kRunLimit,
                   "the run is cancelled, and has taken " + std::to_string(kMostIdleCheckpoints) +
                       " checkpoints in a row between which it was sent nothing and has begun "
                       "nothing: it catches CancelledFailure and goes on. Let that leave the code, "
                       "or do under a Shield what is still to be done");
  throw Evicted{};
}

}  // namespace

// ---- call -------------------------------------------------------------------------------------

void Execution::checkpoint(std::string&& input, base::CallSite site) {
  RunCore& run = state_->core;
  run.enter();
  REPRISE_CHECK(on_main_strand(), "only the workflow's own strand takes a checkpoint");
  if (idle_checkpoints(run) > kMostIdleCheckpoints) end_idle_run(run);
  base::needs_memory("taking a checkpoint", [&] {
    run.continuing = std::make_unique<Continuation>();
    run.continuing->site = site;
    run.continuing->command.mutable_checkpoint()->set_input(std::move(input));
  });
  throw Continued{};
}

void end_at_checkpoint(RunCore& run, Continuation& asked) {
  proto::Checkpoint* const command = run.log.draft(asked.site)->mutable_checkpoint();
  *command = std::move(*asked.command.mutable_checkpoint());
  run.submit(command->input().size());
  REPRISE_CHECK(run.life.on(Trigger::kSuccess), "an execution comes to one checkpoint");
  run.at_checkpoint = true;
  run.scheduler.halt();
}

bool Execution::at_checkpoint() const {
  return state_->core.at_checkpoint;
}

// ---- what is under way ------------------------------------------------------------------------

namespace {

std::string text_of(const Operation& operation) {
  const std::string name = operation.label.empty() ? "" : " " + operation.label;
  return std::string(to_string(operation.kind())) + name + " (#" + std::to_string(operation.id()) +
         ")";
}

std::optional<std::string> operation_under_way(const RunCore& run) {
  std::optional<std::string> first;
  run.pending.for_each([&](const OperationRef& operation) {
    if (!first) first = text_of(*operation);
  });
  // Those that the code has given up are not among them, and their ends will come.
  if (!first && !run.children.empty()) {
    const auto& [id, child] = *run.children.begin();
    first = "child " + child.start->label + " (#" + std::to_string(id) + ")";
  }
  return first;
}

std::optional<std::string> strand_under_way(const RunCore& run) {
  for (const auto& strand : run.scheduler.strands()) {
    if (strand->number == 1 || strand->is_handler) continue;
    std::string text = "spawned function (strand " + std::to_string(strand->number);
    if (strand->completes != nullptr && strand->completes->site.line != 0) {
      const base::CallSite& site = strand->completes->site;
      text += ", " + std::string(site.short_file()) + ":" + std::to_string(site.line);
    }
    return text + ")";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Execution::under_way() const try {
  State& s = *state_;
  s.core.enter();  // a strand that is being unwound is not told, it goes on with that
  if (auto operation = operation_under_way(s.core)) return operation;
  if (auto update = s.updates.under_way()) return "update " + *update;
  if (auto signal = s.signals.under_way()) return "the handler of signal " + *signal;
  return strand_under_way(s.core);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

// ---- what is handed over ----------------------------------------------------------------------

proto::CheckpointTaken taken_by(const RunCore& run) {
  proto::CheckpointTaken taken;
  taken.set_next_id(run.next_id);
  taken.set_random(run.random_state);
  taken.set_cancelled(run.root->is_cancelled());
  taken.set_stacks(run.log.last_stack());
  taken.set_idle(idle_checkpoints(run));
  if (run.headers != nullptr) {
    event::write(event::Headers(*run.headers), taken.mutable_start()->mutable_headers());
  }
  return taken;
}

// The same run may still be told of operations that it has given up, and that is durable when the
// teller hears so.
bool Execution::State::is_handed_on(const proto::Event& given) const {
  if (!core.at_checkpoint) return goes_along(given);
  return !event::is_bookkeeping(given) && !given.has_delay_ended();
}

// ---- apply ------------------------------------------------------------------------------------

void Execution::State::number_from(const proto::Turn& first) {
  const proto::CheckpointTaken* const taken = event::segment_start(first);
  if (taken == nullptr || taken->event() == 0) return;
  core.events_before = events = taken->event() - 1;
}

void Execution::State::go_on(const proto::Event& event) {
  if (apply_checkpoint(core, event)) begin(event.checkpoint_taken().start());
}

bool apply_checkpoint(RunCore& run, const proto::Event& input) {
  const proto::CheckpointTaken& taken = input.checkpoint_taken();
  if (!apply_start(run, input, taken.start())) return false;
  run.next_id = std::max(1u, taken.next_id());
  run.random_state = taken.random();
  run.log.continue_stacks(taken.stacks());
  run.segment = {.first_id = run.next_id,
                 .idle_before = taken.idle(),
                 .carried_through = taken.event() + taken.start().carried()};
  // It is not the code that has been cancelled, but the run.
  if (taken.cancelled()) run.root->cancel(run.next_order++);
  return true;
}

}  // namespace reprise::replay
