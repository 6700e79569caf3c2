// Reports of the guard, as text for people.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/guard/thread_watch.h"

namespace reprise::runtime::guard {

// Frames of the calling code, without those of the C and C++ libraries in front of it unless there
// are no others. nullopt: not a call of the code's; memory management made it.
std::optional<std::vector<void*>> frames_of_caller(const Find& find);

// "clock_gettime", "openat (system call)".
std::string name_of(const Find& find);
// "ctx.now()", with its purpose.
std::string_view instead_of(const Find& find);

// Three or more lines, each indented:
//   called     clock_gettime
//   by         shop::place_order shop/order.cc:41
//   instead    ctx.now(), the time of the turn
std::string describe(const Find& find, const std::vector<void*>& frames);
std::string describe(const OneExpression& expression);

}  // namespace reprise::runtime::guard
