// The archive's own state: how far it has come, and a digest of each of its tables. LMDB cannot
// notice a wrong page such as an older version of the right one, but the digest does not fit its
// entries.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/record.h"

namespace reprise::store {

// A sum over the entries, in any order: one can be added or removed without reading the others.
class TableDigest {
 public:
  TableDigest() = default;
  explicit TableDigest(std::uint64_t sum) : sum_(sum) {}

  void add(std::string_view key, std::string_view value) { sum_ += of(key, value); }
  void remove(std::string_view key, std::string_view value) { sum_ -= of(key, value); }
  std::uint64_t sum() const { return sum_; }
  friend bool operator==(const TableDigest&, const TableDigest&) = default;

 private:
  static std::uint64_t of(std::string_view key, std::string_view value);
  std::uint64_t sum_ = 0;
};

// In the order of their digests in the state.
enum ArchiveTable { kChunks, kSummaries, kIds, kIndex, kArchiveTables };
inline constexpr std::array<std::string_view, kArchiveTables> kArchiveTableNames = {
    "chunks", "summaries", "ids", "index"};
using TableDigests = std::array<TableDigest, kArchiveTables>;

struct ArchiveState {
  Seq through = 0;
  RunNumber next_run = 1;
  TableDigests digests;

  // With a checksum that binds it to the store with this uuid.
  std::string encode(std::string_view uuid) const;
  // Empty: damaged.
  static std::optional<ArchiveState> decode(std::string_view bytes, std::string_view uuid);
};

// The tables of users: kept beside the state, because a store without them has neither.
inline constexpr std::string_view kRowsTable = "tables";
inline constexpr std::string_view kRowsState = "rows";  // of the table `meta`
struct RowsState {
  TableDigest digest;
  Seq lost_at = 0;  // ArchiveBatch::rows_lost_at

  std::string encode(std::string_view uuid) const;
  static std::optional<RowsState> decode(std::string_view bytes, std::string_view uuid);
};

// The table of fields: likewise beside the state.
inline constexpr std::string_view kFieldsTable = "fields";
struct StoredFields {
  TableDigest digest;
  std::uint64_t version = 0;
  RunNumber next = 0;  // FieldsState

  std::string encode(std::string_view uuid) const;
  static std::optional<StoredFields> decode(std::string_view bytes, std::string_view uuid);
};

// A stored row is preceded by a checksum that binds its value to its key.
std::string seal_row(std::string_view key, std::string_view value);
// Empty: damaged.
std::optional<std::string_view> unseal_row(std::string_view key, std::string_view stored);

// A stored summary is preceded by a checksum that binds it to its run.
std::string seal_summary(RunNumber run, std::string_view summary);
// Empty: damaged.
std::optional<std::string_view> unseal_summary(RunNumber run, std::string_view stored);

}  // namespace reprise::store
