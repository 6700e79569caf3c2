// Numbers as protobuf writes them: seven bits to a byte, the lowest first.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reprise::sealing {

inline void append_varint(std::uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) *out += static_cast<char>(value | 0x80);
  *out += static_cast<char>(value);
}

// Takes one from the front; nullopt: there is none.
inline std::optional<std::uint64_t> take_varint(std::string_view* in) {
  constexpr unsigned kMostBits = 64;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < kMostBits && !in->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in->front());
    in->remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace reprise::sealing
