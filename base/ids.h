// Identities: RunId (public, a UUID) and the 64-bit hash that keys are made of.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace reprise::base {

// A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits, so that ids sort
// by the time their run started.
class RunId {
 public:
  RunId() = default;  // all zero: no run

  static RunId make(Time now, std::uint64_t random_high, std::uint64_t random_low);
  static std::optional<RunId> from_bytes(std::string_view sixteen);
  static std::optional<RunId> parse(std::string_view text);

  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  std::string to_string() const;              // 8-4-4-4-12 lower-case hexadecimal digits
  bool is_text(std::string_view text) const;  // is it what to_string() returns?
  friend auto operator<=>(const RunId&, const RunId&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// XXH3, stable across versions and machines: it may be stored.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// Formats sixteen bytes as a UUID; the caller sets version and variant.
std::string format_uuid(const std::array<std::uint8_t, 16>& bytes);

}  // namespace reprise::base
