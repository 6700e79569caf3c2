// The deadlines of one shard. An entry has 24 bytes. Cancelled entries stay: whoever takes a due
// entry checks whether it is still valid.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <tuple>
#include <vector>

namespace reprise::runtime {

struct TimerEntry {
  enum class Kind : std::uint8_t {
    kFire,             // a durable timer
    kRetry,            // an operation's next attempt
    kScheduleToStart,  // an attempt must have begun
    kScheduleToClose,  // an activity must have ended
    kRunTimeout,       // the run must have; `operation` is 0
    kOpenLimit,        // an attempt that is left open may have to end
    kDelayEnd,         // the run's code may run; `operation` is 0
  };
  std::int64_t due_ms = 0;
  std::uint64_t run = 0;
  std::uint32_t operation = 0;
  Kind kind{};

  // Entries of a run that are due together come in the order in which its code asked for them.
  friend bool operator>(const TimerEntry& a, const TimerEntry& b) {
    return std::tie(a.due_ms, a.run, a.operation, a.kind) >
           std::tie(b.due_ms, b.run, b.operation, b.kind);
  }
};

// Not thread-safe. A binary heap: adding and taking cost O(log n).
class TimerQueue {
 public:
  void add(const TimerEntry& entry) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  std::optional<std::int64_t> next_due_ms() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().due_ms;
  }
  // The earliest entry due at `now_ms`, removed; nullopt when none is.
  std::optional<TimerEntry> take_due(std::int64_t now_ms) {
    if (heap_.empty() || heap_.front().due_ms > now_ms) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const TimerEntry entry = heap_.back();
    heap_.pop_back();
    return entry;
  }
  // Removes entries that `is_dead` calls invalid.
  template <class Predicate>
  void sweep(Predicate is_dead) {
    std::erase_if(heap_, is_dead);
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  std::size_t size() const { return heap_.size(); }

 private:
  std::vector<TimerEntry> heap_;
};

}  // namespace reprise::runtime
