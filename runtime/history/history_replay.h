// Replays one history against workflow code, turn by turn, without an engine or a store: used by
// Replayer, verify and the debugger's commands. Recorded inputs that no code has taken yet (as in a
// parked run, docs/adr/0006-deferred-inputs.md) are given to the code after the last turn, so that
// anything that would park the run is found.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "proto/history.pb.h"
#include "replay/execution.h"
#include "replay/stack_pool.h"
#include "runtime/debug_root.h"
#include "runtime/worker_code.h"

namespace reprise::runtime {

struct HistoryReplayOptions {
  bool strict = false;               // compare inputs of commands too
  base::Symbols* symbols = nullptr;  // for the stacks in its reports; nullptr: they have none
  replay::ReplayObserver* observer = nullptr;  // told of every event; outlives the replay
  // As ExecutionOptions::given_up; also called by the destructor.
  std::function<void(const replay::RunInfo&, const replay::StrandStatus&)> given_up{};
};

// Not thread-safe: one thread, as for an Execution.
class HistoryReplay {
 public:
  // All three must outlive it.
  HistoryReplay(const WorkerCode& code,
                replay::StackPool& pool,
                const proto::History& history,
                HistoryReplayOptions options = {});

  // Replays the next turn, and after the last one rehearses the next live turn. False: there is no
  // next turn, the observer has left, or trouble() says why it cannot be replayed.
  bool next();

  int turns() const { return turns_; }              // that were replayed
  std::uint64_t events() const { return events_; }  // of those turns
  // Of a turn, or, after all of them, of the rehearsal. Its report shows payloads.
  const replay::Trouble* trouble() const { return trouble_ ? &*trouble_ : nullptr; }
  // nullptr when the code does not implement the workflow.
  const replay::Execution* execution() const { return execution_.get(); }

 private:
  bool has_unseen_inputs() const;
  void note(replay::TurnEnd end);

  const proto::History& history_;
  base::Symbols* const symbols_;
  int turns_ = 0;
  std::uint64_t events_ = 0;
  bool left_ = false;
  std::optional<replay::Trouble> trouble_;
  std::unique_ptr<replay::Execution> execution_;
  DebugRoot debug_root_{*this};
};

}  // namespace reprise::runtime
