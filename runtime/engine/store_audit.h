// Checks a store without workflow code: which runs verify from their first record to their last,
// and what is wrong with the others.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "runtime/engine/audit.h"
#include "runtime/engine/journal_tail.h"
#include "store/archive_state.h"
#include "store/inspect.h"
#include "store/token_key.h"

namespace reprise::runtime {

class StoreAudit final : private store::StoreVisitor {
 public:
  using Progress = std::function<void(const std::string& place)>;
  using Verified = Audit::Verified;
  // Calls `verified` for each record that verifies, in the order of its run: all of a run's
  // archived ones, then those of the journal.
  // And `row` for each row of a table that verifies, and then for each change of one that is in the
  // journal (nullopt: it is erased), in their order.
  using RowSeen = std::function<void(std::string_view key, std::optional<std::string> value)>;
  explicit StoreAudit(Names& names,
                      Progress progress = nullptr,
                      Verified verified = nullptr,
                      RowSeen row = nullptr);

  // Errors: what inspect_store() returns.
  base::Status run(const std::string& directory, store::InspectMode mode);

  const store::Inspected& inspected() const { return inspected_; }
  // Damage that cannot be assigned to one run.
  const std::vector<std::string>& problems() const { return problems_; }
  // What to know of tables that are otherwise sound.
  const std::vector<std::string>& notes() const { return notes_; }
  // Records of unknown runs may be lost: an open run that verifies may have had more records.
  bool lost_records() const { return lost_records_ || !histories_complete_; }
  // Rows of tables are damaged, or changes of some are lost.
  bool lost_rows() const { return lost_rows_; }
  store::Seq lost_rows_at() const { return lost_rows_at_; }  // the record; 0: it is not known
  std::uint64_t rows() const { return rows_; }               // of the archive, that verify
  const RecoveredRuns& runs() const { return runs_; }
  std::uint64_t records() const { return records_; }
  // nullopt: the store has none, or it is damaged.
  const std::optional<store::TokenKey>& token_key() const { return token_key_; }
  bool sound() const;

 private:
  void reading(const std::string& place) override;
  void damaged(const std::string& place, const std::string& what) override;
  void archive_entry(std::string_view table, std::string_view key, std::string_view value) override;
  void journal_record(store::Seq seq, std::string_view bytes) override;
  void take_row(std::string_view key, std::string_view stored);
  void check_rows();
  void take_changes(const store::Record& record);
  void finish_archive();
  void finish_journal();
  void problem(const std::string& what);
  void note(const std::string& what);

  Names& names_;
  const Progress progress_;
  const Verified verified_;
  Audit archive_;
  const RowSeen row_;
  store::TableDigests digests_;
  store::TableDigest rows_digest_;
  std::string rows_state_;
  std::uint64_t rows_ = 0;
  bool lost_rows_ = false;
  store::Seq lost_rows_at_ = 0;
  std::string state_;
  std::string uuid_;
  std::optional<store::TokenKey> token_key_;
  std::optional<JournalTail> tail_;  // once the archive has been read
  store::Seq through_ = 0;
  store::Seq first_ = 0;  // of the journal
  store::Seq last_ = 0;
  RecoveredRuns runs_;
  std::uint64_t records_ = 0;
  bool lost_records_ = false;        // of the journal
  bool histories_complete_ = false;  // of the archive, but for those that are known to be cut
  std::vector<std::string> problems_;
  std::vector<std::string> notes_;
  store::Inspected inspected_;
};

}  // namespace reprise::runtime
