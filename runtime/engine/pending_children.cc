#include "runtime/engine/pending_children.h"

#include <map>

#include "runtime/engine/stored_run.h"

namespace reprise::runtime {
namespace {

using Found = std::map<std::uint32_t, PendingChild>;

void take(const proto::ChildScheduled& scheduled, const RunState& run, Found* found) {
  const PendingOperation* const pending = run.find(scheduled.id());
  if (pending == nullptr || pending->kind != OperationKind::kChild) return;
  (*found)[scheduled.id()] = {
      .id = scheduled.id(),
      .workflow = scheduled.workflow(),
      .workflow_id = scheduled.workflow_id(),
      .run_id = base::RunId::from_bytes(scheduled.run_id()).value_or(base::RunId()),
      .started = pending->started};
}

// It may be another run than the command's.
void take(const proto::ChildStarted& started, Found* found) {
  const auto child = found->find(started.id());
  if (child == found->end()) return;
  child->second.run_id = base::RunId::from_bytes(started.run_id()).value_or(base::RunId());
}

}  // namespace

std::vector<PendingChild> pending_children(const Shared& shared, const RunState& run) {
  if (!run.has_children()) return {};
  Found found;
  (void)StoredRun(shared, run).structure([&](const proto::Turn& turn) {
    for (const proto::Event& input : turn.inputs()) {
      if (input.has_child_started()) take(input.child_started(), &found);
    }
    for (const proto::Event& command : turn.commands()) {
      if (command.has_child_scheduled()) take(command.child_scheduled(), run, &found);
    }
  });
  std::vector<PendingChild> children;
  children.reserve(found.size());
  for (auto& [id, child] : found) children.push_back(std::move(child));
  return children;
}

}  // namespace reprise::runtime
