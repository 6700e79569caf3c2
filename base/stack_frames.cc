#include "base/stack_frames.h"

#include <array>
#include <cstdint>
#include <unwind.h>

namespace reprise::base {
namespace {

struct Walk {
  std::span<void*> frames;
  std::size_t count = 0;
  int own = 0;  // frames still to leave out
};

_Unwind_Reason_Code add_frame(_Unwind_Context* context, void* data) {
  auto& walk = *static_cast<Walk*>(data);
  int interrupted = 0;
  const auto address = _Unwind_GetIPInfo(context, &interrupted);
  if (walk.own-- > 0) return _URC_NO_REASON;
  if (address == 0 || walk.count == walk.frames.size()) return _URC_END_OF_STACK;
  // A return address is that of the next instruction, perhaps of the next line.
  const std::uintptr_t at = address - (interrupted != 0 ? 0 : 1);
  walk.frames[walk.count++] = reinterpret_cast<void*>(at);
  return _URC_NO_REASON;
}

}  // namespace

[[gnu::noinline]] std::size_t stack_frames(std::span<void*> frames) {
  Walk walk{.frames = frames, .own = 1};
  _Unwind_Backtrace(add_frame, &walk);
  return walk.count;
}

[[gnu::noinline]] std::vector<void*> stack_frames() {
  std::array<void*, kMostFrames + 1> frames;
  const std::size_t count = stack_frames(frames);
  return std::vector<void*>(frames.begin() + 1,
                            frames.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace reprise::base
