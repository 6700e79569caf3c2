// Facts about the strand that runs on this thread, for signal handlers too.
#pragma once
#include <cstddef>
#include <optional>

#include "base/call_site.h"

namespace reprise::runtime {

struct StrandHere {
  std::size_t number = 0;  // in its run, from 1
  base::CallSite last_call{};
  const char* guard = nullptr;   // lowest address of the guard area below its stack
  const char* bottom = nullptr;  // of the stack
  std::size_t stack_bytes = 0;

  const char* top() const { return bottom + stack_bytes; }
  bool in_guard(const char* address) const { return address >= guard && address < bottom; }
};

// nullopt: the thread is on no strand.
std::optional<StrandHere> strand_here();

}  // namespace reprise::runtime
