// The state of a thread that runs workflow code, for the watchdog, for crash reports, and for the
// next process: whether user code is running, and of which run. Entering and leaving cost a few
// stores each; only the watchdog reads the clock.
#pragma once
#include <atomic>
#include <cstdint>
#include <pthread.h>

#include "base/ids.h"
#include "base/turn_mark.h"
#include "runtime/host/run_label.h"

namespace reprise::runtime {

class CodeMark {
 public:
  CodeMark() = default;
  CodeMark(const CodeMark&) = delete;
  CodeMark& operator=(const CodeMark&) = delete;

  // While it lives, user code of the run is being called. `run` outlives it. Scopes nest: one run's
  // code may make another run's code execute.
  class Scope {
   public:
    Scope(CodeMark& mark, const RunLabel& run)
        : mark_(mark), outer_(mark.run()), nested_(mark.entries() % 2 != 0) {
      mark_.enter(run.number != 0 ? &run : nullptr, nested_ ? 2 : 1);
    }
    ~Scope() { mark_.enter(nested_ ? outer_ : nullptr, nested_ ? 2 : 1); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    CodeMark& mark_;
    const RunLabel* const outer_;
    const bool nested_;
  };

  // Counts entries and exits; odd: user code is running.
  std::uint64_t entries() const { return entries_.load(std::memory_order_acquire); }
  // nullptr: a run without a number. Dereference it only on the thread itself, where an interrupt
  // sees a consistent state.
  const RunLabel* run() const { return run_.load(std::memory_order_relaxed); }

  // The thread that runs the code, once there is one.
  void set_thread(pthread_t thread) {
    thread_ = thread;
    has_thread_.store(true, std::memory_order_release);
  }
  bool has_thread() const { return has_thread_.load(std::memory_order_acquire); }
  pthread_t thread() const { return thread_; }

  // From now on notes the run in `mark` for the next process; it outlives this. nullptr: does not.
  void tell_next_process(base::TurnMark* mark) {
    if (mark != nullptr) told_ = mark;
  }
  // Something is ending this process; for signal handlers on the thread. False: something else
  // began to end it before, and remains the cause.
  bool ends_process(std::uint32_t cause) {
    std::uint32_t unseen = base::kCauseUnseen;
    return told_->cause.compare_exchange_strong(unseen, cause);
  }

 private:
  void enter(const RunLabel* run, std::uint64_t by) {
    run_.store(run, std::memory_order_relaxed);
    tell(run);
    entries_.store(entries_.load(std::memory_order_relaxed) + by, std::memory_order_release);
  }

  void tell(const RunLabel* run) {
    if (run == nullptr) return told_->set(0, 0);
    told_->set(run->number, run->events, run->starting ? base::hash64(run->workflow) : 0);
  }

  std::atomic<std::uint64_t> entries_{0};
  std::atomic<const RunLabel*> run_{nullptr};
  base::TurnMark own_{};
  base::TurnMark* told_ = &own_;
  pthread_t thread_{};
  std::atomic<bool> has_thread_{false};
};

}  // namespace reprise::runtime
