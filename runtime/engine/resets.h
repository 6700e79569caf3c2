// Runs that go on from an earlier event of a history: a reset, which ends the old run if it is
// open, or a fork, which leaves it alone.
//
//   the old run's shard                                     the new run's shard
//   history durable ──► plan ──► reset: recorded together with the end
//                                fork: ──── NewFork ──────► recorded
#pragma once
#include <memory>

#include "runtime/engine/loading.h"
#include "runtime/engine/message.h"
#include "runtime/engine/reset_plan.h"
#include "runtime/engine/round.h"
#include "runtime/engine/run_finder.h"

namespace reprise::runtime {

// A run that begins as a fork of another one.
struct NewFork {
  Round::Beginning beginning;
};

// Not thread-safe: the shard's thread.
class Resets {
 public:
  // Its collaborators; all of them outlive the resets.
  struct Parts {
    Shared& shared;
    RunTable& runs;
    Names& names;
    const RunFinder& finder;
    Intake& intake;
    Effects& effects;
    Loading& loading;
    Outbox& outbox;
    Round& round;
  };
  explicit Resets(const Parts& parts) : parts_(parts) {}

  using ResetRef = std::shared_ptr<const verb::Reset>;
  using ForkRef = std::shared_ptr<const verb::Fork>;
  void reset(const ResetRef& asked);
  void fork(const ForkRef& asked);
  // On the shard of the new run.
  void take(const std::shared_ptr<NewFork>& fork);

 private:
  void reset_open(KnownRun& run, const ResetRef& asked);
  void reset_closed(const RunState& run, const ResetRef& asked);
  // Its run is there already: answers with that.
  bool is_made(const ResetRef& asked);
  void again(KnownRun& run, const ResetRef& asked);
  void give_up(KnownRun& run, const base::Error& why, const ResetRef& asked);
  base::Result<ResetPlan> plan(const RunState& run,
                               store::Seq last,
                               const ResetRequest& request) const;
  base::Status may_follow(const RunState& run) const;
  void fork_from(const RunState& run, store::Seq last, const ForkRef& asked);
  base::Result<Round::Beginning> beginning_of(const RunState& run,
                                              const verb::Reset& asked,
                                              ResetPlan&& plan) const;
  void add_turns(proto::Event&& first, ResetPlan&& plan, Round::Beginning* beginning) const;
  std::int64_t now_ms() const { return base::to_ms(parts_.shared.clock.now()); }

  const Parts parts_;
};

}  // namespace reprise::runtime
