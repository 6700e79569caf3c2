#include "runtime/engine/live_operations.h"

#include <algorithm>

#include "event/catalogue.h"
#include "event/turn.h"

namespace reprise::runtime {
namespace {

bool is_before(const LiveOperation& operation, std::uint32_t id) {
  return operation.id < id;
}

}  // namespace

LiveOperation* LiveOperations::find(std::uint32_t id) {
  const auto found = std::lower_bound(operations_.begin(), operations_.end(), id, is_before);
  if (found == operations_.end() || found->id != id || found->gone) return nullptr;
  return &*found;
}

LiveOperation& LiveOperations::at(std::uint32_t id) {
  const auto place = std::lower_bound(operations_.begin(), operations_.end(), id, is_before);
  LiveOperation operation;
  operation.id = id;
  if (place == operations_.end() || place->id != id) {
    return *operations_.insert(place, std::move(operation));
  }
  if (!place->gone) return *place;
  --gone_;
  return *place = std::move(operation);  // a history that gives an id twice
}

void LiveOperations::apply(const proto::Turn& turn) {
  if (operations_.empty()) return;
  for (const proto::Event& input : turn.inputs()) apply_event(input);
  for (const proto::Event& command : turn.commands()) apply_event(command);
  if (event::closes(turn)) clear();
}

void LiveOperations::apply_event(const proto::Event& event) {
  const event::Row& row = event::row_of(event);
  if (event::finishes(row.answers)) return forget(row.id(event));
  if (row.answers != event::Answer::kAttemptFailed) return;
  LiveOperation* const operation = find(row.id(event));
  if (operation != nullptr && operation->settled()) operation->stage = OperationStage::kWaiting;
}

// Swept when half of them are gone, as RunState does it with what is pending.
void LiveOperations::forget(std::uint32_t id) {
  LiveOperation* const found = find(id);
  if (found == nullptr) return;
  found->gone = true;
  found->details = nullptr;
  if (++gone_ * 2 < operations_.size()) return;
  std::erase_if(operations_, [](const LiveOperation& each) { return each.gone; });
  gone_ = 0;
  // Runs that wait for long keep no spare capacity; short ones would only allocate it again.
  if (operations_.empty() && operations_.capacity() > 2) clear();
}

void LiveOperations::clear() {
  std::vector<LiveOperation>().swap(operations_);
  gone_ = 0;
}

}  // namespace reprise::runtime
