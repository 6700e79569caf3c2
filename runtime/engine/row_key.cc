#include "runtime/engine/row_key.h"

#include "base/printable_text.h"
#include "base/utf8.h"
#include "proto/parse.h"
#include "runtime/table_access.h"

namespace reprise::runtime {

static_assert(kMaxTableNameBytes + 1 + kMaxRowKeyBytes == store::kLongestRowKey);

thread_local TableWrites* TableWrites::current_ = nullptr;

base::Status check_table_name(std::string_view table) {
  const bool valid = !table.empty() && table.size() <= kMaxTableNameBytes &&
                     table.find('\0') == std::string_view::npos && base::is_utf8(table);
  if (valid) return {};
  constexpr std::size_t kShown = 100;
  return base::Error{base::ErrorCode::kTableName,
                     "'" + base::printable_text(table.substr(0, kShown)) +
                         "' is no name of a table: it must have 1 to " +
                         std::to_string(kMaxTableNameBytes) + " bytes of UTF-8 without zeros"};
}

std::string row_key(std::string_view table, std::string_view key) {
  std::string row;
  row.reserve(table.size() + 1 + key.size());
  row += table;
  row += '\0';
  row += key;
  return row;
}

std::string_view table_of_row(std::string_view row) {
  return row.substr(0, row.find('\0'));
}

std::string_view key_of_row(std::string_view row) {
  const std::size_t zero = row.find('\0');
  return zero == std::string_view::npos ? std::string_view() : row.substr(zero + 1);
}

std::string behind_table(std::string_view table) {
  std::string key(table);
  key += '\x01';
  return key;
}

namespace {

// The tag of Event.transaction_completed, which has two bytes. Most bodies do not have them at all,
// and need not be read for what they cannot have.
bool may_have_transaction(std::string_view body) {
  constexpr int kTag = proto::Event::kTransactionCompletedFieldNumber << 3 | 2;
  constexpr char kBytes[] = {static_cast<char>((kTag & 0x7f) | 0x80), static_cast<char>(kTag >> 7)};
  return body.find(std::string_view(kBytes, sizeof kBytes)) != std::string_view::npos;
}

}  // namespace

store::RowChanges changes_of(std::string_view body) {
  store::RowChanges changes;
  proto::Turn turn;
  if (!may_have_transaction(body) || !proto::parse(body, &turn)) return changes;
  for (const proto::Event& input : turn.inputs()) {
    for (const proto::RowChange& change : input.transaction_completed().changes()) {
      if (!check_table_name(change.table()) || change.key().size() > kMaxRowKeyBytes) continue;
      auto& value = changes[row_key(change.table(), change.key())];
      value = change.erased() ? std::nullopt : std::optional<std::string>(change.value());
    }
  }
  return changes;
}

bool may_change_tables(std::string_view body) {
  proto::Turn turn;
  if (!proto::parse(body, &turn)) return true;
  for (const proto::Event& input : turn.inputs()) {
    if (input.transaction_completed().changes_size() > 0) return true;
  }
  return false;
}

}  // namespace reprise::runtime
