// The archive without files, with the same keys and the same order. For tests and simulations.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "store/archive.h"

namespace reprise::store {

class MemoryArchive final : public Archive {
 public:
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
  bool content_verifies() const override { return true; }
  base::Status visit(EntryVisitor visit) const override;
  base::Result<std::unique_ptr<Rows>> rows() const override;
  base::Result<Seq> rows_lost_at() const override;
  bool rows_verify() const override { return true; }
  base::Result<FieldsState> fields() const override;
  base::Status begin_fields(std::uint64_t version) override;
  base::Status build_fields(const FieldsPart& part) override;
  base::Result<std::unique_ptr<ArchiveMoment>> moment() const override;
  base::Result<std::optional<TokenKey>> token_key() const override;
  base::Status set_token_key(const TokenKey& key) override;
  base::Result<std::uint64_t> bytes_on_disk() const override { return 0; }
  base::Result<std::uint64_t> live_bytes() const override;

 private:
  using RowMap = std::map<std::string, std::string, std::less<>>;
  class MomentOfRows;
  class Moment;
  using Keys = std::set<std::string, std::less<>>;
  std::optional<std::string> next(const Keys& keys, std::string_view at, bool descending) const;

  mutable std::mutex mutex_;
  std::optional<TokenKey> token_key_ = new_token_key();
  Seq through_ = 0;
  RunNumber next_run_ = 1;
  std::map<std::string, std::string, std::less<>> chunks_;
  std::map<RunNumber, std::string> summaries_;
  Keys ids_;
  Keys index_;
  Keys fields_;
  FieldsState fields_state_;
  // Replaced by each commit that changes it: readers keep the one of their moment.
  std::shared_ptr<const RowMap> rows_ = std::make_shared<const RowMap>();
  bool has_rows_ = false;  // there was a first one
  Seq rows_lost_at_ = 0;
};

}  // namespace reprise::store
