// A filter as it was understood: a tree of comparisons, and the order of the results.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/run_status.h"

namespace reprise::runtime::visibility {

inline constexpr std::size_t kMaxFilterBytes = 16'384;
inline constexpr std::size_t kMaxFilterDepth = 64;      // of parentheses and NOT
inline constexpr std::size_t kMaxFilterValues = 2'000;  // over all comparisons
inline constexpr std::size_t kMaxOrderFields = 8;

enum class FieldId : std::uint8_t {
  kWorkflowId,
  kRunId,
  kWorkflowType,
  kStatus,
  kStartTime,
  kCloseTime,
  kExecutionTime,
  kExecutionDuration,
  kTaskQueue,
  kHistoryLength,
  kParentId,
  kParentRunId,
  kParkedReason,
  kAttribute,  // one that runs publish
};

// What a field's values are, and so what it is compared with.
enum class FieldType : std::uint8_t {
  kText,
  kTexts,  // several texts: a comparison holds if it does for one of them
  kInt,
  kDouble,
  kBool,
  kTime,
  kDuration,
  kStatus,
};

struct Field {
  FieldId id = FieldId::kAttribute;
  std::string name;    // as it is written
  std::size_t at = 0;  // its first byte in the filter

  bool is_attribute() const { return id == FieldId::kAttribute; }
};

// A value of the filter, as each type that its text can be read as.
struct Literal {
  enum class Kind : std::uint8_t { kText, kInt, kDouble, kBool };
  Kind kind = Kind::kText;
  std::string text;  // kText: without its quotes; else as it is written
  std::int64_t integer = 0;
  double number = 0;
  bool truth = false;
  std::optional<std::int64_t> time_ns{};      // a time in text, or an integer
  std::optional<std::int64_t> duration_ns{};  // likewise
  std::optional<event::RunStatus> status{};
  std::size_t at = 0;  // its first byte in the filter
};

enum class Operator : std::uint8_t {
  kEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kBetween,
  kStartsWith,
  kIsNull,
};

struct Comparison {
  Field field;
  Operator op = Operator::kEqual;
  bool negated = false;  // !=, NOT IN, IS NOT NULL...
  std::vector<Literal> values;
  std::size_t at = 0;  // the operator's first byte
};

struct Expression {
  enum class Kind : std::uint8_t { kAnd, kOr, kNot, kComparison };
  Kind kind = Kind::kComparison;
  std::vector<Expression> parts;  // kAnd, kOr: two or more; kNot: one
  Comparison comparison;          // kComparison
};

struct OrderKey {
  Field field;
  bool descending = false;
};

struct Query {
  std::string text;                 // as it was given
  std::optional<Expression> where;  // absent: every run
  std::vector<OrderKey> order;      // empty: by start, the newest first

  // By the times of the starts alone, which the index of every field follows.
  bool in_order_of_starts() const {
    return order.empty() || (order.size() == 1 && order[0].field.id == FieldId::kStartTime);
  }
  // Of runs that are equal in everything that the order names.
  bool newest_first() const { return order.empty() || order.back().descending; }
};

}  // namespace reprise::runtime::visibility
