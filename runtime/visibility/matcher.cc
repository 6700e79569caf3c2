#include "runtime/visibility/matcher.h"

#include <algorithm>
#include <compare>
#include <optional>

#include "runtime/visibility/fields.h"

namespace reprise::runtime::visibility {
namespace {

enum class Truth : std::uint8_t { kFalse, kUnknown, kTrue };

Truth truth_of(bool value) {
  return value ? Truth::kTrue : Truth::kFalse;
}
Truth opposite(Truth value) {
  return static_cast<Truth>(2 - static_cast<int>(value));
}

// Exactly: every 64-bit number is a long double.
static_assert(std::numeric_limits<long double>::digits >= 64);
std::partial_ordering compare_numbers(const RunValue& value, const Literal& with) {
  const auto other = with.kind == Literal::Kind::kInt ? static_cast<long double>(with.integer)
                                                      : static_cast<long double>(with.number);
  const auto own = value.type == FieldType::kInt ? static_cast<long double>(value.integer)
                                                 : static_cast<long double>(value.number);
  return own <=> other;
}

// nullopt: they are of types that are not compared.
std::optional<std::partial_ordering> compare_scalar(const RunValue& value, const Literal& with) {
  if (!reads_as(with, value.type)) return std::nullopt;
  switch (value.type) {
    case FieldType::kText:
      return value.text <=> std::string_view(with.text);
    case FieldType::kInt:
    case FieldType::kDouble:
      return compare_numbers(value, with);
    case FieldType::kBool:
      return value.truth <=> with.truth;
    case FieldType::kTime:
      return static_cast<__int128>(value.integer) * 1'000'000 <=>
             static_cast<__int128>(*with.time_ns);
    case FieldType::kDuration:
      return value.integer <=> *with.duration_ns;
    case FieldType::kStatus:
      return value.integer <=> static_cast<std::int64_t>(*with.status);
    case FieldType::kTexts:
      break;  // compared one by one
  }
  return std::nullopt;
}

Truth is_one_of(const RunValue& value, const std::vector<Literal>& values) {
  Truth known = Truth::kUnknown;
  for (const Literal& with : values) {
    const auto order = compare_scalar(value, with);
    if (!order) continue;
    if (*order == std::partial_ordering::equivalent) return Truth::kTrue;
    known = Truth::kFalse;
  }
  return known;
}

Truth has_order(const RunValue& value,
                const Literal& with,
                bool (*holds)(std::partial_ordering order)) {
  const auto order = compare_scalar(value, with);
  return order ? truth_of(holds(*order)) : Truth::kUnknown;
}

Truth both(Truth a, Truth b) {
  return std::min(a, b);
}

Truth evaluate_scalar(const Comparison& comparison, const RunValue& value) {
  const auto& values = comparison.values;
  if (!allows(value.type, comparison.op)) return Truth::kUnknown;
  switch (comparison.op) {
    case Operator::kEqual:
    case Operator::kIn:
      return is_one_of(value, values);
    case Operator::kLess:
      return has_order(value, values[0], std::is_lt);
    case Operator::kLessOrEqual:
      return has_order(value, values[0], std::is_lteq);
    case Operator::kGreater:
      return has_order(value, values[0], std::is_gt);
    case Operator::kGreaterOrEqual:
      return has_order(value, values[0], std::is_gteq);
    case Operator::kBetween:
      return both(has_order(value, values[0], std::is_gteq),
                  has_order(value, values[1], std::is_lteq));
    case Operator::kStartsWith:
      if (values[0].kind != Literal::Kind::kText) return Truth::kUnknown;
      return truth_of(value.text.starts_with(values[0].text));
    case Operator::kIsNull:
      return Truth::kFalse;
  }
  return Truth::kUnknown;
}

// A list: does it hold for one of its texts?
Truth evaluate_texts(const Comparison& comparison, const RunValue& list) {
  if (comparison.op == Operator::kIsNull || list.texts.empty()) {
    return truth_of(comparison.op == Operator::kIsNull && list.texts.empty());
  }
  Truth best = Truth::kFalse;
  RunValue each;
  for (const std::string_view text : list.texts) {
    each.text = text;
    best = std::max(best, evaluate_scalar(comparison, each));
  }
  return allows(FieldType::kTexts, comparison.op) ? best : Truth::kUnknown;
}

Truth evaluate(const Comparison& comparison, const Subject& run) {
  const std::optional<RunValue> value = run.value(comparison.field);
  Truth holds = Truth::kUnknown;
  if (!value) {
    holds = comparison.op == Operator::kIsNull ? Truth::kTrue : Truth::kUnknown;
  } else if (value->type == FieldType::kTexts) {
    holds = evaluate_texts(comparison, *value);
  } else {
    holds = evaluate_scalar(comparison, *value);
  }
  return comparison.negated ? opposite(holds) : holds;
}

Truth evaluate(const Expression& expression, const Subject& run) {
  switch (expression.kind) {
    case Expression::Kind::kComparison:
      return evaluate(expression.comparison, run);
    case Expression::Kind::kNot:
      return opposite(evaluate(expression.parts[0], run));
    case Expression::Kind::kAnd: {
      Truth all = Truth::kTrue;
      for (const Expression& part : expression.parts) {
        all = both(all, evaluate(part, run));
        if (all == Truth::kFalse) break;
      }
      return all;
    }
    case Expression::Kind::kOr: {
      Truth any = Truth::kFalse;
      for (const Expression& part : expression.parts) {
        any = std::max(any, evaluate(part, run));
        if (any == Truth::kTrue) break;
      }
      return any;
    }
  }
  return Truth::kUnknown;
}

}  // namespace

bool matches(const Query& query, const Subject& run) {
  return !query.where || evaluate(*query.where, run) == Truth::kTrue;
}

}  // namespace reprise::runtime::visibility
