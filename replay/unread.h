// What a run was sent and its code has not seen, or has not answered. When the run continues as
// another one, is tried again, or takes a checkpoint, this goes along.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "proto/log.pb.h"

namespace reprise::replay {

// An input of the next run, if this one ends without having seen it and another one follows. What
// answers an operation of this run does not.
inline bool goes_along(const proto::Event& input) {
  return input.has_signal_received() || input.has_update_received() || input.has_cancel_requested();
}

// A chain recognises so many updates of its earlier runs, the latest ones.
inline constexpr std::size_t kRememberedUpdates = 1'000;

// In the order of arrival.
struct UnreadInputs {
  std::vector<proto::Event> inputs;
  std::uint32_t unrecorded = 0;  // the last so many are in no recorded turn
  // How this run was started, if it is tried again: the next one is started in the same way.
  // nullptr: it continues as its last command says.
  std::unique_ptr<proto::RunStarted> start{};
  std::vector<std::uint64_t> known_updates;  // RunStarted::known_updates
  // The run goes on itself, from a checkpoint; nullptr: another one does. taken_by() has made it.
  std::unique_ptr<proto::CheckpointTaken> checkpoint{};
};

// An input that the code has not seen, of a run that is tried again.
inline void add_unseen(const proto::Event& input, UnreadInputs* unread) {
  if (goes_along(input)) unread->inputs.push_back(input);
  if (input.has_run_started()) {
    unread->start = std::make_unique<proto::RunStarted>(input.run_started());
  } else if (input.has_checkpoint_taken()) {
    unread->start = std::make_unique<proto::RunStarted>(input.checkpoint_taken().start());
  }
}

// What the code would remember of the input's update, or of those before it, if it took the input.
void know_update(const proto::Event& input, std::vector<std::uint64_t>* known);
// Those that are remembered.
void keep_latest(std::vector<std::uint64_t>* known);

struct Unread {
  std::uint64_t order = 0;  // the place of its arrival: see Operation::order()
  proto::Event input;
};

}  // namespace reprise::replay
