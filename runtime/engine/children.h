// Child workflows: starts those of other runs on this shard, tells the parents on this shard what
// becomes of theirs, and does to children what their parent's end means for them.
#pragma once
#include <memory>

#include "runtime/engine/child.h"
#include "runtime/engine/child_index.h"
#include "runtime/engine/requests.h"
#include "runtime/engine/round.h"
#include "runtime/engine/run_finder.h"
#include "runtime/engine/starts.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class Children {
 public:
  // Its collaborators; all of them outlive the children.
  struct Parts {
    const Shared& shared;
    const RunTable& runs;
    const RunFinder& finder;
    Intake& intake;
    Effects& effects;
    Round& round;
    Starts& starts;
    Requests& requests;
    ChildIndex& index;
  };
  explicit Children(const Parts& parts) : parts_(parts) {}

  // For the shard of the child's workflow id.
  void take(const std::shared_ptr<const ChildCall>& call);
  // For that of the parent.
  void take(const std::shared_ptr<ChildNews>& news);
  // For every shard.
  void take(const ParentEnded& ended);
  // For the parent's: if it has ended, its children are told. Without an answer it has not, or it
  // is quarantined, so that nobody knows.
  void take(const ParentQuestion& question);
  // A child has been recovered.
  void recovered(const RunState& child);

 private:
  using CallRef = std::shared_ptr<const ChildCall>;

  void start(const CallRef& call);
  base::Result<bool> was_started(const ChildCall& call) const;
  void answer_start(const CallRef& call, const base::Result<StartedRun>& started);
  void await_end(const CallRef& call, const RunKey& run);
  void parent_ended(KnownRun& child);
  void tell_again(const base::RunId& parent, store::RunNumber number);
  bool is_forgotten(const base::Error& not_found) const;

  const Parts parts_;
};

}  // namespace reprise::runtime
