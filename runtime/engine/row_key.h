// The key of a row in the archive: the table's name, a zero byte, and the user's key. A name has no
// zero byte, so the rows of a table are next to each other, in the order of their keys.
#pragma once
#include <string>
#include <string_view>

#include "store/rows.h"

namespace reprise::runtime {

std::string row_key(std::string_view table, std::string_view key);
std::string_view table_of_row(std::string_view row);
std::string_view key_of_row(std::string_view row);
// The first key after all rows of the table.
std::string behind_table(std::string_view table);

// What the record with this body changes. A change of a row that no table can have, as in a
// history that was made up, is left out.
store::RowChanges changes_of(std::string_view body);

// May the record with this body, which does not follow on the run's records, have changed rows? So
// it does not decode, or has changes.
bool may_change_tables(std::string_view body);

}  // namespace reprise::runtime
