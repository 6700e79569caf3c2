#include "base/ids.h"

#include <algorithm>
#include <xxhash.h>

namespace reprise::base {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

// Both digits of a byte at once: each start of a run writes its id as text.
using TwoDigits = std::array<char, 2>;
constexpr auto kTwoDigits = [] {
  std::array<TwoDigits, 256> digits{};
  for (std::size_t byte = 0; byte < digits.size(); ++byte) {
    digits[byte] = {kDigits[byte >> 4], kDigits[byte & 0x0f]};
  }
  return digits;
}();

void set_version_and_variant(std::array<std::uint8_t, 16>& bytes) {
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x70);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
}

using UuidText = std::array<char, 36>;

UuidText uuid_text(const std::array<std::uint8_t, 16>& bytes) {
  UuidText text;
  char* to = text.data();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
    const TwoDigits& digits = kTwoDigits[bytes[i]];
    to = std::copy(digits.begin(), digits.end(), to);
  }
  return text;
}

}  // namespace

RunId RunId::make(Time now, std::uint64_t random_high, std::uint64_t random_low) {
  RunId id;
  const auto ms = static_cast<std::uint64_t>(to_ms(now));
  for (int i = 0; i < 6; ++i) id.bytes_[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  for (int i = 0; i < 2; ++i) id.bytes_[6 + i] = static_cast<std::uint8_t>(random_high >> (8 * i));
  for (int i = 0; i < 8; ++i) id.bytes_[8 + i] = static_cast<std::uint8_t>(random_low >> (8 * i));
  set_version_and_variant(id.bytes_);
  return id;
}

std::optional<RunId> RunId::from_bytes(std::string_view sixteen) {
  RunId id;
  if (sixteen.size() != id.bytes_.size()) return std::nullopt;
  std::copy(sixteen.begin(), sixteen.end(), reinterpret_cast<char*>(id.bytes_.data()));
  return id;
}

std::optional<RunId> RunId::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  RunId id;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash_here = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash_here != (text[i] == '-')) return std::nullopt;
    if (dash_here) continue;
    const auto digit = kDigits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    auto& byte = id.bytes_[nibble / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | digit);
    ++nibble;
  }
  return id;
}

std::string format_uuid(const std::array<std::uint8_t, 16>& bytes) {
  const UuidText text = uuid_text(bytes);
  return {text.data(), text.size()};
}

std::string RunId::to_string() const {
  return format_uuid(bytes_);
}

bool RunId::is_text(std::string_view text) const {
  if (text.size() != UuidText().size()) return false;
  const UuidText own = uuid_text(bytes_);
  return text == std::string_view(own.data(), own.size());
}

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace reprise::base
