// What follows a checkpoint: the turns with which the next segment of the run's history begins.
// They run no code: they have what the code is called with, then what it was sent and has not seen.
#pragma once
#include <cstddef>

#include "proto/log.pb.h"
#include "runtime/fold/run_state.h"
#include "runtime/host/host.h"

namespace reprise::runtime {

// Not thread-safe.
class NextSegment {
 public:
  // `last`: the turn of `run` that ends with the checkpoint, already part of its state; both
  // outlive this. `unread`: what goes along, in order.
  NextSegment(const RunState& run, const proto::Turn& last, replay::UnreadInputs unread);

  // The next one of these turns, with that many inputs at most. False: it is the last one.
  bool fill_turn(std::size_t most_inputs, proto::Turn* turn);

 private:
  void fill_start(proto::RunStarted* started) const;

  const RunState& run_;
  const proto::Turn& last_;
  const std::uint64_t event_;  // the number of the first one
  replay::UnreadInputs unread_;
  std::size_t next_ = 0;  // of its inputs
};

}  // namespace reprise::runtime
