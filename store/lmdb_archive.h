// The archive in LMDB. Tables, all with keys that sort as bytes (docs/log_format.md):
//
//   chunks     run BE64 ++ last sequence number BE64     -> records back to back
//   summaries  run BE64                                  -> a checksum, then the caller's bytes
//   ids        the workflow id, zero, ~run BE64          -> nothing; the newest run comes first
//   index      the caller's key ++ run BE64              -> nothing
//   meta       "state", "uuid", "token_key", "rows",     -> archive_state.h, text, token_key.h
//              "fields"
//   tables     the caller's key of a row                 -> a checksum, then the caller's bytes;
//                                                           made when there is a first row
//   fields     the caller's key ++ run BE64              -> nothing; made by begin_fields()
//
// Values of more than some 2,000 bytes are on pages of their own and waste up to a page each.
#pragma once
#include <atomic>
#include <memory>

#include "store/archive.h"
#include "store/archive_keys.h"
#include "store/archive_state.h"
#include "store/lmdb_env.h"

namespace reprise::store {

inline constexpr unsigned kLmdbTables = 7;

class LmdbArchive final : public Archive {
 public:
  // With `options.create`, `uuid` is written; without, it is ignored.
  static base::Result<std::unique_ptr<LmdbArchive>> open(const LmdbOptions& options,
                                                         std::string_view uuid = {},
                                                         std::uint64_t verify_bytes = 0);

  base::Status commit(const ArchiveBatch& batch) override;
  base::Status remove(const std::vector<RunRemoval>& runs) override;

  base::Result<Seq> through() const override;
  base::Result<RunNumber> next_run() const override;
  base::Result<std::optional<std::string>> summary(RunNumber run) const override;
  base::Result<std::optional<RunNumber>> find(
      std::string_view workflow_id,
      base::FunctionRef<bool(RunNumber run, std::string_view summary)> is_it) const override;
  base::Status list(std::string_view prefix,
                    std::string_view after,
                    bool descending,
                    base::Visitor<std::string_view, RunNumber> visit) const override;
  using Archive::history;
  base::Status history(RunNumber run,
                       Seq after,
                       base::Visitor<std::string_view> visit) const override;
  base::Result<std::unique_ptr<Rows>> rows() const override;
  base::Result<Seq> rows_lost_at() const override;
  bool rows_verify() const override { return rows_verify_; }
  base::Result<FieldsState> fields() const override;
  base::Status begin_fields(std::uint64_t version) override;
  base::Status build_fields(const FieldsPart& part) override;
  base::Result<std::unique_ptr<ArchiveMoment>> moment() const override;
  base::Result<std::optional<TokenKey>> token_key() const override;
  base::Status set_token_key(const TokenKey& key) override;
  // Gives it one if it has none.
  base::Status ensure_token_key();
  base::Result<std::uint64_t> bytes_on_disk() const override { return env_->file_bytes(); }

  base::Result<std::uint64_t> live_bytes() const override;

  bool content_verifies() const override { return content_verifies_; }
  base::Status visit(EntryVisitor visit) const override;

  base::Result<std::string> uuid() const;
  LmdbEnv& env() const { return *env_; }
  // Everything except the store's identity.
  base::Status copy_to(LmdbArchive& target, MDB_txn* snapshot) const;
  // Returns LMDB's code.
  int through_in(MDB_txn* snapshot, Seq* through) const;

 private:
  explicit LmdbArchive(std::unique_ptr<LmdbEnv> env) : env_(std::move(env)) {}
  int open_tables(MDB_txn* txn, unsigned flags);
  base::Status verify(std::uint64_t verify_bytes);
  int read_state(MDB_txn* txn, ArchiveState* state) const;
  int write_state(MDB_txn* txn, const ArchiveState& state);
  int put_meta(MDB_txn* txn, std::string_view key, std::string_view value);
  int put_chunks(MDB_txn* txn, const ArchiveBatch& batch, TableDigest* digest);
  int put_summaries(MDB_txn* txn, const ArchiveBatch& batch, TableDigest* digest);
  int put_ids(MDB_txn* txn, const ArchiveBatch& batch, TableDigest* digest);
  int update_index(MDB_txn* txn, const ArchiveBatch& batch, TableDigest* digest);
  int remove_run(MDB_txn* txn, const RunRemoval& removal, TableDigests* digests);
  int remove_chunks(MDB_txn* txn, RunNumber run, TableDigest* digest);
  int put_rows(MDB_txn* txn, const ArchiveBatch& batch, bool* made_table);
  bool has_rows_state(MDB_txn* snapshot) const;
  int read_rows_state(MDB_txn* txn, RowsState* state) const;
  base::Status copy_rows_to(LmdbArchive& target, MDB_txn* snapshot) const;
  int put_fields(MDB_txn* txn, const std::vector<IndexChange>& changes, StoredFields* state);
  int update_fields(MDB_txn* txn, const ArchiveBatch& batch);
  int remove_fields(MDB_txn* txn, const std::vector<RunRemoval>& runs);
  // Nothing: there is no table, or its state does not verify.
  int read_fields_state(MDB_txn* txn, std::optional<StoredFields>* state) const;
  int write_fields_state(MDB_txn* txn, const StoredFields& state);
  base::Status copy_fields_to(LmdbArchive& target, MDB_txn* snapshot) const;
  base::Result<bool> has_id(std::string_view key) const;
  base::Result<std::string> meta(std::string_view key) const;
  base::Result<ArchiveState> state() const;

  std::unique_ptr<LmdbEnv> env_;
  std::string uuid_;
  bool content_verifies_ = true;
  bool rows_verify_ = true;
  std::atomic<bool> has_rows_{false};  // there is a table for them
  bool fields_verify_ = true;
  std::atomic<bool> has_fields_{false};  // likewise
  MDB_dbi chunks_ = 0;
  MDB_dbi summaries_ = 0;
  MDB_dbi ids_ = 0;
  MDB_dbi index_ = 0;
  MDB_dbi meta_ = 0;
  MDB_dbi rows_ = 0;
  MDB_dbi fields_ = 0;
};

}  // namespace reprise::store
