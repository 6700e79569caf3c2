#include "event/turn.h"

#include <algorithm>

#include "event/catalogue.h"

namespace reprise::event {
namespace {

bool ends_as(Role role, const proto::Event& event) {
  const Row& row = row_of(event);
  return row.ends.has_value() && row.role == role;
}

}  // namespace

bool starts(const proto::Turn& turn) {
  return std::any_of(turn.inputs().begin(), turn.inputs().end(),
                     [](const proto::Event& input) { return input.has_run_started(); });
}

const proto::Event* ending(const proto::Turn& turn) {
  if (turn.commands_size() > 0) {
    const proto::Event& last = turn.commands(turn.commands_size() - 1);
    if (ends_as(Role::kCommand, last)) return &last;
  }
  if (turn.inputs_size() == 0) return nullptr;
  const proto::Event& last = turn.inputs(turn.inputs_size() - 1);
  return ends_as(Role::kInput, last) ? &last : nullptr;
}

bool ends_segment(const proto::Turn& turn) {
  return turn.commands_size() > 0 && turn.commands(turn.commands_size() - 1).has_checkpoint();
}

const proto::CheckpointTaken* segment_start(const proto::Turn& turn) {
  if (turn.inputs_size() == 0 || !turn.inputs(0).has_checkpoint_taken()) return nullptr;
  return &turn.inputs(0).checkpoint_taken();
}

const std::string& next_run_id(const proto::Event& end) {
  if (end.has_run_continued_as_new()) return end.run_continued_as_new().run_id();
  if (end.has_run_terminated()) return end.run_terminated().next_run_id();
  if (end.has_run_timed_out()) return end.run_timed_out().next_run_id();
  return end.run_failed().next_run_id();
}

}  // namespace reprise::event
