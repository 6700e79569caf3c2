#include "runtime/engine/live_operations.h"

#include <algorithm>

#include "runtime/fold/walk.h"

namespace reprise::runtime {
namespace {

bool is_before(const LiveOperation& operation, std::uint32_t id) {
  return operation.id < id;
}

}  // namespace

LiveOperation* LiveOperations::find(std::uint32_t id) {
  if (operations_.empty()) return nullptr;
  if (operations_.back().id == id) return operations_.back().gone ? nullptr : &operations_.back();
  const auto found = std::lower_bound(operations_.begin(), operations_.end(), id, is_before);
  if (found == operations_.end() || found->id != id || found->gone) return nullptr;
  return &*found;
}

LiveOperation& LiveOperations::at(std::uint32_t id) {
  LiveOperation operation;
  operation.id = id;
  if (operations_.empty() || operations_.back().id < id) {  // nearly always
    return operations_.emplace_back(std::move(operation));
  }
  const auto place = std::lower_bound(operations_.begin(), operations_.end(), id, is_before);
  if (place->id != id) {
    return *operations_.insert(place, std::move(operation));
  }
  if (!place->gone) return *place;
  --gone_;
  return *place = std::move(operation);  // a history that gives an id twice
}

OperationDetails* LiveOperations::add_details(std::uint32_t id) {
  LiveOperation& operation = at(id);
  if (operation.details != nullptr) return nullptr;
  operation.details = std::make_unique<OperationDetails>();
  return operation.details.get();
}

class LiveOperations::Books {
 public:
  explicit Books(LiveOperations& operations) : operations_(operations) {}

  void input(const event::Row&, const proto::Event&) {}
  void command(const event::Row&, const proto::Event&) {}
  void opened(const event::Row&, const proto::Event&) {}
  void answered(const event::Row& row, const proto::Event& event) {
    operations_.answered(row, event);
  }
  void ended(const event::Row&, const proto::Event&) { operations_.clear(); }

 private:
  LiveOperations& operations_;
};

void LiveOperations::apply(const proto::Turn& turn) {
  if (operations_.empty()) return;
  walk(turn, Books(*this));
}

void LiveOperations::answered(const event::Row& row, const proto::Event& event) {
  if (event::finishes(row.answers)) return forget(row.id(event));
  if (row.answers != event::Answer::kAttemptFailed) return;
  LiveOperation* const operation = find(row.id(event));
  if (operation != nullptr && operation->settled()) operation->stage = OperationStage::kWaiting;
}

// Swept when half of them are gone, like the pending operations of RunState.
void LiveOperations::forget(std::uint32_t id) {
  LiveOperation* const found = find(id);
  if (found == nullptr) return;
  if (found == &operations_.back()) {
    operations_.pop_back();
  } else {
    found->gone = true;
    found->details = nullptr;
    ++gone_;
  }
  if (gone_ * 2 < operations_.size()) return;
  if (gone_ > 0) {
    const auto is_gone = [](const LiveOperation& each) { return each.gone; };
    operations_.erase(std::remove_if(operations_.begin(), operations_.end(), is_gone),
                      operations_.end());
  }
  gone_ = 0;
  // Runs that wait for long keep no spare capacity; short ones would only allocate it again.
  if (operations_.empty() && operations_.capacity() > 2) clear();
}

void LiveOperations::clear() {
  decltype(operations_)().swap(operations_);
  gone_ = 0;
}

}  // namespace reprise::runtime
