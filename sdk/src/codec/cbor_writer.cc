#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "base/utf8.h"
#include "reprise/cbor.h"
#include "reprise/codec.h"
#include "reprise/error.h"
#include "sdk/src/errors.h"

namespace reprise {
namespace {

// Major types (RFC 8949, section 3.1) and the initial bytes of major type 7.
constexpr unsigned kUnsigned = 0;
constexpr unsigned kNegative = 1;
constexpr unsigned kBytes = 2;
constexpr unsigned kText = 3;
constexpr unsigned kArray = 4;
constexpr unsigned kMap = 5;
constexpr char kFalse = '\xf4';
constexpr char kTrue = '\xf5';
constexpr char kNull = '\xf6';
constexpr char kUndefinedByte = '\xf7';
constexpr char kHalfByte = '\xf9';
constexpr char kSingleByte = '\xfa';
constexpr char kDoubleByte = '\xfb';
constexpr std::uint16_t kHalfNan = 0x7e00;

// The half-precision float with exactly this value, if there is one.
std::optional<std::uint16_t> as_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const int exponent = static_cast<int>(bits >> 23 & 0xff) - 127;
  const std::uint32_t fraction = bits & 0x7fffff;
  if (exponent == 128) return static_cast<std::uint16_t>(sign | 0x7c00);  // infinity: no NaN here
  if (bits << 1 == 0) return sign;
  if (exponent >= -14 && exponent <= 15) {
    if ((fraction & 0x1fff) != 0) return std::nullopt;
    return static_cast<std::uint16_t>(sign | (exponent + 15) << 10 | fraction >> 13);
  }
  if (exponent >= -24 && exponent < -14) {  // subnormal as a half
    const std::uint32_t full = fraction | 0x800000;
    const int shift = -exponent - 1;
    if ((full & ((1U << shift) - 1)) != 0) return std::nullopt;
    return static_cast<std::uint16_t>(sign | full >> shift);
  }
  return std::nullopt;
}

}  // namespace

void CborWriter::big_endian(std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out_ += static_cast<char>(value >> shift & 0xff);
  }
}

void CborWriter::head(unsigned major, std::uint64_t value) {
  const auto initial = [&](std::uint64_t low) { out_ += static_cast<char>(major << 5 | low); };
  if (value < 24) {
    initial(value);
  } else if (value <= 0xff) {
    initial(24);
    big_endian(value, 1);
  } else if (value <= 0xffff) {
    initial(25);
    big_endian(value, 2);
  } else if (value <= 0xffffffff) {
    initial(26);
    big_endian(value, 4);
  } else {
    initial(27);
    big_endian(value, 8);
  }
}

void CborWriter::null() {
  out_ += kNull;
}
void CborWriter::boolean(bool value) {
  out_ += value ? kTrue : kFalse;
}
void CborWriter::unsigned_integer(std::uint64_t value) {
  head(kUnsigned, value);
}

void CborWriter::integer(std::int64_t value) {
  if (value >= 0) {
    head(kUnsigned, static_cast<std::uint64_t>(value));
  } else {
    head(kNegative, ~static_cast<std::uint64_t>(value));  // -1 - value
  }
}

void CborWriter::floating(double value) {
  const auto single = static_cast<float>(value);
  if (std::isnan(value)) {
    out_ += kHalfByte;
    big_endian(kHalfNan, 2);
  } else if (static_cast<double>(single) != value) {
    out_ += kDoubleByte;
    big_endian(std::bit_cast<std::uint64_t>(value), 8);
  } else if (const auto half = as_half(single)) {
    out_ += kHalfByte;
    big_endian(*half, 2);
  } else {
    out_ += kSingleByte;
    big_endian(std::bit_cast<std::uint32_t>(single), 4);
  }
}

void CborWriter::text(std::string_view value) {
  head(base::is_utf8(value) ? kText : kBytes, value.size());
  out_ += value;
}

void CborWriter::utf8(std::string_view value) {
  if (!base::is_utf8(value)) {
    invalid("the string '" + base::to_text(std::string(value.substr(0, 100))) +
            "' is no UTF-8; make bytes that are no text a std::vector<std::byte>, or a "
            "std::string outside of JSON");
  }
  head(kText, value.size());
  out_ += value;
}

void CborWriter::bytes(std::string_view value) {
  head(kBytes, value.size());
  out_ += value;
}

void CborWriter::array(std::size_t size) {
  ++nesting_;
  head(kArray, size);
}
void CborWriter::map(std::size_t size) {
  ++nesting_;
  head(kMap, size);
}
void CborWriter::item(std::string_view encoded) {
  nesting_ += encoded.size();  // it cannot have more levels than bytes
  out_ += encoded;
}

void CborWriter::keep_null(std::size_t begin) {
  if (out_[begin] == kNull) out_[begin] = kUndefinedByte;
}

std::string CborWriter::finish() {
  // Few values have so many arrays and maps that they could nest too deeply.
  if (nesting_ > static_cast<std::size_t>(CborReader::kMaxDepth)) {
    try {
      CborReader(out_).item();
    } catch (const PayloadError&) {
      invalid("it nests deeper than " + std::to_string(CborReader::kMaxDepth) +
              " levels, or is no well-formed CBOR");
    }
  }
  return take();
}

void CborWriter::invalid(std::string_view why) const {
  throw PayloadError(internal::code_text(base::ErrorCode::kPayloadEncode),
                     "the value cannot be a payload: " + std::string(why));
}

void internal::SortedEntries::write(CborWriter& out) {
  std::sort(entries_.begin(), entries_.end());
  for (const auto& [key, value] : entries_) {
    out.item(key);
    out.item(value);
  }
}

}  // namespace reprise
