#include "store/lmdb_truncation.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "store/bytes.h"

namespace reprise::store {
namespace {

// The parts of LMDB 0.9's file format (data version 1, 64 bits) that lead to its list of free
// pages.
constexpr std::size_t kPageHeader = 16;  // 0 page number 8 | 10 flags 2 | 12 lower 2
constexpr std::uint16_t kBranch = 0x01;
constexpr std::uint16_t kLeaf = 0x02;
constexpr std::size_t kNodeHeader = 8;  // 0 low 2 | 2 high 2 | 4 flags 2 | 6 key bytes 2
constexpr std::uint16_t kOverflow = 0x01;
constexpr std::size_t kMetaFreeRoot = kPageHeader + 64;
constexpr std::size_t kMetaLastPage = kPageHeader + 120;
constexpr std::size_t kMetaTransaction = kPageHeader + 128;
constexpr std::size_t kMetaEnd = kPageHeader + 136;
constexpr std::uint64_t kNoRoot = ~std::uint64_t{0};
constexpr int kDeepest = 32;

// Reads with pread: the map must not be touched before the file is known to be long enough.
class FreeListReader {
 public:
  FreeListReader(int file, std::uint64_t page_bytes) : file_(file), page_bytes_(page_bytes) {}

  // Of the two meta pages, the one that `transaction` reads. MDB_NOTFOUND: overwritten meanwhile.
  int read_meta(std::size_t transaction);
  // MDB_CORRUPTED if pages after the first `in_file` are not free.
  int check(std::uint64_t in_file);

 private:
  int read(std::uint64_t offset, std::size_t size, std::string* bytes) const;
  int walk(std::uint64_t page, int depth);
  int visit_node(const std::string& page, std::size_t offset, bool leaf, int depth);
  int count_free(std::string_view pages);

  const int file_;
  const std::uint64_t page_bytes_;
  std::uint64_t root_ = kNoRoot;
  std::uint64_t in_use_ = 0;
  std::uint64_t in_file_ = 0;
  std::uint64_t missing_free_ = 0;
  std::uint64_t visited_ = 0;
};

int FreeListReader::read(std::uint64_t offset, std::size_t size, std::string* bytes) const {
  bytes->resize(size);
  const ssize_t got = ::pread(file_, bytes->data(), size, static_cast<off_t>(offset));
  if (got < 0) return errno;
  return static_cast<std::size_t>(got) == size ? 0 : MDB_CORRUPTED;
}

int FreeListReader::read_meta(std::size_t transaction) {
  for (const std::uint64_t page : {0, 1}) {
    std::string meta;
    const int code = read(page * page_bytes_, kMetaEnd, &meta);
    if (code != 0) return code;
    if (load_le<std::uint64_t>(&meta[kMetaTransaction]) != transaction) continue;
    root_ = load_le<std::uint64_t>(&meta[kMetaFreeRoot]);
    in_use_ = load_le<std::uint64_t>(&meta[kMetaLastPage]) + 1;
    return 0;
  }
  return MDB_NOTFOUND;
}

int FreeListReader::check(std::uint64_t in_file) {
  in_file_ = in_file;
  if (in_file_ >= in_use_) return 0;
  const int code = root_ == kNoRoot ? 0 : walk(root_, 0);
  if (code != 0) return code;
  return missing_free_ == in_use_ - in_file_ ? 0 : MDB_CORRUPTED;
}

int FreeListReader::walk(std::uint64_t page, int depth) {
  // A damaged tree may lead in circles.
  if (depth > kDeepest || ++visited_ > in_use_ || page >= in_file_) return MDB_CORRUPTED;
  std::string bytes;
  if (const int code = read(page * page_bytes_, page_bytes_, &bytes); code != 0) return code;
  const auto flags = load_le<std::uint16_t>(&bytes[10]);
  const auto lower = load_le<std::uint16_t>(&bytes[12]);
  if ((flags & (kBranch | kLeaf)) == 0 || lower > page_bytes_) return MDB_CORRUPTED;
  for (std::size_t at = kPageHeader; at + 2 <= lower; at += 2) {
    const auto offset = load_le<std::uint16_t>(&bytes[at]);
    const int code = visit_node(bytes, offset, (flags & kLeaf) != 0, depth);
    if (code != 0) return code;
  }
  return 0;
}

int FreeListReader::visit_node(const std::string& page, std::size_t offset, bool leaf, int depth) {
  if (offset + kNodeHeader > page.size()) return MDB_CORRUPTED;
  const std::uint64_t low = load_le<std::uint32_t>(&page[offset]);
  const auto flags = load_le<std::uint16_t>(&page[offset + 4]);
  if (!leaf) return walk(low | std::uint64_t{flags} << 32, depth + 1);
  const std::size_t data = offset + kNodeHeader + load_le<std::uint16_t>(&page[offset + 6]);
  const bool overflow = (flags & kOverflow) != 0;
  if (data + (overflow ? 8 : low) > page.size()) return MDB_CORRUPTED;
  if (!overflow) return count_free(std::string_view(page).substr(data, low));
  const auto first = load_le<std::uint64_t>(&page[data]);
  if (first >= in_file_ || low > in_file_ * page_bytes_) return MDB_CORRUPTED;
  std::string value;
  const int code = read(first * page_bytes_ + kPageHeader, low, &value);
  return code != 0 ? code : count_free(value);
}

// A value of the free list: a count, then that many page numbers.
int FreeListReader::count_free(std::string_view pages) {
  if (pages.size() < 8) return MDB_CORRUPTED;
  const auto count = load_le<std::uint64_t>(pages.data());
  if (count > pages.size() / 8 - 1) return MDB_CORRUPTED;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const auto page = load_le<std::uint64_t>(pages.data() + 8 * i);
    if (page >= in_file_ && page < in_use_) ++missing_free_;
  }
  return 0;
}

int check_snapshot(MDB_env* env, MDB_txn* txn) {
  MDB_stat stat{};
  mdb_filehandle_t file = 0;
  struct stat info {};
  int code = mdb_env_stat(env, &stat);
  if (code == 0) code = mdb_env_get_fd(env, &file);
  if (code != 0) return code;
  FreeListReader reader(file, stat.ms_psize);
  code = reader.read_meta(mdb_txn_id(txn));
  if (code != 0) return code;
  if (!is_newest_snapshot(env, txn)) return MDB_NOTFOUND;  // it may have been half overwritten
  if (::fstat(file, &info) != 0) return errno;
  return reader.check(static_cast<std::uint64_t>(info.st_size) / stat.ms_psize);
}

}  // namespace

bool is_newest_snapshot(MDB_env* env, MDB_txn* txn) {
  MDB_envinfo info{};
  return mdb_env_info(env, &info) == 0 && info.me_last_txnid == mdb_txn_id(txn);
}

// LMDB does not write pages that a transaction took and returned, so a sound file may be shorter
// than its number of pages says: the missing pages must be free.
int check_not_truncated(MDB_env* env) {
  int code = MDB_NOTFOUND;
  // Again when a writer in another process overwrote both meta pages in between.
  while (code == MDB_NOTFOUND) {
    MDB_txn* txn = nullptr;
    code = mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn);
    if (code != 0) return code;
    const std::unique_ptr<MDB_txn, decltype(&mdb_txn_abort)> guard(txn, mdb_txn_abort);
    code = check_snapshot(env, txn);
  }
  return code;
}

}  // namespace reprise::store
