// Rows of users' tables in the archive. A row's key is opaque to the store: the engine makes it of
// the table's name and the user's key (runtime/engine/row_key.h). Values are opaque too.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/record.h"

namespace reprise::store {

inline constexpr std::size_t kLongestRowKey = 511;  // LMDB's limit

// Changes by the keys of their rows; nullopt: the row is gone.
using RowChanges = std::map<std::string, std::optional<std::string>, std::less<>>;

struct RowView {
  std::string_view key;
  std::string_view value;
};

// The rows as they are at one moment. Belongs to one thread. While it lives, pages that the archive
// frees are not used again: it should be short.
class Rows {
 public:
  Rows() = default;
  virtual ~Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  // They have every change of the records up to this one.
  virtual Seq through() const = 0;
  // kStoreDamaged: the row has changed since it was written.
  virtual base::Result<std::optional<std::string>> get(std::string_view key) = 0;
  // The first row whose key is `from` or comes after it, and then the one after the last row
  // returned; nullopt: there is none. Valid until the next call. kStoreDamaged: as above, and
  // next() then goes on after that row.
  virtual base::Result<std::optional<RowView>> seek(std::string_view from) = 0;
  virtual base::Result<std::optional<RowView>> next() = 0;
};

}  // namespace reprise::store
