#include "store/archive_state.h"

#include "base/ids.h"
#include "store/archive_keys.h"
#include "store/bytes.h"

namespace reprise::store {
namespace {

void append_le64(std::uint64_t value, std::string* out) {
  char bytes[8];
  store_le(value, bytes);
  out->append(bytes, sizeof bytes);
}

std::uint64_t check_of(std::string_view bytes, std::string_view bound_to) {
  return base::hash64(bytes, base::hash64(bound_to));
}

}  // namespace

std::uint64_t TableDigest::of(std::string_view key, std::string_view value) {
  return check_of(value, key);
}

std::string ArchiveState::encode(std::string_view uuid) const {
  std::string bytes;
  append_le64(through, &bytes);
  append_le64(next_run, &bytes);
  for (const TableDigest& digest : digests) append_le64(digest.sum(), &bytes);
  append_le64(check_of(bytes, uuid), &bytes);
  return bytes;
}

std::optional<ArchiveState> ArchiveState::decode(std::string_view bytes, std::string_view uuid) {
  constexpr std::size_t kChecked = 16 + 8 * kArchiveTables;
  if (bytes.size() != kChecked + 8) return {};
  if (load_le<std::uint64_t>(bytes.data() + kChecked) !=
      check_of(bytes.substr(0, kChecked), uuid)) {
    return {};
  }
  ArchiveState state;
  state.through = load_le<Seq>(bytes.data());
  state.next_run = load_le<RunNumber>(bytes.data() + 8);
  for (std::size_t i = 0; i < kArchiveTables; ++i) {
    state.digests[i] = TableDigest(load_le<std::uint64_t>(bytes.data() + 16 + 8 * i));
  }
  return state;
}

namespace {

std::string bound_to_rows(std::string_view uuid) {
  return std::string(uuid) + std::string(kRowsTable);
}

std::string seal(std::string_view bytes, std::string_view bound_to) {
  std::string sealed;
  sealed.reserve(8 + bytes.size());
  append_le64(check_of(bytes, bound_to), &sealed);
  sealed += bytes;
  return sealed;
}

std::optional<std::string_view> unseal(std::string_view stored, std::string_view bound_to) {
  if (stored.size() < 8) return {};
  const std::string_view bytes = stored.substr(8);
  if (load_le<std::uint64_t>(stored.data()) != check_of(bytes, bound_to)) return {};
  return bytes;
}

}  // namespace

std::string RowsState::encode(std::string_view uuid) const {
  std::string bytes;
  append_le64(digest.sum(), &bytes);
  append_le64(lost_at, &bytes);
  return seal(bytes, bound_to_rows(uuid));
}

std::optional<RowsState> RowsState::decode(std::string_view bytes, std::string_view uuid) {
  const auto checked = unseal(bytes, bound_to_rows(uuid));
  if (!checked || checked->size() != 16) return {};
  RowsState state;
  state.digest = TableDigest(load_le<std::uint64_t>(checked->data()));
  state.lost_at = load_le<Seq>(checked->data() + 8);
  return state;
}

std::string StoredFields::encode(std::string_view uuid) const {
  std::string bytes;
  append_le64(digest.sum(), &bytes);
  append_le64(version, &bytes);
  append_le64(next, &bytes);
  return seal(bytes, std::string(uuid) + std::string(kFieldsTable));
}

std::optional<StoredFields> StoredFields::decode(std::string_view bytes, std::string_view uuid) {
  const auto checked = unseal(bytes, std::string(uuid) + std::string(kFieldsTable));
  if (!checked || checked->size() != 24) return {};
  StoredFields state;
  state.digest = TableDigest(load_le<std::uint64_t>(checked->data()));
  state.version = load_le<std::uint64_t>(checked->data() + 8);
  state.next = load_le<RunNumber>(checked->data() + 16);
  return state;
}

std::string seal_row(std::string_view key, std::string_view value) {
  return seal(value, key);
}

std::optional<std::string_view> unseal_row(std::string_view key, std::string_view stored) {
  return unseal(stored, key);
}

std::string seal_summary(RunNumber run, std::string_view summary) {
  return seal(summary, run_key(run));
}

std::optional<std::string_view> unseal_summary(RunNumber run, std::string_view stored) {
  return unseal(stored, run_key(run));
}

}  // namespace reprise::store
