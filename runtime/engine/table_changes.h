// What a transaction changes, over the rows that it finds.
#pragma once
#include <cstddef>

#include "runtime/engine/engine.h"
#include "runtime/engine/tables.h"

namespace reprise::runtime {

// On the thread that commits, while the closure executes.
class TableChanges final : public TableWrites {
 public:
  TableChanges(const Tables& tables, const EngineLimits& limits)
      : tables_(tables), limits_(limits) {}

  base::Result<std::optional<std::string>> get(std::string_view table,
                                               std::string_view key) override;
  base::Status scan(std::string_view table,
                    std::string_view from,
                    std::optional<std::string_view> to,
                    base::Visitor<std::string_view, std::string_view> visit) override;
  base::Status put(std::string_view table, std::string_view key, std::string value) override;
  base::Result<bool> erase(std::string_view table, std::string_view key) override;

  store::RowChanges take_changes() { return std::move(changes_); }
  // Rows could not be read, whatever the closure has made of that. Not set for a damaged row.
  const std::optional<base::Error>& unreadable() const { return unreadable_; }

 private:
  base::Status change(std::string row, std::optional<std::string> value);
  base::Result<std::optional<FoundRow>> first(std::string_view from, std::string_view to);
  base::Result<Tables::Moment*> before();
  base::Error note_unreadable(base::Error error);

  const Tables& tables_;
  const EngineLimits& limits_;
  std::unique_ptr<Tables::Moment> before_;  // made when something is read
  store::RowChanges changes_;
  std::size_t bytes_ = 0;  // of changes_
  std::optional<base::Error> unreadable_;
};

}  // namespace reprise::runtime
