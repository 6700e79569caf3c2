// The identity of a span as the W3C Recommendation "Trace Context" writes it in the header
// `traceparent` (https://www.w3.org/TR/trace-context-1/, section 3.2):
//
//   00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//   version-trace id-parent id-flags, in lower-case hexadecimal digits
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace tracing {

struct TraceContext {
  std::string trace_id;    // 32 digits, not all zero: of the whole trace
  std::string span_id;     // 16 digits, not all zero: of the span that makes the call
  bool is_sampled = true;  // flag 01
};

inline std::string to_traceparent(const TraceContext& span) {
  return "00-" + span.trace_id + "-" + span.span_id + (span.is_sampled ? "-01" : "-00");
}

// nullopt: it is invalid, and the recommendation says to begin a new trace. Of a version to come,
// which may have more fields, the four known ones are read.
inline std::optional<TraceContext> parse_traceparent(std::string_view text) {
  constexpr std::size_t kKnown = 55;
  const auto is_hex = [](std::string_view digits) {
    return std::all_of(digits.begin(), digits.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  };
  const auto is_zero = [](std::string_view digits) {
    return digits.find_first_not_of('0') == digits.npos;
  };
  if (text.size() < kKnown || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace_id = text.substr(3, 32);
  const std::string_view span_id = text.substr(36, 16);
  const std::string_view flags = text.substr(53, 2);
  if (!is_hex(version) || version == "ff" || !is_hex(flags)) return {};
  if (text.size() > kKnown && (version == "00" || text[kKnown] != '-')) return {};
  if (!is_hex(trace_id) || is_zero(trace_id) || !is_hex(span_id) || is_zero(span_id)) return {};
  const char last = flags[1];
  const int digit = last <= '9' ? last - '0' : last - 'a' + 10;
  return TraceContext{std::string(trace_id), std::string(span_id), digit % 2 == 1};
}

// 16 digits that follow from the text: the same in each replay.
inline std::string id_from(std::string_view text) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;  // FNV-1a
  for (const unsigned char c : text) hash = (hash ^ c) * 1'099'511'628'211U;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash | 1));
  return digits;
}

}  // namespace tracing
