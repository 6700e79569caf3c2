#include "runtime/engine/gate.h"

#include <algorithm>

namespace reprise::runtime {

void Gate::remove(std::size_t amount) {
  // Ordered with the waiter's own look at the count: one of the two sees the other.
  const std::size_t left = count_.fetch_sub(amount, std::memory_order_seq_cst) - amount;
  if (waiters_.load(std::memory_order_seq_cst) == 0) return;
  // Those who wait are woken when there is some room for them, not for every single place.
  const std::size_t some = std::max<std::size_t>(1, limit_ / 16);
  if (left + some > limit_) return;
  const std::lock_guard lock(mutex_);
  room_.notify_all();
}

bool Gate::wait_for_room(base::Duration longest) {
  if (!full()) return true;
  std::unique_lock lock(mutex_);
  waiters_.fetch_add(1, std::memory_order_seq_cst);
  // Whoever saw room has it, though another may have seen the same.
  const bool room = room_.wait_for(lock, longest, [this] { return closed_ || !full(); });
  waiters_.fetch_sub(1, std::memory_order_seq_cst);
  return room && !closed_;
}

void Gate::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  room_.notify_all();
}

}  // namespace reprise::runtime
