// A value that another thread will set.
#pragma once
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/time.h"

namespace reprise::runtime {

// Set once; any number of threads may wait for it.
template <class T>
class Promise {
 public:
  void set(T value) {
    // Notified under the lock: a waiter may destroy the promise as soon as it returns.
    std::lock_guard lock(mutex_);
    if (value_) return;
    value_ = std::move(value);
    changed_.notify_all();
  }
  bool ready() const {
    std::lock_guard lock(mutex_);
    return value_.has_value();
  }
  // Without `timeout` it waits without limit. False: time is up, or `stop` was requested.
  bool wait(std::optional<base::Duration> timeout, const std::stop_token& stop = {}) const {
    const std::stop_callback wake(stop, [this] {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    });
    std::unique_lock lock(mutex_);
    const auto done = [&] { return value_.has_value() || stop.stop_requested(); };
    if (timeout) {
      changed_.wait_until(lock, base::deadline_in(*timeout), done);
    } else {
      changed_.wait(lock, done);
    }
    return value_.has_value();
  }
  // Only once ready.
  const T& get() const { return *value_; }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::optional<T> value_;
};

}  // namespace reprise::runtime
