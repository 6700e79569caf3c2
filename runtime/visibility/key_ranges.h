// Where in the index the values lie that a comparison may hold for.
#pragma once
#include <optional>
#include <string>

#include "runtime/visibility/keys.h"

namespace reprise::runtime::visibility {

// What a value of the type is that is equal to the literal; nullopt: none is.
std::optional<RunValue> value_as(const Literal& literal, FieldType type);

// Keys from `from` on and before `to`.
struct KeyRange {
  std::string from;
  std::string to;
};

// Of an attribute's values of a type. Has all for which the comparison holds, and may have others.
// The comparison is one that the type allows, not negated, and not with a list of values; IS NULL
// stands for every value.
KeyRange range_of(const Comparison& comparison, FieldType type);

// Whole milliseconds at or before, and at or after.
std::int64_t floor_ms(std::int64_t ns);
std::int64_t ceil_ms(std::int64_t ns);

}  // namespace reprise::runtime::visibility
