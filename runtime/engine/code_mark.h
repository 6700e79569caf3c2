// The state of a shard's thread for the watchdog, for crash reports, and for the next process:
// whether user code is running, and of which run. Entering and leaving cost a few stores each; only
// the watchdog reads the clock.
#pragma once
#include <atomic>
#include <cstdint>
#include <pthread.h>

#include "base/ids.h"
#include "runtime/engine/run_table.h"
#include "store/turn_marks.h"

namespace reprise::runtime {

class CodeMark {
 public:
  CodeMark() = default;
  CodeMark(const CodeMark&) = delete;
  CodeMark& operator=(const CodeMark&) = delete;

  // While it lives, user code of the run is being called; nullptr: of a closed run that only the
  // archive knows. Scopes nest: code of one run may run because of another one's.
  class Scope {
   public:
    Scope(CodeMark& mark, const KnownRun* run)
        : mark_(mark), outer_(mark.run()), nested_(mark.entries() % 2 != 0) {
      mark_.enter(run, nested_ ? 2 : 1);
    }
    ~Scope() { mark_.enter(nested_ ? outer_ : nullptr, nested_ ? 2 : 1); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    CodeMark& mark_;
    const KnownRun* const outer_;
    const bool nested_;
  };

  // Counts entries and exits; odd: user code is running.
  std::uint64_t entries() const { return entries_.load(std::memory_order_acquire); }
  // Dereference it only on the shard's own thread, where an interrupt sees a consistent state.
  const KnownRun* run() const { return run_.load(std::memory_order_relaxed); }

  // The thread that runs the shard, once it does.
  void set_thread(pthread_t thread) {
    thread_ = thread;
    has_thread_.store(true, std::memory_order_release);
  }
  bool has_thread() const { return has_thread_.load(std::memory_order_acquire); }
  pthread_t thread() const { return thread_; }

  // From now on the run is noted here for the next process; outlives this. nullptr: nowhere.
  void tell_next_process(store::TurnMark* mark) {
    if (mark != nullptr) told_ = mark;
  }
  // Something is ending this process; for signal handlers on the thread. False: something else
  // began to end it before, and stays the cause.
  bool ends_process(std::uint32_t cause) {
    std::uint32_t unseen = store::kCauseUnseen;
    return told_->cause.compare_exchange_strong(unseen, cause);
  }

 private:
  void enter(const KnownRun* run, std::uint64_t by) {
    run_.store(run, std::memory_order_relaxed);
    tell(run);
    entries_.store(entries_.load(std::memory_order_relaxed) + by, std::memory_order_release);
  }

  void tell(const KnownRun* run) {
    if (run == nullptr) return told_->set(0, 0);
    const RunState& state = run->state;
    told_->set(state.number, state.events, run->starting ? base::hash64(*state.workflow) : 0);
  }

  std::atomic<std::uint64_t> entries_{0};
  std::atomic<const KnownRun*> run_{nullptr};
  store::TurnMark own_{};
  store::TurnMark* told_ = &own_;
  pthread_t thread_{};
  std::atomic<bool> has_thread_{false};
};

}  // namespace reprise::runtime
