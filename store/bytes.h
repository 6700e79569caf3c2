// Integers in stored bytes: little-endian in records, big-endian in keys that must sort.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace reprise::store {

// LMDB's files have the byte order of the machine anyway, so big-endian machines are not supported.
static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(std::size_t) == 8, "sequence numbers are LMDB integer keys");

template <class Integer>
void store_le(Integer value, char* to) {
  std::memcpy(to, &value, sizeof value);
}

template <class Integer>
Integer load_le(const char* from) {
  Integer value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void append_be64(std::uint64_t value, std::string* out) {
  const std::uint64_t swapped = __builtin_bswap64(value);
  out->append(reinterpret_cast<const char*>(&swapped), sizeof swapped);
}

inline std::uint64_t load_be64(std::string_view eight) {
  return __builtin_bswap64(load_le<std::uint64_t>(eight.data()));
}

}  // namespace reprise::store
