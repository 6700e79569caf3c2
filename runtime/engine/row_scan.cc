#include "runtime/engine/row_scan.h"

#include <utility>

#include "runtime/engine/row_key.h"
#include "runtime/table_access.h"

namespace reprise::runtime {

base::Status scan_table(std::string_view table,
                        std::string_view from,
                        std::optional<std::string_view> to,
                        FirstRow first,
                        base::Visitor<std::string_view, std::string_view> visit) {
  if (base::Status valid = check_table_name(table); !valid) return valid;
  const std::string end = to ? row_key(table, *to) : behind_table(table);
  std::string at = row_key(table, from);
  while (true) {
    auto row = first(at, end);
    if (!row) return row.error();
    if (!*row) return {};
    const base::Visited seen = visit(key_of_row((*row)->key), (*row)->value);
    if (!seen.goes_on()) return seen.status();
    at = std::move((*row)->key);
    step_behind(&at);
  }
}

void step_behind(std::string* key) {
  *key += '\0';
}

}  // namespace reprise::runtime
