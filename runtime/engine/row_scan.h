// The rows of a table, one after the other.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/visitor.h"

namespace reprise::runtime {

struct FoundRow {
  std::string key;  // of the archive: row_key.h
  std::string value;
};

// The first row at or after `from` and before `to`; nullopt: there is none.
using FirstRow = base::FunctionRef<base::Result<std::optional<FoundRow>>(std::string_view from,
                                                                         std::string_view to)>;

// Visits the rows with users' keys at or after `from` and before `to`; nullopt: to the table's end.
// Each is looked for when the one before has been visited, so what a visit changes behind it is
// seen.
base::Status scan_table(std::string_view table,
                        std::string_view from,
                        std::optional<std::string_view> to,
                        FirstRow first,
                        base::Visitor<std::string_view, std::string_view> visit);

// The next key that there can be.
void step_behind(std::string* key);

}  // namespace reprise::runtime
