#include "store/memory_journal.h"

#include <algorithm>

namespace reprise::store {

base::Status MemoryJournal::append(const std::vector<const RecordBatch*>& batches,
                                   Seq trim_through) {
  const std::lock_guard lock(mutex_);
  for (const RecordBatch* batch : batches) {
    const Seq last = records_.empty() ? 0 : records_.rbegin()->first;
    REPRISE_CHECK(batch->first == last + 1, "the journal has no gaps");
    std::uint32_t begin = 0;
    Seq seq = batch->first;
    for (const std::uint32_t end : batch->ends) {
      records_.emplace_hint(records_.end(), seq++, batch->bytes.substr(begin, end - begin));
      begin = end;
    }
  }
  trim(trim_through);
  return {};
}

// The newest record stays, as in LMDB: last() is read from it.
void MemoryJournal::trim(Seq through) {
  if (records_.empty()) return;
  const auto newest = std::prev(records_.end());
  const auto behind = records_.upper_bound(through);
  records_.erase(records_.begin(), behind == records_.end() ? newest : behind);
}

// The lock is not held during `visit`, which may read the journal.
base::Status MemoryJournal::scan(Seq from, base::Visitor<Seq, std::string_view> visit) const {
  while (true) {
    std::string bytes;
    {
      const std::lock_guard lock(mutex_);
      const auto next = records_.lower_bound(from);
      if (next == records_.end()) return {};
      from = next->first;
      bytes = next->second;
    }
    if (const base::Visited seen = visit(from, bytes); !seen.goes_on()) return seen.status();
    ++from;
  }
}

base::Result<std::string> MemoryJournal::read(Seq seq) const {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(seq);
  if (found != records_.end()) return found->second;
  return base::Error{base::ErrorCode::kNotFound,
                     "record " + std::to_string(seq) + " is not in the journal"};
}

base::Result<Seq> MemoryJournal::first() const {
  const std::lock_guard lock(mutex_);
  return records_.empty() ? 0 : records_.begin()->first;
}

base::Result<Seq> MemoryJournal::last() const {
  const std::lock_guard lock(mutex_);
  return records_.empty() ? 0 : records_.rbegin()->first;
}

}  // namespace reprise::store
