#include "runtime/guard/thread_watch.h"

#include <algorithm>
#include <csignal>
#include <unwind.h>
#include <utility>

#include "runtime/guard/system_calls.h"

namespace reprise::runtime::guard {

constinit thread_local ThreadWatch this_thread;

namespace {

struct FrameWalk {
  Find& find;
  const void* return_address;  // nullptr: begin behind a signal frame
  bool inside = false;
  bool in_handler = false;  // of another signal, which does not belong to the run's code
};

_Unwind_Reason_Code add_frame(_Unwind_Context* context, void* argument) {
  auto& walk = *static_cast<FrameWalk*>(argument);
  int interrupted = 0;
  const auto address = _Unwind_GetIPInfo(context, &interrupted);
  if (address == 0) return _URC_END_OF_STACK;
  const bool was_inside = walk.inside;
  if (walk.return_address != nullptr) {
    walk.inside |= reinterpret_cast<const void*>(address) == walk.return_address;
  } else {
    walk.inside |= interrupted != 0;
  }
  if (!walk.inside) return _URC_NO_REASON;
  if (interrupted != 0 && (was_inside || walk.return_address != nullptr)) {
    walk.in_handler = true;
    return _URC_END_OF_STACK;
  }
  if (walk.find.depth == kMostFrames) return _URC_END_OF_STACK;
  // A return address is that of the next instruction, perhaps of the next line.
  const auto at = address - (interrupted != 0 ? 0 : 1);
  walk.find.frames[walk.find.depth++] = reinterpret_cast<void*>(at);
  return _URC_NO_REASON;
}

// False: another signal's handler made the call.
bool take_frames(Find& find, const void* return_address) {
  FrameWalk walk{find, return_address};
  _Unwind_Backtrace(add_frame, &walk);
  return !walk.in_handler;
}

bool same(const Find& one, const Find& other) {
  return one.call == other.call && one.system_call == other.system_call &&
         one.depth == other.depth &&
         std::equal(one.frames.begin(), one.frames.begin() + one.depth, other.frames.begin());
}

// Ends with its thread; everything that refers to it ends before.
struct Attached {
  Recorder recorder;
  ~Attached() {
    this_thread.selector = 0;
    if (this_thread.system_calls) stop_dispatch();
    this_thread = {};
  }
};

Recorder& recorder_of_thread() {
  static thread_local const auto attached = std::make_unique<Attached>();
  return attached->recorder;
}

// A stack large enough for a stack walk.
bool has_signal_stack() {
  constexpr std::size_t kEnough = std::size_t{32} << 10;
  stack_t current{};
  return ::sigaltstack(nullptr, &current) == 0 && (current.ss_flags & SS_DISABLE) == 0 &&
         current.ss_size >= kEnough;
}

}  // namespace

Recorder::Recorder() {
  if (!has_signal_stack()) signal_stack_ = std::make_unique<base::SignalStack>();
}

void Recorder::record(const ForbiddenCall& call, const void* return_address) {
  Find find{.call = &call, .count = 1};
  if (take_frames(find, return_address)) add(std::move(find));
}

void Recorder::record_system_call(long number) {
  Find find{.system_call = number, .count = 1};
  if (take_frames(find, nullptr)) add(std::move(find));
}

void Recorder::add(Find&& find) {
  const auto end = finds_.begin() + finds_used_;
  if (const auto known =
          std::find_if(finds_.begin(), end, [&](const Find& f) { return same(f, find); });
      known != end) {
    ++known->count;
  } else if (finds_used_ < kMostFinds) {
    finds_[finds_used_++] = find;
  }
}

void Recorder::record(OneExpression expression) {
  if (expressions_used_ < kMostFinds) expressions_[expressions_used_++] = expression;
}

bool watch_this_thread(bool on) {
  ThreadWatch& watch = this_thread;
  const bool before = std::exchange(watch.on, on);
  watch.selector = static_cast<char>(on && watch.system_calls);
  return before;
}

void attach_thread(std::uint64_t guard, bool symbols, bool system_calls) {
  ThreadWatch& watch = this_thread;
  watch.selector = 0;
  watch.recorder = &recorder_of_thread();
  watch.symbols = symbols;
  if (system_calls && !watch.system_calls) watch.system_calls = start_dispatch(&watch.selector);
  if (!system_calls && watch.system_calls) {
    stop_dispatch();
    watch.system_calls = false;
  }
  watch.guard = guard;
}

}  // namespace reprise::runtime::guard
