// The guard's state of one thread: whether workflow code runs on it now, and what that code has
// called since the turn began. Wrapped symbols and a signal handler write it, so recording
// allocates nothing and takes no lock.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/thread_stack.h"

namespace reprise::runtime::guard {

// What is wrong with a call, which decides what to use instead.
enum class Hazard : std::uint8_t {
  kClock,
  kSleep,
  kRandom,
  kEnvironment,  // variables, locale, time zone
  kMachine,      // process ids, processors, host names
  kFile,
  kNetwork,
  kThread,
  kBlocking,
  kProcess,
  kOther,
};

// A symbol of the table in wrapped_calls.cc.
struct ForbiddenCall {
  std::string_view name;
  Hazard hazard;
};

inline constexpr std::size_t kMostFrames = 40;
inline constexpr std::size_t kMostFinds = 16;

struct Find {
  const ForbiddenCall* call = nullptr;  // nullptr: a system call
  long system_call = -1;
  std::uint64_t count = 0;
  std::size_t depth = 0;
  std::array<void*, kMostFrames> frames{};  // the innermost first
};

// Two durable calls whose order the compiler chose.
struct OneExpression {
  const char* file = "";
  std::uint32_t first_line = 0;
  std::uint32_t second_line = 0;
};

// Belongs to its thread.
class Recorder {
 public:
  Recorder();

  void clear() { finds_used_ = expressions_used_ = 0; }
  bool empty() const { return finds_used_ == 0 && expressions_used_ == 0; }
  std::span<const Find> finds() const { return {finds_.data(), finds_used_}; }
  std::span<const OneExpression> expressions() const {
    return {expressions_.data(), expressions_used_};
  }

  // Frames are those outside `return_address`, to which a wrapped symbol returns.
  void record(const ForbiddenCall& call, const void* return_address);
  // Frames are those outside the signal handler that calls it.
  void record_system_call(long number);
  void record(OneExpression expression);

 private:
  void add(Find&& find);

  std::array<Find, kMostFinds> finds_{};
  std::size_t finds_used_ = 0;
  std::array<OneExpression, kMostFinds> expressions_{};
  std::size_t expressions_used_ = 0;
  std::unique_ptr<base::SignalStack> signal_stack_{};  // unless the thread has one
};

struct ThreadWatch {
  // Read by the kernel at every system call of a thread with dispatch: 0 lets the call pass, 1
  // turns it into a signal.
  volatile char selector = 0;
  bool on = false;               // code of a run is on the thread
  bool symbols = false;          // wrapped symbols record
  bool system_calls = false;     // the kernel reads `selector`
  std::uint64_t guard = 0;       // whose settings these are; 0: nobody's
  Recorder* recorder = nullptr;  // set while `guard` is
};

// Its address is fixed while the thread lives. The static library is part of the program, or of a
// shared library loaded from the start: no lazy allocation, so a signal handler can read it.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local ThreadWatch this_thread;

// Returns the previous value.
bool watch_this_thread(bool on);

// Makes the thread's recorder, and has the kernel read its selector if `system_calls`.
void attach_thread(std::uint64_t guard, bool symbols, bool system_calls);

}  // namespace reprise::runtime::guard
