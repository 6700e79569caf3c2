// A thread that runs one function at a time for another thread, which waits for it.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "base/out_of_memory.h"
#include "base/start_thread.h"
#include "base/thread_name.h"
#include "sdk/src/errors.h"

namespace reprise::internal {

class OtherThread {
 public:
  // Throws StoreError RP1011.
  OtherThread() {
    value_or_throw(
        base::start_thread(&thread_, "the thread that replays runs", [this] { work(); }));
  }
  ~OtherThread() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  OtherThread(const OtherThread&) = delete;
  OtherThread& operator=(const OtherThread&) = delete;

  // Returns when `act` has; it throws nothing.
  void run(std::function<void()> act) {
    std::unique_lock lock(mutex_);
    act_ = std::move(act);
    changed_.notify_all();
    changed_.wait(lock, [this] { return act_ == nullptr; });
  }

 private:
  void work() {
    base::name_this_thread("reprise-shake");
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stopping_ || act_ != nullptr; });
      if (stopping_) return;
      base::needs_memory("replaying a run of a test", [this] { act_(); });
      act_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> act_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace reprise::internal
