// Replays one history against workflow code, turn by turn, without an engine or a store: used by
// Replayer, verify and the debugger's commands. Recorded inputs that no code has taken yet (as in a
// parked run, docs/adr/0006-deferred-inputs.md) are given to the code after the last turn, so that
// anything that would park the run is found. Begins at the last checkpoint, as an engine does.
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
  // Replay what is before the last checkpoint too, with a fresh call of the code after each.
  bool whole = false;
};

// Not thread-safe: one thread, as for an Execution.
class HistoryReplay {
 public:
  // Where a replay begins: after that many turns, with the event of that number.
  struct Beginning {
    int turn = 0;
    std::uint64_t event = 1;
  };
  static Beginning beginning(const proto::History& history, bool whole);

  // All three must outlive it.
  HistoryReplay(const WorkerCode& code,
                replay::StackPool& pool,
                const proto::History& history,
                HistoryReplayOptions options = {});

  // Replays the next turn, and after the last one rehearses the next live turn. False: there is no
  // next turn, the observer has left, or trouble() says why it cannot be replayed.
  bool next();

  // The place in the history: turns that were replayed, or come before the checkpoint.
  int turns() const { return turns_; }
  std::uint64_t events() const { return events_; }  // the number of the last one of those turns
  const Beginning& began() const { return began_; }
  // Of a turn, or, after all of them, of the rehearsal. Its report shows payloads.
  const replay::Trouble* trouble() const { return trouble_ ? &*trouble_ : nullptr; }
  // nullptr when the code does not implement the workflow.
  const replay::Execution* execution() const { return execution_.get(); }

 private:
  void make_execution();
  bool has_unseen_inputs() const;
  void note(replay::TurnEnd end);

  const proto::History& history_;
  replay::StackPool& pool_;
  const HistoryReplayOptions options_;
  const replay::WorkflowCode* workflow_ = nullptr;  // nullptr: it is not implemented
  const Beginning began_;
  int turns_;
  std::uint64_t events_;
  bool left_ = false;
  std::optional<replay::Trouble> trouble_;
  std::unique_ptr<replay::Execution> execution_;
  DebugRoot debug_root_{*this};
};

}  // namespace reprise::runtime
