#include "runtime/visibility/fields.h"

#include <algorithm>
#include <numeric>

#include "base/ascii.h"

namespace reprise::runtime::visibility {
namespace {

constexpr FieldRow kFields[] = {
    {"WorkflowId", FieldId::kWorkflowId, FieldType::kText},
    {"RunId", FieldId::kRunId, FieldType::kText},
    {"WorkflowType", FieldId::kWorkflowType, FieldType::kText},
    {"Status", FieldId::kStatus, FieldType::kStatus},
    {"ExecutionStatus", FieldId::kStatus, FieldType::kStatus},
    {"StartTime", FieldId::kStartTime, FieldType::kTime},
    {"CloseTime", FieldId::kCloseTime, FieldType::kTime},
    {"ExecutionTime", FieldId::kExecutionTime, FieldType::kTime},
    {"ExecutionDuration", FieldId::kExecutionDuration, FieldType::kDuration},
    {"TaskQueue", FieldId::kTaskQueue, FieldType::kText},
    {"HistoryLength", FieldId::kHistoryLength, FieldType::kInt},
    {"ParentId", FieldId::kParentId, FieldType::kText},
    {"ParentWorkflowId", FieldId::kParentId, FieldType::kText},
    {"ParentRunId", FieldId::kParentRunId, FieldType::kText},
    {"ParkedReason", FieldId::kParkedReason, FieldType::kText},
};

// How many letters are to be changed, added or removed.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t changed =
          diagonal + (base::lower_ascii(a[i - 1]) == base::lower_ascii(b[j - 1]) ? 0 : 1);
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

const FieldRow* find_field(std::string_view name) {
  for (const FieldRow& row : kFields) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

FieldType type_of(FieldId id) {
  for (const FieldRow& row : kFields) {
    if (row.id == id) return row.type;
  }
  return FieldType::kText;
}

std::optional<FieldType> type_of(proto::SettingRecorded::Type type) {
  switch (static_cast<int>(type)) {
    case proto::SettingRecorded::BOOL:
      return FieldType::kBool;
    case proto::SettingRecorded::INT64:
      return FieldType::kInt;
    case proto::SettingRecorded::DOUBLE:
      return FieldType::kDouble;
    case proto::SettingRecorded::TEXT:
      return FieldType::kText;
    case proto::SettingRecorded::TEXTS:
      return FieldType::kTexts;
    case proto::SettingRecorded::TIME:
      return FieldType::kTime;
  }
  return std::nullopt;
}

std::string_view to_string(FieldType type) {
  switch (type) {
    case FieldType::kText:
      return "text";
    case FieldType::kTexts:
      return "a list of texts";
    case FieldType::kInt:
      return "a whole number";
    case FieldType::kDouble:
      return "a number";
    case FieldType::kBool:
      return "true or false";
    case FieldType::kTime:
      return "a time";
    case FieldType::kDuration:
      return "a duration";
    case FieldType::kStatus:
      return "a status";
  }
  return "unknown";
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& others) {
  constexpr std::size_t kLongest = 64;
  if (name.size() > kLongest) return {};
  std::string nearest;
  std::size_t least = name.size() / 3 + 1;
  const auto look = [&](std::string_view candidate) {
    if (candidate.size() > kLongest) return;
    const std::size_t changes = distance(name, candidate);
    if (changes >= least) return;
    least = changes;
    nearest = candidate;
  };
  for (const FieldRow& row : kFields) look(row.name);
  for (const std::string& other : others) look(other);
  return nearest;
}

bool allows(FieldType type, Operator op) {
  switch (op) {
    case Operator::kIsNull:
    case Operator::kEqual:
    case Operator::kIn:
      return true;
    case Operator::kStartsWith:
      return type == FieldType::kText || type == FieldType::kTexts;
    case Operator::kLess:
    case Operator::kLessOrEqual:
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
    case Operator::kBetween:
      return type != FieldType::kTexts && type != FieldType::kBool && type != FieldType::kStatus;
  }
  return false;
}

bool reads_as(const Literal& literal, FieldType type) {
  const bool is_number =
      literal.kind == Literal::Kind::kInt || literal.kind == Literal::Kind::kDouble;
  switch (type) {
    case FieldType::kText:
    case FieldType::kTexts:
      return literal.kind == Literal::Kind::kText;
    case FieldType::kInt:
    case FieldType::kDouble:
      return is_number;
    case FieldType::kBool:
      return literal.kind == Literal::Kind::kBool;
    case FieldType::kTime:
      return literal.time_ns.has_value();
    case FieldType::kDuration:
      return literal.duration_ns.has_value();
    case FieldType::kStatus:
      return literal.status.has_value();
  }
  return false;
}

}  // namespace reprise::runtime::visibility
