// Back pressure: a count with a limit. Requests are counted until they are answered; at the limit a
// caller waits, or gets an error.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace reprise::runtime {

// Thread-safe. The limit may be exceeded by the callers that find room at the same instant.
class Gate {
 public:
  explicit Gate(std::size_t limit) : limit_(limit) {}

  bool full() const { return count_.load(std::memory_order_seq_cst) >= limit_; }
  // A snapshot of the count: others may leave at any moment.
  bool at_most_beyond(std::size_t more) const {
    const std::size_t count = count_.load(std::memory_order_seq_cst);
    return count <= limit_ || count - limit_ <= more;
  }
  void add(std::size_t amount) { count_.fetch_add(amount, std::memory_order_relaxed); }
  void remove(std::size_t amount);

  using Clock = std::chrono::steady_clock;
  // False: it was still full then, or closed.
  bool wait_for_room(Clock::time_point until);
  // Nobody waits any more.
  void close();

  std::size_t count() const { return count_.load(std::memory_order_relaxed); }
  std::size_t limit() const { return limit_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> count_{0};
  std::atomic<int> waiters_{0};
  std::mutex mutex_;
  std::condition_variable room_;
  bool closed_ = false;
};

}  // namespace reprise::runtime
