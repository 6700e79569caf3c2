// Points in time in the JSON form of histories.
#pragma once
#include <cstdint>
#include <string_view>

#include "sdk/src/history/json.h"

namespace reprise::internal {

// "2026-01-01T00:00:00.000Z"; the milliseconds if the year does not have four digits.
Json time_to_json(std::int64_t ms);
// Reads what it writes. Throws Malformed, which names the `key`.
std::int64_t time_from_json(const Json& value, std::string_view key);

}  // namespace reprise::internal
