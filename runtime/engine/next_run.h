// The next run of a chain, made from the end of the one before it: its identity, and the turns with
// which it begins. They run no code: they have its start, then what goes along. The one before has
// continued as it, or has failed and is tried again.
#pragma once
#include <cstddef>
#include <cstdint>

#include "proto/log.pb.h"
#include "runtime/fold/run_state.h"
#include "runtime/host/host.h"

namespace reprise::runtime {

// Not thread-safe.
class NextRun {
 public:
  // `last`: the turn of `from` that ends it; both outlive this. `run_timeout_ms`: the limit that
  // `from` had, 0: none. `unread`: what goes along, in order.
  NextRun(const RunState& from,
          const proto::Turn& last,
          std::int64_t run_timeout_ms,
          replay::UnreadInputs unread);

  // Its state before its first turn.
  RunState state(store::RunNumber number, Names& names) const;
  // The next one of these turns, with that many inputs at most. False: it is the last one.
  bool fill_turn(std::size_t most_inputs, proto::Turn* turn);

 private:
  void add_pause(proto::Turn* turn) const;
  void fill_start(proto::RunStarted* started) const;
  void fill_continued(proto::RunStarted* started) const;
  void fill_retried(proto::RunStarted* started) const;
  bool is_retried() const { return unread_.start != nullptr; }

  const RunState& from_;
  const proto::Turn& last_;
  const proto::Event& end_;
  const std::int64_t run_timeout_ms_;
  replay::UnreadInputs unread_;
  std::size_t next_ = 0;  // of these
  bool started_ = false;
};

// How a run that goes on in the place of another one, or of itself, is started, as far as that is
// not decided by the end of the other: all but its id, its workflow, its input, its place in the
// chain, its settings, and its time limit.
void fill_kept(const RunState& run, const replay::UnreadInputs& unread, proto::RunStarted* started);

// What a run whose code cannot run hands to its next attempt, as far as its history tells: how it
// was started, and what has come since its code last ran.
base::Result<replay::UnreadInputs> unread_in_history(const RunSource& run);

}  // namespace reprise::runtime
