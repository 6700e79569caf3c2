// The symbols of the C and C++ libraries that workflow code must not call, each with a stand-in
// that does the same and tells the guard if workflow code calls it.
#pragma once
#include <atomic>
#include <span>

#include "runtime/guard/thread_watch.h"

namespace reprise::runtime::guard {

struct WrappedCall {
  ForbiddenCall call;
  void* stand_in;
  std::atomic<void*>* original;  // where the stand-in finds the original; set before it is used
};

std::span<const WrappedCall> wrapped_calls();

}  // namespace reprise::runtime::guard
