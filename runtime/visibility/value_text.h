// A run's value as text: the groups of a count.
#pragma once
#include <string>

#include "runtime/visibility/subject.h"

namespace reprise::runtime::visibility {

// As a filter has it, without quotes: times as RFC 3339 in UTC, durations in nanoseconds.
std::string value_text(const RunValue& value);

}  // namespace reprise::runtime::visibility
