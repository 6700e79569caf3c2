// In memory that outlives the process, a thread notes whose workflow code it runs. The next process
// reads it (store/turn_marks.h).
#pragma once
#include <atomic>
#include <cstdint>

namespace reprise::base {

// What ended a process: the number of a signal, or one of these.
inline constexpr std::uint32_t kCauseUnseen = 0;  // SIGKILL, _exit(), the kernel's OOM killer
inline constexpr std::uint32_t kCauseExit = 1'001;
inline constexpr std::uint32_t kCauseThreadExit = 1'002;
// The engine had no memory for its work around the code. Something else may have used it up.
inline constexpr std::uint32_t kCauseOutOfMemory = 1'003;
inline constexpr std::uint32_t kCauseStackOverflow = 0x10000;  // added to the signal

// One per thread, in a cache line of its own. The thread sets it around the code of a run; a signal
// handler on that thread notes what ends the process.
struct alignas(64) TurnMark {
  std::atomic<std::uint64_t> run;    // its number; 0: no code runs
  std::atomic<std::uint64_t> place;  // events of its history
  std::atomic<std::uint32_t> cause;
  // A digest of the workflow's name until the run's very first turn is durable: until then a crash
  // may leave nothing of the run. Then 0.
  std::atomic<std::uint64_t> starting;

  void set(std::uint64_t number, std::uint64_t events, std::uint64_t workflow = 0) {
    cause.store(kCauseUnseen, std::memory_order_relaxed);
    place.store(events, std::memory_order_relaxed);
    starting.store(workflow, std::memory_order_relaxed);
    run.store(number, std::memory_order_release);
  }
};
static_assert(sizeof(TurnMark) == 64 && std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace reprise::base
