// Values as they are written in filters: times, durations and numbers.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/visibility/ast.h"
#include "runtime/visibility/lexer.h"

namespace reprise::runtime::visibility {

// RFC 3339: "2026-11-21T12:43:36.5+01:00"; also without the seconds or the zone, and a date alone:
// then in UTC. In nanoseconds since 1970, which reach from 1677 to 2262. nullopt: not a time.
std::optional<std::int64_t> parse_time_ns(std::string_view text);

// "1h30m", "1.5s", "250ms" (ns, us, ms, s, m, h, d; a sign), or "12:30:05". nullopt: none.
std::optional<std::int64_t> parse_duration_ns(std::string_view text);

// Of a kText or kNumber token. kFilter: the number is too large.
base::Result<Literal> literal_of(std::string_view filter, const Token& token);

}  // namespace reprise::runtime::visibility
