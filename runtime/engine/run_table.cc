#include "runtime/engine/run_table.h"

namespace reprise::runtime {
namespace {

std::uint32_t hash_of(store::RunNumber number) {
  // Fibonacci hashing: the high half of the product depends on every bit of the number.
  return static_cast<std::uint32_t>((number * 0x9e3779b97f4a7c15) >> 32);
}

std::uint32_t hash_of(std::string_view workflow_id) {
  // The low bits have chosen the shard, so within one they are much alike.
  return static_cast<std::uint32_t>(base::hash64(workflow_id) >> 32);
}

}  // namespace

void RunRecord::drop_empty_extras() {
  if (extras == nullptr) return;
  const bool empty = extras->watches.empty() && !extras->started && extras->replies.empty() &&
                     extras->updates.empty() && !extras->parked.has_value();
  if (empty) extras = nullptr;
}

RunTable::~RunTable() {
  by_number_.for_each([this](RunRecord& record) { records_.destroy(&record); });
}

RunRecord& RunTable::add(RunState state) {
  RunRecord* record = records_.make();
  record->state = std::move(state);
  by_number_.add(hash_of(record->state.number), record);
  const std::uint32_t id_hash = hash_of(record->state.workflow_id);
  record->older = find(record->state.workflow_id);
  if (record->older != nullptr) {
    by_id_.replace(id_hash, record->older, record);
  } else {
    by_id_.add(id_hash, record);
  }
  return *record;
}

RunRecord* RunTable::find(store::RunNumber number) const {
  return by_number_.find(hash_of(number),
                         [&](const RunRecord& record) { return record.state.number == number; });
}

RunRecord* RunTable::find(std::string_view workflow_id) const {
  return by_id_.find(hash_of(workflow_id), [&](const RunRecord& record) {
    return record.state.workflow_id == workflow_id;
  });
}

RunRecord* RunTable::find(std::string_view workflow_id, const base::RunId& run_id) const {
  RunRecord* record = find(workflow_id);
  while (record != nullptr && record->state.id != run_id) record = record->older;
  return record;
}

void RunTable::forget(RunRecord* record) {
  const std::uint32_t id_hash = hash_of(record->state.workflow_id);
  RunRecord* newer = find(record->state.workflow_id);
  if (newer != record) {
    while (newer->older != record) newer = newer->older;
    newer->older = record->older;
  } else {
    by_id_.remove(id_hash, record);
  }
  by_number_.remove(hash_of(record->state.number), record);
  records_.destroy(record);
}

void RunTable::forget_archived(store::Seq through) {
  for (std::size_t left = closed_.size(); left > 0; --left) {
    RunRecord* record = closed_.front();
    if (record->state.last_seq > through) return;
    closed_.pop_front();
    // Without the newest run of an id an older one would answer to it.
    const bool hides_older = record->older != nullptr && find(record->state.workflow_id) == record;
    const bool has_step_under_way = record->place != nullptr;
    // The archive does not know yet whose it is, nor that it has ended.
    if (hides_older || has_step_under_way || record->overtaken) {
      closed_.push_back(record);
    } else {
      forget(record);
    }
  }
}

}  // namespace reprise::runtime
