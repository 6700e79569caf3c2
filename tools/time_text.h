// Times and durations as people read and type them. All times are UTC, wherever the command runs:
// everybody sees the same for one store.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reprise::tools {

std::string utc_seconds(std::int64_t ms);  // "2026-11-21 12:43:36Z"
std::string utc_millis(std::int64_t ms);   // "2026-11-21 12:43:36.123Z"
std::string utc_iso(std::int64_t ms);      // "2026-11-21T12:43:36.123Z", for programs

// "12ms", "2s", "1.234s", "2m03s", "3h04m", "5d02h".
std::string duration_text(std::int64_t ms);

// A duration before `now_ms` ("90s", "30m", "2h", "7d") or a time in UTC ("2026-11-21",
// "2026-11-21T12:43", "2026-11-21T12:43:36Z"; a space will do for the T). nullopt: neither.
std::optional<std::int64_t> parse_since(std::string_view text, std::int64_t now_ms);

// Milliseconds of "500ms", "90s", "30m", "2h", "7d" or several of them: "1h30m". nullopt: it is not
// that, or too long.
std::optional<std::int64_t> parse_duration(std::string_view text);

}  // namespace reprise::tools
