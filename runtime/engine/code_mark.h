// What the thread of a shard says about itself to the watchdog: whether user code is running, and
// of which run. Entering and leaving cost two stores each; the clock is the watchdog's.
#pragma once
#include <atomic>
#include <cstdint>
#include <pthread.h>

namespace reprise::runtime {

struct RunRecord;

class CodeMark {
 public:
  // While it lives, user code of the run is called.
  class Scope {
   public:
    Scope(CodeMark& mark, const RunRecord* run) : mark_(mark) {
      mark_.run_.store(run, std::memory_order_relaxed);
      mark_.entries_.fetch_add(1, std::memory_order_release);
    }
    ~Scope() { mark_.entries_.fetch_add(1, std::memory_order_release); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    CodeMark& mark_;
  };

  // Grows with each entry and each exit; odd: user code is running.
  std::uint64_t entries() const { return entries_.load(std::memory_order_acquire); }
  // nullptr: a closed run answers a query. To be followed on the shard's own thread only, where an
  // interrupt finds it as it is.
  const RunRecord* run() const { return run_.load(std::memory_order_relaxed); }

  // The thread that runs the shard, once it does.
  void set_thread(pthread_t thread) {
    thread_ = thread;
    has_thread_.store(true, std::memory_order_release);
  }
  bool has_thread() const { return has_thread_.load(std::memory_order_acquire); }
  pthread_t thread() const { return thread_; }

 private:
  std::atomic<std::uint64_t> entries_{0};
  std::atomic<const RunRecord*> run_{nullptr};
  pthread_t thread_{};
  std::atomic<bool> has_thread_{false};
};

}  // namespace reprise::runtime
