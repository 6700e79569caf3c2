#include "runtime/engine/gate.h"

namespace reprise::runtime {

void Gate::remove(std::size_t amount) {
  // Ordered with the waiter's check of the count: one of the two sees the other.
  const std::size_t left = count_.fetch_sub(amount, std::memory_order_seq_cst) - amount;
  if (waiters_.load(std::memory_order_seq_cst) == 0) return;
  if (left >= limit_) return;
  const std::lock_guard lock(mutex_);
  amount == 1 ? room_.notify_one() : room_.notify_all();
}

bool Gate::wait_for_room(Clock::time_point until) {
  if (!full()) return true;
  std::unique_lock lock(mutex_);
  waiters_.fetch_add(1, std::memory_order_seq_cst);
  // A caller that saw room gets it, though another may have seen the same.
  const bool room = room_.wait_until(lock, until, [this] { return closed_ || !full(); });
  waiters_.fetch_sub(1, std::memory_order_seq_cst);
  return room && !closed_;
}

void Gate::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  room_.notify_all();
}

}  // namespace reprise::runtime
