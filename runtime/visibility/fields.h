// The fields that every run has, by the names that filters use.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/log.pb.h"
#include "runtime/visibility/ast.h"

namespace reprise::runtime::visibility {

struct FieldRow {
  std::string_view name;
  FieldId id;
  FieldType type;
};

// nullptr: no run has a field of that name by itself. Names are compared exactly.
const FieldRow* find_field(std::string_view name);
// Of a field that every run has.
FieldType type_of(FieldId id);
// Of an attribute; nullopt: a type that only a newer version knows, or a value.
std::optional<FieldType> type_of(proto::SettingRecorded::Type type);
// "text", "a list of texts".
std::string_view to_string(FieldType type);

// The name that was probably meant, among those of the table and `others`; empty: none is close.
std::string nearest_name(std::string_view name, const std::vector<std::string>& others);

// May it be compared like this at all? IS NULL always is.
bool allows(FieldType type, Operator op);
// Can the literal be read as a value of the type?
bool reads_as(const Literal& literal, FieldType type);

}  // namespace reprise::runtime::visibility
