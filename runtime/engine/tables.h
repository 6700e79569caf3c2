// The rows of users' tables: what the archive has, and over it the changes of records that are not
// archived yet, with the positions of their records. So a reader sees the rows as of one record,
// however far log and archive have got meanwhile.
//
//   apply(), by the writer's thread   changes, by record, until the archive has them and no reader
//                                     needs them
//   a Moment                          the archive's rows + the changes after these, up to a record
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/engine/row_scan.h"
#include "runtime/table_access.h"
#include "store/archive.h"

namespace reprise::runtime {

// Thread-safe.
class Tables {
 public:
  class Moment;

  // What a reader gets of a value as it is kept, which may be sealed.
  using Open = std::function<base::Result<std::string>(std::string value)>;

  // `archive` outlives it. All changes up to `archived` are in the archive. Without `open`: values
  // as they are kept.
  Tables(const store::Archive& archive, store::Seq archived, Open open = {})
      : archive_(archive), open_(std::move(open)), archived_(archived), trimmed_(archived) {}
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

  // The changes of a record, in the order of records.
  void apply(store::Seq seq, const store::RowChanges& changes);
  // The archive has them up to there.
  void archived(store::Seq through);

  // The rows as of the last record that is durable now...
  base::Result<std::unique_ptr<Moment>> durable(const std::atomic<store::Seq>& durable) const;
  // ...or with everything that was applied: for the next transaction.
  base::Result<std::unique_ptr<Moment>> newest() const;

  std::size_t rows_in_memory() const;

 private:
  struct Version {
    store::Seq seq = 0;
    std::optional<std::string> value;
  };
  struct Row {
    void drop_oldest();
    bool empty() const { return dropped == versions.size(); }
    // The newest up to `seq`; nullptr: there is none, or none after `after`, which the archive has.
    const Version* between(store::Seq after, store::Seq seq) const;

    std::vector<Version> versions;  // the oldest first
    std::size_t dropped = 0;        // of them
  };
  using Changed = std::map<std::string, Row, std::less<>>;

  store::Seq pin() const;
  void unpin(store::Seq floor) const;
  void trim() const;

  const store::Archive& archive_;
  const Open open_;
  mutable std::mutex mutex_;
  store::Seq archived_ = 0;
  // What readers leave behind is removed by the last one that needs it.
  mutable store::Seq trimmed_ = 0;
  mutable Changed rows_;
  mutable std::deque<std::pair<store::Seq, Changed::iterator>> in_order_;
  mutable std::multiset<store::Seq> pinned_;
};

// Belongs to one thread, and keeps pages of the archive from being used again: it should be short.
class Tables::Moment final : public TableReads {
 public:
  Moment(const Tables& tables, store::Seq floor) : tables_(tables), floor_(floor) {}
  ~Moment() override;

  base::Result<std::optional<std::string>> get(std::string_view table,
                                               std::string_view key) override;
  base::Status scan(std::string_view table,
                    std::string_view from,
                    std::optional<std::string_view> to,
                    base::Visitor<std::string_view, std::string_view> visit) override;

  // By the archive's keys (row_key.h).
  base::Result<std::optional<std::string>> row(std::string_view key);
  // The first row at or after `from` and before `to`; nullopt: there is none.
  base::Result<std::optional<FoundRow>> first(std::string_view from, std::string_view to);

 private:
  friend class Tables;
  struct Change {
    std::string key;
    std::optional<std::string> value;
  };
  base::Result<std::optional<std::string>> kept_row(std::string_view key) const;
  base::Result<std::optional<FoundRow>> opened(FoundRow row) const;
  std::optional<Change> changed(std::string_view from, std::string_view to);
  std::optional<Change> find_change(std::string_view from, std::string_view to) const;
  base::Status seek(std::string_view from);

  const Tables& tables_;
  const store::Seq floor_;
  store::Seq as_of_ = 0;
  std::unique_ptr<store::Rows> archived_;
  std::optional<FoundRow> next_;  // of the archive, at or after `sought_`
  std::optional<std::string> sought_;
  // The first change at or after `change_from_`; nullopt: there is none before `change_to_`.
  std::optional<Change> change_;
  std::optional<std::string> change_from_;
  std::string change_to_;
};

}  // namespace reprise::runtime
