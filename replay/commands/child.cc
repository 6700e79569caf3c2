#include "replay/commands/child.h"

#include <utility>

#include "base/check.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using proto::Event;
using Trigger = Lifecycle::Trigger;

namespace {

// Like that of a next run: it follows from the log. What the log says counts.
std::string id_of_child(const RunCore& run, std::uint32_t operation) {
  const Event* const recorded = run.log.peek();
  if (recorded != nullptr && recorded->has_child_scheduled()) {
    return recorded->child_scheduled().run_id();
  }
  constexpr std::uint64_t kHigh = 3;  // 1 and 2 are for the next run
  constexpr std::uint64_t kLow = 4;
  std::string seed(run.made_as.bytes());
  seed += std::to_string(operation);
  const auto id = base::RunId::make(run.now, base::hash64(seed, kHigh), base::hash64(seed, kLow));
  return std::string(id.bytes());
}

void complete_command(RunCore& run, std::uint32_t id, proto::ChildScheduled* child) {
  child->set_id(id);
  child->set_run_id(id_of_child(run, id));
  if (!child->workflow_id().empty()) return;
  child->set_workflow_id(run.made_as.to_string() + "_" + std::to_string(id));
}

}  // namespace

// ---- call -------------------------------------------------------------------------------------

StartedChild Execution::start_child(base::FunctionRef<void(proto::ChildScheduled&)> fill,
                                    CancelMode on_cancel,
                                    base::CallSite site) try {
  RunCore& run = state_->core;
  run.enter();
  // Those that the code has given up are not among the pending operations.
  if (!run.log.replaying() && run.children.size() >= run.limits.pending_operations) {
    run.reach_limit("more children at a time", "pending_operations", run.limits.pending_operations);
  }
  const std::uint32_t id = run.new_id();
  auto* child = run.log.draft(site)->mutable_child_scheduled();
  fill(*child);
  complete_command(run, id, child);
  StartedChild started{.end = {}, .start = {}, .workflow_id = child->workflow_id()};
  ChildPart part{.workflow_id = child->workflow_id(),
                 .run_id = child->run_id(),
                 .on_cancel = on_cancel,
                 .start = {}};
  const std::string label = child->workflow() + " as " + child->workflow_id();
  run.submit(child->input().size() + event::bytes_of(child->headers()));
  started.end = run.record(Operation::Kind::kChild, id, label, site);
  started.start = part.start = run.create(Operation::Kind::kChildStart, label, site);
  REPRISE_CHECK(part.start->on(Trigger::kStart), "a child is started once");
  run.children.emplace(id, std::move(part));
  return started;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

// ---- cancel -----------------------------------------------------------------------------------

namespace {

// Outside strands, too. Nobody waits for the message but the end of the run.
void send_cancel(RunCore& run, const ChildPart& child, base::CallSite site) {
  Event* const draft = run.log.draft(site);
  proto::CancelSent* const cancel = draft->mutable_cancel_sent();
  const std::uint32_t id = run.next_id++;
  cancel->set_id(id);
  cancel->set_workflow_id(child.workflow_id);
  cancel->set_run_id(child.run_id);
  cancel->set_of_chain(true);
  cancel->set_reason("its parent gave it up");
  if (!run.submit_in_destructor(*draft)) return;
  const OperationRef message(new Operation(Operation::Kind::kMessage));
  message->label = "cancel to " + child.workflow_id;
  message->site = site;
  message->scope = run.root;
  message->record(id);
  run.pending.add(id, message);
}

// A message may not arrive before the start does.
void ask_to_cancel(RunCore& run, ChildPart& child, base::CallSite site) {
  if (child.start->ready()) return send_cancel(run, child, site);
  child.cancel_due = true;
  child.cancelled_at = site;
}

}  // namespace

void cancel_child(RunCore& run, Operation& child, base::CallSite site) {
  const auto found = run.children.find(child.id());
  REPRISE_CHECK(found != run.children.end(), "a child that has not ended is known");
  ChildPart& part = found->second;
  if (part.on_cancel == CancelMode::kWait) {
    if (!child.on(Trigger::kAsk)) return;  // it was asked before
    child.waits_when_cancelled = true;
    return ask_to_cancel(run, part, site);
  }
  if (part.on_cancel == CancelMode::kTry) ask_to_cancel(run, part, site);
  if (run.over()) return;
  (void)run.pending.take(child.id());
  run.end_as_cancelled(child);
}

// ---- apply ------------------------------------------------------------------------------------

namespace {

void begun(RunCore& run, ChildPart& child, const proto::ChildStarted& started) {
  child.run_id = started.run_id();
  run.complete(*child.start, Trigger::kSuccess, Outcome::success(child.run_id));
  if (std::exchange(child.cancel_due, false)) send_cancel(run, child, child.cancelled_at);
}

void ended(RunCore& run, ChildParts::iterator child, const Event& input) {
  const ChildPart part = std::move(run.children.extract(child).mapped());
  if (input.has_child_failed() && input.child_failed().refused()) {
    return run.complete(*part.start, Trigger::kFailure,
                        Outcome::failed(input.child_failed().failure()));
  }
  run.complete(*part.start, Trigger::kSuccess, Outcome::success(part.run_id));
}

std::uint32_t child_in(const Event& input) {
  if (input.has_child_started()) return input.child_started().id();
  return input.has_child_completed() ? input.child_completed().id() : input.child_failed().id();
}

}  // namespace

void apply_to_child(RunCore& run, const Event& input) {
  const std::uint32_t id = child_in(input);
  const auto child = run.children.find(id);
  if (child == run.children.end()) {
    if (id == 0 || id >= run.next_id) run.reject(input);
    return;  // what its first end said counts
  }
  if (input.has_child_started()) return begun(run, child->second, input.child_started());
  ended(run, child, input);
  if (input.has_child_completed()) {
    return run.answer(input, id, Trigger::kSuccess,
                      Outcome::success(input.child_completed().result()));
  }
  run.answer(input, id, Trigger::kFailure, Outcome::failed(input.child_failed().failure()));
}

void add_starting(const RunCore& run, std::vector<OperationRef>* starts) {
  for (const auto& [id, child] : run.children) {
    if (!child.start->ready()) starts->push_back(child.start);
  }
}

}  // namespace reprise::replay
