// The journal in LMDB: one table, sequence number -> record, filled by appending and emptied from
// its head. One key per record: measured, one blob per commit saves 4 pages of 34 and loses the
// lookup by sequence number.
#pragma once
#include <functional>
#include <memory>

#include "store/journal.h"
#include "store/lmdb_env.h"

namespace reprise::store {

class LmdbJournal final : public Journal {
 public:
  // With `options.create`, nothing is verified.
  static base::Result<std::unique_ptr<LmdbJournal>> open(const LmdbOptions& options,
                                                         std::uint64_t verify_bytes = 0);

  base::Status append(const std::vector<const RecordBatch*>& batches, Seq trim_through) override;
  base::Status scan(Seq from, base::Visitor<Seq, std::string_view> visit) const override;
  base::Result<std::string> read(Seq seq) const override;
  base::Result<std::uint64_t> bytes_on_disk() const override { return env_->file_bytes(); }
  base::Result<Seq> first() const override;
  base::Result<Seq> last() const override;

  LmdbEnv& env() const { return *env_; }
  // Its records from `from` on.
  base::Status copy_to(LmdbJournal& target, MDB_txn* snapshot, Seq from) const;
  // The first or the last sequence number, 0 if there is none; returns LMDB's code.
  int key_in(MDB_txn* snapshot, MDB_cursor_op operation, Seq* seq) const;
  // Called after each commit, once it is durable, with the newest sequence number.
  void on_appended(std::function<void(Seq)> appended) { appended_ = std::move(appended); }

 private:
  explicit LmdbJournal(std::unique_ptr<LmdbEnv> env) : env_(std::move(env)) {}
  base::Status open_table(bool create);
  base::Result<Seq> key_at(MDB_cursor_op operation) const;
  base::Status commit(const std::vector<const RecordBatch*>& batches, Seq trim_through);
  int check_room(std::size_t bytes) const;

  std::unique_ptr<LmdbEnv> env_;
  MDB_dbi table_ = 0;
  Seq last_ = 0;
  bool just_trimmed_ = false;  // by the last commit
  std::function<void(Seq)> appended_;
};

}  // namespace reprise::store
