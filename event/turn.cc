#include "event/turn.h"

#include <algorithm>

#include "event/catalogue.h"

namespace reprise::event {
namespace {

using Events = google::protobuf::RepeatedPtrField<proto::Event>;

const proto::Event* ending_of(const Events& events, Role role) {
  if (events.empty()) return nullptr;
  const proto::Event& last = events[events.size() - 1];
  const Row& row = row_of(last);
  return row.ends && row.role == role ? &last : nullptr;
}

}  // namespace

bool starts(const proto::Turn& turn) {
  return std::any_of(turn.inputs().begin(), turn.inputs().end(),
                     [](const proto::Event& input) { return input.has_run_started(); });
}

const proto::Event* ending(const proto::Turn& turn) {
  const proto::Event* command = ending_of(turn.commands(), Role::kCommand);
  return command != nullptr ? command : ending_of(turn.inputs(), Role::kInput);
}

}  // namespace reprise::event
