// What parse() cannot know: whether the attributes of a filter exist, and of which types they are.
#include <algorithm>

#include "base/printable_text.h"
#include "runtime/visibility/lexer.h"
#include "runtime/visibility/parser.h"

namespace reprise::runtime::visibility {
namespace {

const KnownAttribute* find_known(const std::vector<KnownAttribute>& known, std::string_view name) {
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const KnownAttribute& each) { return each.name == name; });
  return found == known.end() || found->types.empty() ? nullptr : &*found;
}

std::string types_text(const std::vector<FieldType>& types) {
  std::string text;
  for (const FieldType type : types) {
    text += (text.empty() ? "" : " or ") + std::string(to_string(type));
  }
  return text;
}

// Some type of the attribute must make sense of the comparison: runs may publish one name as
// different types.
base::Status check_comparison(std::string_view filter,
                              const Comparison& comparison,
                              const std::vector<FieldType>& types) {
  std::vector<FieldType> left;
  for (const FieldType type : types) {
    if (allows(type, comparison.op)) left.push_back(type);
  }
  const std::string name = base::printable_text(comparison.field.name);
  if (left.empty()) {
    return fault_at(filter, comparison.at,
                    name + " is " + types_text(types) + ", which cannot be compared like this");
  }
  for (const Literal& value : comparison.values) {
    const bool good = std::any_of(left.begin(), left.end(),
                                  [&](FieldType type) { return reads_as(value, type); });
    if (!good) {
      return fault_at(filter, value.at, name + " is " + types_text(left) + ", and this is not");
    }
  }
  return {};
}

base::Status check_expression(std::string_view filter,
                              const Expression& expression,
                              const std::vector<KnownAttribute>& known) {
  for (const Expression& part : expression.parts) {
    if (base::Status good = check_expression(filter, part, known); !good) return good;
  }
  if (expression.kind != Expression::Kind::kComparison) return {};
  const Field& field = expression.comparison.field;
  if (!field.is_attribute()) return {};
  if (base::Status good = check_attribute(filter, field, known); !good) return good;
  return check_comparison(filter, expression.comparison, find_known(known, field.name)->types);
}

}  // namespace

base::Status check_attribute(std::string_view filter,
                             const Field& field,
                             const std::vector<KnownAttribute>& known) {
  if (find_known(known, field.name) != nullptr) return {};
  std::vector<std::string> names;
  for (const KnownAttribute& each : known) {
    if (!each.types.empty()) names.push_back(each.name);
  }
  std::string what = "no run has a field of this name, and none has published such an attribute";
  const std::string meant = nearest_name(field.name, names);
  if (!meant.empty()) what += "; did you mean " + base::printable_text(meant) + "?";
  return fault_at(filter, field.at, what);
}

base::Status check_attributes(const Query& query, const std::vector<KnownAttribute>& known) {
  if (query.where) {
    if (base::Status good = check_expression(query.text, *query.where, known); !good) return good;
  }
  for (const OrderKey& key : query.order) {
    if (!key.field.is_attribute()) continue;
    if (base::Status good = check_attribute(query.text, key.field, known); !good) return good;
    const KnownAttribute& attribute = *find_known(known, key.field.name);
    const bool lists = std::all_of(attribute.types.begin(), attribute.types.end(),
                                   [](FieldType type) { return type == FieldType::kTexts; });
    if (lists) return fault_at(query.text, key.field.at, "a list of texts has no order");
  }
  return {};
}

}  // namespace reprise::runtime::visibility
