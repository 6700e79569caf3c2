#include "runtime/visibility/key_ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace reprise::runtime::visibility {
namespace {

constexpr std::int64_t kMsInNs = 1'000'000;
constexpr double kTwoTo63 = 9'223'372'036'854'775'808.0;

std::string key_after(std::string key) {
  while (!key.empty() && key.back() == '\xff') key.pop_back();
  if (!key.empty()) ++key.back();
  return key;
}

std::int64_t whole_number(double number) {
  if (number >= kTwoTo63) return std::numeric_limits<std::int64_t>::max();
  if (number < -kTwoTo63) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(number);
}

// The largest value of the type that is not larger than the literal, or the smallest that is not
// smaller.
RunValue bound(const Literal& literal, FieldType type, bool lower) {
  RunValue value;
  value.type = type;
  value.text = literal.text;
  value.truth = literal.truth;
  if (type == FieldType::kTime && literal.time_ns) {
    value.integer = lower ? floor_ms(*literal.time_ns) : ceil_ms(*literal.time_ns);
  } else if (type == FieldType::kInt) {
    const bool is_whole = literal.kind == Literal::Kind::kInt;
    value.integer = is_whole ? literal.integer
                    : lower  ? whole_number(std::floor(literal.number))
                             : whole_number(std::ceil(literal.number));
  } else if (type == FieldType::kDouble) {
    const double infinite = std::numeric_limits<double>::infinity();
    // A whole number may lie between two doubles.
    value.number = std::nextafter(literal.number, lower ? -infinite : infinite);
  }
  return value;
}

}  // namespace

std::int64_t floor_ms(std::int64_t ns) {
  return ns / kMsInNs - (ns % kMsInNs < 0 ? 1 : 0);
}
std::int64_t ceil_ms(std::int64_t ns) {
  return ns / kMsInNs + (ns % kMsInNs > 0 ? 1 : 0);
}

std::optional<RunValue> value_as(const Literal& literal, FieldType type) {
  if (!reads_as(literal, type)) return std::nullopt;
  RunValue value;
  value.type = type;
  value.text = literal.text;
  value.truth = literal.truth;
  switch (type) {
    case FieldType::kText:
    case FieldType::kTexts:
    case FieldType::kBool:
      return value;
    case FieldType::kInt:
      value.integer = literal.integer;
      if (literal.kind == Literal::Kind::kInt) return value;
      value.integer = whole_number(literal.number);
      if (std::trunc(literal.number) != literal.number) return std::nullopt;
      return std::abs(literal.number) < kTwoTo63 || literal.number == -kTwoTo63
                 ? std::optional(value)
                 : std::nullopt;
    case FieldType::kDouble:
      value.number = literal.number;
      if (literal.kind == Literal::Kind::kInt &&
          static_cast<long double>(value.number) != static_cast<long double>(literal.integer)) {
        return std::nullopt;
      }
      return value;
    case FieldType::kTime:
      value.integer = floor_ms(*literal.time_ns);
      return *literal.time_ns % kMsInNs == 0 ? std::optional(value) : std::nullopt;
    case FieldType::kDuration:
      value.integer = *literal.duration_ns;
      return value;
    case FieldType::kStatus:
      value.integer = static_cast<std::int64_t>(*literal.status);
      return value;
  }
  return std::nullopt;
}

KeyRange range_of(const Comparison& comparison, FieldType type) {
  const std::string& name = comparison.field.name;
  const std::string all = attribute_prefix(name, type);
  KeyRange range{all, key_after(all)};
  const auto key_of = [&](std::size_t i, bool lower) {
    return attribute_prefix(name, bound(comparison.values[i], type, lower));
  };
  switch (comparison.op) {
    case Operator::kEqual:
    case Operator::kIn:
    case Operator::kIsNull:
      break;
    case Operator::kLess:
    case Operator::kLessOrEqual:
      range.to = key_after(key_of(0, false));
      break;
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
      range.from = key_of(0, true);
      break;
    case Operator::kBetween:
      range.from = key_of(0, true);
      range.to = key_after(key_of(1, false));
      break;
    case Operator::kStartsWith:
      range.from = attribute_text_begin(name, type, comparison.values[0].text);
      range.to = key_after(range.from);
      break;
  }
  return range;
}

}  // namespace reprise::runtime::visibility
