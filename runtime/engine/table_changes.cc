#include "runtime/engine/table_changes.h"

#include <utility>

#include "runtime/engine/limits.h"
#include "runtime/engine/row_key.h"

namespace reprise::runtime {
namespace {

base::Status check_key(std::string_view table, std::string_view key) {
  if (base::Status valid = check_table_name(table); !valid) return valid;
  if (key.size() <= kMaxRowKeyBytes) return {};
  return base::Error{base::ErrorCode::kRowKey,
                     "a key of table '" + std::string(table) + "' has " +
                         std::to_string(key.size()) + " bytes when encoded, and at most " +
                         std::to_string(kMaxRowKeyBytes) + " are allowed; use a hash of it"};
}

base::Error over(std::string_view what, std::string_view limit, std::size_t most) {
  return {base::ErrorCode::kTransactionLimit,
          "a transaction changes more " + std::string(what) +
              " than EngineLimits::" + std::string(limit) + " = " + std::to_string(most) +
              " allows; make several transactions, or raise the limit"};
}

std::size_t bytes_of(const std::string& key, const std::optional<std::string>& value) {
  return key.size() + (value ? value->size() : 0);
}

}  // namespace

base::Result<Tables::Moment*> TableChanges::before() {
  if (before_ != nullptr) return before_.get();
  auto moment = tables_.newest();
  if (!moment) return note_unreadable(moment.error());
  before_ = std::move(*moment);
  return before_.get();
}

// The disk may be read again later; a damaged row stays as it is.
base::Error TableChanges::note_unreadable(base::Error error) {
  const bool stays =
      error.code == base::ErrorCode::kStoreDamaged || error.code == base::ErrorCode::kSealBroken;
  if (!stays && !unreadable_) unreadable_ = error;
  return error;
}

base::Result<std::optional<std::string>> TableChanges::get(std::string_view table,
                                                           std::string_view key) {
  if (base::Status valid = check_table_name(table); !valid) return valid.error();
  if (key.size() > kMaxRowKeyBytes) return std::optional<std::string>();
  const std::string row = row_key(table, key);
  if (const auto own = changes_.find(row); own != changes_.end()) return own->second;
  const auto moment = before();
  if (!moment) return moment.error();
  auto found = (*moment)->row(row);
  if (!found) return note_unreadable(found.error());
  return found;
}

base::Status TableChanges::scan(std::string_view table,
                                std::string_view from,
                                std::optional<std::string_view> to,
                                base::Visitor<std::string_view, std::string_view> visit) {
  return scan_table(
      table, from, to,
      [this](std::string_view begin, std::string_view end) { return first(begin, end); }, visit);
}

base::Result<std::optional<FoundRow>> TableChanges::first(std::string_view from,
                                                          std::string_view to) {
  const auto moment = before();
  if (!moment) return moment.error();
  std::string at(from);
  while (true) {
    auto found = (*moment)->first(at, to);
    if (!found) return note_unreadable(found.error());
    const auto own = changes_.lower_bound(at);
    const bool has_own = own != changes_.end() && own->first < to;
    if (!has_own || (*found && (*found)->key < own->first)) return found;
    if (own->second) return std::optional<FoundRow>({own->first, *own->second});
    at = own->first;  // erased
    step_behind(&at);
  }
}

base::Status TableChanges::put(std::string_view table, std::string_view key, std::string value) {
  if (base::Status valid = check_key(table, key); !valid) return valid;
  if (value.size() > kMaxPayloadBytes) {
    return base::Error{base::ErrorCode::kPayloadTooLarge,
                       "a value of table '" + std::string(table) + "' has " +
                           std::to_string(value.size()) + " bytes, and at most " +
                           std::to_string(kMaxPayloadBytes) +
                           " are allowed; store it elsewhere and keep a reference"};
  }
  return change(row_key(table, key), std::move(value));
}

base::Result<bool> TableChanges::erase(std::string_view table, std::string_view key) {
  if (base::Status valid = check_key(table, key); !valid) return valid.error();
  const auto present = get(table, key);
  if (!present) return present.error();
  if (!*present) return false;
  if (base::Status erased = change(row_key(table, key), std::nullopt); !erased) {
    return erased.error();
  }
  return true;
}

base::Status TableChanges::change(std::string row, std::optional<std::string> value) {
  const auto known = changes_.find(row);
  const std::size_t replaced = known == changes_.end() ? 0 : bytes_of(row, known->second);
  const std::size_t bytes = bytes_ - replaced + bytes_of(row, value);
  if (known == changes_.end() && changes_.size() >= limits_.transaction_rows) {
    return over("rows", "transaction_rows", limits_.transaction_rows);
  }
  if (bytes > limits_.transaction_bytes) {
    return over("bytes", "transaction_bytes", limits_.transaction_bytes);
  }
  bytes_ = bytes;
  changes_.insert_or_assign(std::move(row), std::move(value));
  return {};
}

}  // namespace reprise::runtime
