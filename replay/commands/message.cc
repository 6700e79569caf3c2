#include "replay/commands/message.h"

#include <string>
#include <vector>

#include "base/out_of_memory.h"
#include "replay/commands/child.h"
#include "replay/execution_state.h"

namespace reprise::replay {

OperationRef Execution::send_signal(base::FunctionRef<void(proto::SignalSent&)> fill,
                                    base::CallSite site) try {
  RunCore& run = state_->core;
  run.enter();
  const std::uint32_t id = run.new_id();
  auto* signal = run.log.draft(site)->mutable_signal_sent();
  fill(*signal);
  signal->set_id(id);
  const std::string label = signal->name() + " to " + signal->workflow_id();
  run.submit(signal->input().size() + event::bytes_of(signal->headers()));
  return run.record(Operation::Kind::kMessage, id, label, site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

OperationRef Execution::send_cancel(base::FunctionRef<void(proto::CancelSent&)> fill,
                                    base::CallSite site) try {
  RunCore& run = state_->core;
  run.enter();
  const std::uint32_t id = run.new_id();
  auto* cancel = run.log.draft(site)->mutable_cancel_sent();
  fill(*cancel);
  cancel->set_id(id);
  const std::string label = "cancel to " + cancel->workflow_id();
  run.submit(cancel->reason().size());
  return run.record(Operation::Kind::kMessage, id, label, site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void apply_to_message(RunCore& run, const proto::Event& input) {
  if (input.has_message_delivered()) {
    return run.answer(input, input.message_delivered().id(), Operation::Trigger::kSuccess, {});
  }
  const auto& refused = input.message_refused();
  run.answer(input, refused.id(), Operation::Trigger::kFailure, Outcome::failed(refused.failure()));
}

namespace {

// What has been sent and has no outcome yet. In the order of the calls, except that the starts of
// children come last.
std::vector<OperationRef> under_way(const RunCore& run) {
  std::vector<OperationRef> sent;
  run.pending.for_each([&](const OperationRef& operation) {
    if (operation->kind() == Operation::Kind::kMessage) sent.push_back(operation);
  });
  add_starting(run, &sent);
  return sent;
}

}  // namespace

void await_messages(RunCore& run) try {
  StrandRecord& strand = run.enter();
  // The start of a child that was cancelled before makes another message.
  while (true) {
    const std::vector<OperationRef> sent = under_way(run);
    if (sent.empty()) return;
    run.ending = true;
    run.scheduler.run_only(strand);
    for (const OperationRef& message : sent) {
      Operation* const waited[] = {message.get()};
      while (!message->ready()) run.wait_on(strand, waited);
    }
  }
} catch (const std::bad_alloc&) {
  out_of_memory();
}

}  // namespace reprise::replay
