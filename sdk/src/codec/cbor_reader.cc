#include <bit>
#include <cmath>
#include <limits>

#include "base/type_name.h"
#include "reprise/cbor.h"
#include "sdk/src/errors.h"

namespace reprise {

// The initial byte of an item with its argument.
struct CborReader::Head {
  Type type = Type::kEnd;
  std::size_t size = 0;        // bytes of the head itself
  std::uint64_t argument = 0;  // a number, a length, a count, or the bits of a float
  unsigned additional = 0;     // low five bits of the initial byte
};

namespace {

using Type = CborReader::Type;

constexpr unsigned kHalf = 25;
constexpr unsigned kSingle = 26;
constexpr char kUndefined = '\xf7';
constexpr std::uint64_t kLargestSigned = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kSingleExpected = "a number that float holds exactly";
constexpr Type kByMajor[] = {Type::kUnsigned, Type::kNegative, Type::kBytes, Type::kText,
                             Type::kArray,    Type::kMap,      Type::kTag};

Type type_of(unsigned major, unsigned additional) {
  if (additional > 27) return Type::kOther;  // reserved, or of indefinite length
  if (major < 7) return kByMajor[major];
  if (additional == 20 || additional == 21) return Type::kBoolean;
  if (additional == 22) return Type::kNull;
  return additional >= kHalf ? Type::kFloat : Type::kOther;
}

std::string_view name_of(Type type) {
  switch (type) {
    case Type::kUnsigned:
    case Type::kNegative:
      return "the integer";
    case Type::kBytes:
      return "a byte string";
    case Type::kText:
      return "a text string";
    case Type::kArray:
      return "an array";
    case Type::kMap:
      return "a map";
    case Type::kTag:
      return "a tag";
    case Type::kBoolean:
      return "a boolean";
    case Type::kNull:
      return "null";
    case Type::kFloat:
      return "a float";
    case Type::kOther:
      return "an item of a kind that payloads do not have";
    case Type::kEnd:
      return "the end";
  }
  return "something else";
}

double half_to_double(std::uint64_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 0x1f);
  const auto fraction = static_cast<double>(bits & 0x3ff);
  double value = std::ldexp(fraction + 1024, exponent - 25);
  if (exponent == 0) value = std::ldexp(fraction, -24);
  if (exponent == 31) {
    value = fraction == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

double float_value(unsigned additional, std::uint64_t bits) {
  if (additional == kHalf) return half_to_double(bits);
  if (additional == kSingle) {
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  return std::bit_cast<double>(bits);
}

// Can a float type with this many bits of precision represent the number exactly?
bool fits(std::uint64_t magnitude, int precision) {
  if (magnitude == 0) return true;
  return static_cast<int>(std::bit_width(magnitude)) - std::countr_zero(magnitude) <= precision;
}

std::string code_of_decoding() {
  return internal::code_text(base::ErrorCode::kPayloadDecode);
}

// "[1].sku" of arguments is "argument 2.sku".
std::string place_in(const std::string& path, bool arguments) {
  const std::size_t end = path.find(']');
  if (!arguments || !path.starts_with('[') || end == std::string::npos) return path;
  const std::size_t index = std::stoul(path.substr(1, end - 1));
  return "argument " + std::to_string(index + 1) + path.substr(end + 1);
}

}  // namespace

CborReader::CborReader(std::string_view encoded, std::string_view whole, Whole kind)
    : encoded_(encoded), whole_(whole), kind_(kind) {}

CborReader::Head CborReader::peek_head() const {
  Head head;
  if (rest() == 0) return head;
  const auto byte = [this](std::size_t i) {
    return static_cast<unsigned char>(encoded_[position_ + i]);
  };
  head.additional = byte(0) & 0x1f;
  head.type = type_of(byte(0) >> 5, head.additional);
  head.size = 1;
  head.argument = head.additional;
  if (head.additional < 24 || head.type == Type::kOther) return head;
  const std::size_t more = std::size_t{1} << (head.additional - 24);
  if (rest() <= more) invalid("it is cut short");
  head.argument = 0;
  for (std::size_t i = 1; i <= more; ++i) head.argument = head.argument << 8 | byte(i);
  head.size += more;
  return head;
}

CborReader::Type CborReader::peek() const {
  return peek_head().type;
}

CborReader::Head CborReader::read_head(Type type, std::string_view expected) {
  const Head head = peek_head();
  if (head.type != type) fail(expected);
  position_ += head.size;
  return head;
}

void CborReader::null() {
  read_head(Type::kNull, "null");
}

bool CborReader::boolean() {
  return read_head(Type::kBoolean, "a boolean").additional == 21;
}

std::int64_t CborReader::integer(std::int64_t min, std::int64_t max) {
  const Head head = peek_head();
  const bool negative = head.type == Type::kNegative;
  const bool is_integer = negative || head.type == Type::kUnsigned;
  const auto value = static_cast<std::int64_t>(negative ? ~head.argument : head.argument);
  if (!is_integer || head.argument > kLargestSigned || value < min || value > max) {
    fail("an integer from " + std::to_string(min) + " to " + std::to_string(max));
  }
  position_ += head.size;
  return value;
}

std::uint64_t CborReader::unsigned_integer(std::uint64_t max) {
  const Head head = peek_head();
  if (head.type != Type::kUnsigned || head.argument > max) {
    fail("an integer from 0 to " + std::to_string(max));
  }
  position_ += head.size;
  return head.argument;
}

double CborReader::number(int precision, std::string_view expected) {
  const Head head = peek_head();
  double value = 0;
  if (head.type == Type::kFloat) {
    value = float_value(head.additional, head.argument);
  } else if (head.type == Type::kUnsigned && fits(head.argument, precision)) {
    value = static_cast<double>(head.argument);
  } else if (head.type == Type::kNegative && head.argument + 1 != 0 &&
             fits(head.argument + 1, precision)) {
    value = -static_cast<double>(head.argument + 1);
  } else {
    fail(expected);
  }
  position_ += head.size;
  return value;
}

double CborReader::floating() {
  return number(std::numeric_limits<double>::digits, "a floating-point number");
}

float CborReader::single() {
  const std::size_t before = position_;
  const double value = number(std::numeric_limits<float>::digits, kSingleExpected);
  const auto narrowed = static_cast<float>(value);
  if (std::isnan(value) || static_cast<double>(narrowed) == value) return narrowed;
  position_ = before;
  fail(kSingleExpected);
}

std::string_view CborReader::read_string(const Head& head) {
  position_ += head.size;
  if (head.argument > rest()) invalid("it is cut short");
  const std::string_view value = encoded_.substr(position_, head.argument);
  position_ += value.size();
  return value;
}

std::string_view CborReader::text() {
  const Head head = peek_head();
  if (head.type != Type::kText && head.type != Type::kBytes) fail("a text string");
  return read_string(head);
}

std::string_view CborReader::bytes() {
  const Head head = peek_head();
  if (head.type != Type::kBytes) fail("a byte string");
  return read_string(head);
}

// A count that is too large for the remaining bytes is refused before memory is reserved for it.
std::size_t CborReader::read_count(Type type,
                                   std::string_view expected,
                                   std::size_t element_bytes) {
  const Head head = read_head(type, expected);
  if (head.argument > rest() / element_bytes) invalid("it is cut short");
  return head.argument;
}

std::size_t CborReader::array() {
  return read_count(Type::kArray, "an array", 1);
}
std::size_t CborReader::map() {
  return read_count(Type::kMap, "a map", 2);
}

void CborReader::array_of(std::size_t size) {
  const Head head = peek_head();
  if (head.type != Type::kArray || head.argument != size) {
    fail("an array of " + std::to_string(size));
  }
  position_ += head.size;
}

std::string_view CborReader::item() {
  const std::size_t start = position_;
  skip();
  return encoded_.substr(start, position_ - start);
}

void CborReader::skip() {
  const Head head = peek_head();
  std::size_t children = 0;
  switch (head.type) {
    case Type::kBytes:
    case Type::kText:
      read_string(head);
      return;
    case Type::kArray:
      children = array();
      break;
    case Type::kMap:
      children = 2 * map();
      break;
    case Type::kTag:
      position_ += head.size;
      children = 1;
      break;
    case Type::kOther:
      if (kept_null()) return;
      fail("an item");
    case Type::kEnd:
      fail("an item");
    default:
      position_ += head.size;
      return;
  }
  const Nesting nesting(*this);
  for (; children > 0; --children) skip();
}

bool CborReader::kept_null() {
  const Head head = peek_head();
  if (head.type != Type::kOther || head.size != 1 || encoded_[position_] != kUndefined)
    return false;
  position_ += head.size;
  return true;
}

void CborReader::finish() {
  if (rest() != 0) fail("the end");
}

std::string CborReader::describe_next() const {
  const Head head = peek_head();
  std::string text(name_of(head.type));
  if (head.type == Type::kUnsigned) text += " " + std::to_string(head.argument);
  if (head.type == Type::kNegative && head.argument + 1 == 0) text += " -18446744073709551616";
  if (head.type == Type::kNegative && head.argument + 1 != 0) {
    text += " -" + std::to_string(head.argument + 1);
  }
  if (head.type == Type::kArray) text += " of " + std::to_string(head.argument);
  return text;
}

void CborReader::fail(std::string_view expected) const {
  invalid("expected " + std::string(expected) + ", found " + describe_next());
}

void CborReader::invalid(std::string_view why) const {
  refuse(why, {});
}

void CborReader::invalid_item(std::string_view why, std::size_t rest, std::string_view member) {
  position_ = encoded_.size() - rest;
  refuse(why, member);
}

// "the arguments are not (std::string, int): argument 2, at byte 3 of 9: expected..."
void CborReader::refuse(std::string_view why, std::string_view member) const {
  const bool arguments = kind_ == Whole::kArguments;
  const std::string type = whole_.empty() ? "valid item" : base::short_type_name(whole_);
  std::string message = arguments ? "the arguments are not " + base::argument_list(whole_)
                                  : "the payload is no " + type;
  message += ": ";
  // path_to() itself reads without naming the whole.
  const std::string path = whole_.empty() ? std::string() : path_to(position_);
  const std::string place = place_in(path + std::string(member), arguments);
  if (!place.empty()) message += place + ", ";
  message += "at byte " + std::to_string(position_) + " of " + std::to_string(encoded_.size());
  message += ": " + std::string(why);
  throw PayloadError(code_of_decoding(), message);
}

// Steps into the element of an array or the entry of a map that contains the position.
bool CborReader::enter(std::size_t position, std::string* path) {
  const bool is_map = peek() == Type::kMap;
  const std::size_t count = is_map ? map() : array();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t start = position_;
    std::string step = "[" + std::to_string(i) + "]";
    if (is_map) {
      step = peek() == Type::kText ? "." + std::string(text()) : (skip(), step);
      if (position < position_) return false;  // the key itself
    }
    const std::size_t child = position_;
    std::size_t end = encoded_.size() + 1;  // an item that cannot be read to its end contains it
    try {
      skip();
      end = position_;
    } catch (const PayloadError&) {
    }
    if (position >= start && position < end) {
      position_ = child;
      *path += step;
      return true;
    }
  }
  return false;
}

// "[1].items[3].sku"; empty: the position is not inside of anything.
std::string CborReader::path_to(std::size_t position) const {
  constexpr std::size_t kMostSteps = 8;
  std::string path;
  CborReader at(encoded_);
  try {
    for (std::size_t steps = 0; at.position_ < position && steps < kMostSteps; ++steps) {
      const Type type = at.peek();
      if (type != Type::kArray && type != Type::kMap) break;
      if (!at.enter(position, &path)) break;
    }
  } catch (const PayloadError&) {  // the rest does not decode: the path ends here
  }
  return path;
}

}  // namespace reprise
