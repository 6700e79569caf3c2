#include "runtime/engine/run_table.h"

namespace reprise::runtime {

void RunRecord::drop_empty_extras() {
  if (extras == nullptr) return;
  const bool empty = extras->watches.empty() && !extras->started && extras->replies.empty() &&
                     extras->updates.empty() && !extras->parked.has_value();
  if (empty) extras = nullptr;
}

RunRecord& RunTable::add(RunState state) {
  RunRecord& record = by_number_[state.number];
  record.state = std::move(state);
  // The key must be a view of the newest record's id, so an older entry is replaced whole.
  record.older = find(record.state.workflow_id);
  by_id_.erase(record.state.workflow_id);
  by_id_.emplace(record.state.workflow_id, &record);
  return record;
}

RunRecord* RunTable::find(store::RunNumber number) {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : &found->second;
}

RunRecord* RunTable::find(std::string_view workflow_id) const {
  const auto found = by_id_.find(workflow_id);
  return found == by_id_.end() ? nullptr : found->second;
}

RunRecord* RunTable::find(std::string_view workflow_id, const base::RunId& run_id) const {
  RunRecord* record = find(workflow_id);
  while (record != nullptr && record->state.id != run_id) record = record->older;
  return record;
}

void RunTable::unlink(const RunRecord& record) {
  RunRecord* newer = find(record.state.workflow_id);
  if (newer == &record) {
    by_id_.erase(record.state.workflow_id);
    return;
  }
  while (newer != nullptr && newer->older != &record) newer = newer->older;
  if (newer != nullptr) newer->older = record.older;
}

void RunTable::for_each(const std::function<void(RunRecord&)>& visit) {
  for (auto& [number, record] : by_number_) visit(record);
}

void RunTable::forget_archived(store::Seq through) {
  for (std::size_t left = closed_.size(); left > 0; --left) {
    const store::RunNumber number = closed_.front();
    const auto found = by_number_.find(number);
    if (found != by_number_.end()) {
      RunRecord& record = found->second;
      if (record.state.last_seq > through) return;
      if (record.place != nullptr) {
        closed_.push_back(number);  // a step of it is still under way
      } else {
        unlink(record);
        by_number_.erase(found);
      }
    }
    closed_.pop_front();
  }
}

}  // namespace reprise::runtime
