// Invariants of our own code. A failed check aborts with a message, in release too: it guards the
// log, and a process that has lost an invariant must not write to it. User mistakes are errors
// with a code (base/error.h), never checks.
#pragma once

namespace reprise::base {
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* why);
}  // namespace reprise::base

#define REPRISE_CHECK(condition, why) \
  (static_cast<bool>(condition)       \
       ? static_cast<void>(0)         \
       : ::reprise::base::check_failed(__FILE__, __LINE__, #condition, (why)))
