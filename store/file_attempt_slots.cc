#include "store/file_attempt_slots.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"
#include "store/bytes.h"
#include "store/file_error.h"

namespace reprise::store {
namespace {

// The file: the header, then chunks of marks. The sizes suit every page size that Linux has.
//   0 magic 8 | 8 format 4 | 12 bytes per mark 4 | 16 boot id, text, zero-filled 48 | 64 witness 8
constexpr std::string_view kSlotsMagic = "RPATTMPT";
constexpr std::uint32_t kSlotsFormat = 1;
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kWitness = 64;
constexpr std::size_t kMappedHeader = 64 << 10;
constexpr std::size_t kFirstChunk = 64 << 10;
constexpr std::size_t kChunkBytes = 64 << 10;
constexpr std::size_t kMarksPerChunk = kChunkBytes / 16;

// Empty if the system does not tell: then no content can be trusted.
std::string boot_id() {
  const auto text = read_file("/proc/sys/kernel/random/boot_id");
  return text ? text->substr(0, text->find('\n')).substr(0, 48) : std::string();
}

std::string header_of(const std::string& boot) {
  std::string header(kHeaderBytes, '\0');
  header.replace(0, kSlotsMagic.size(), kSlotsMagic);
  store_le(kSlotsFormat, &header[8]);
  store_le(std::uint32_t{16}, &header[12]);
  header.replace(16, boot.size(), boot);
  return header;
}

// A sequence number and 16 bits of its hash in one word, so that the process can be killed at any
// instruction.
std::uint64_t witness_of(Seq seq) {
  char bytes[8];
  store_le(seq, bytes);
  return seq << 16 | (base::hash64({bytes, sizeof bytes}) & 0xffff);
}

}  // namespace

base::Status check_not_rolled_back(const std::string& path, Seq witnessed, Seq journal_last) {
  if (witnessed <= journal_last) return {};
  return base::Error{base::ErrorCode::kStoreDamaged,
                     "the journal ends with record " + std::to_string(journal_last) +
                         " and once had record " + std::to_string(witnessed) +
                         ": its newest records are lost, or it is older than the store's other "
                         "files; restore all of the store from one backup (a backup has no file "
                         "attempts: if " +
                         path + " is left from before, remove it)"};
}

Seq witnessed_seq(const std::string& path) {
  const auto file = open_file(path, O_RDONLY);
  char bytes[kWitness + 8];
  if (!file || ::pread(file->get(), bytes, sizeof bytes, 0) != sizeof bytes) return 0;
  // After a restart of the machine the content may be anything.
  if (std::string_view(bytes, kSlotsMagic.size()) != kSlotsMagic) return 0;
  if (load_le<std::uint32_t>(bytes + kSlotsMagic.size()) != kSlotsFormat) return 0;
  const auto witness = load_le<std::uint64_t>(bytes + kWitness);
  const Seq seq = witness >> 16;
  return witness == witness_of(seq) ? seq : 0;
}

base::Result<std::unique_ptr<FileAttemptSlots>> FileAttemptSlots::open(const std::string& path,
                                                                       Seq journal_last) {
  const Seq had = witnessed_seq(path);
  if (auto whole = check_not_rolled_back(path, had, journal_last); !whole) return whole.error();
  auto file = open_file(path, O_RDWR | O_CREAT);
  if (!file) return file.error();
  std::unique_ptr<FileAttemptSlots> slots(new FileAttemptSlots(path, std::move(*file)));
  if (auto loaded = slots->load(); !loaded) return loaded.error();
  if (auto mapped = slots->map_header(); !mapped) return mapped.error();
  if (had != 0) slots->note_durable(had);
  return slots;
}

FileAttemptSlots::~FileAttemptSlots() {
  unmap();
  if (header_ != nullptr) ::munmap(header_, kMappedHeader);
}

base::Status FileAttemptSlots::map_header() {
  const int code = ::posix_fallocate(file_.get(), 0, kMappedHeader);
  if (code != 0) return file_error(code, "write", path_);
  void* const memory =
      ::mmap(nullptr, kMappedHeader, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (memory == MAP_FAILED) return file_error(errno, "map", path_);
  header_ = static_cast<char*>(memory);
  return {};
}

void FileAttemptSlots::note_durable(Seq seq) {
  auto* const word = reinterpret_cast<std::uint64_t*>(header_ + kWitness);
  std::atomic_ref(*word).store(witness_of(seq), std::memory_order_release);
}

void FileAttemptSlots::unmap() {
  for (StoredMark* chunk : chunks_) ::munmap(chunk, kChunkBytes);
  chunks_.clear();
  free_.clear();
}

base::Status FileAttemptSlots::load() {
  const auto trusted = trusted_chunks();
  if (!trusted) return trusted.error();
  for (std::size_t i = 0; i < *trusted; ++i) {
    if (auto mapped = map_next_chunk(); !mapped) return mapped;
  }
  // With left-over marks the file stays as it is; otherwise it starts anew, with one chunk.
  return left_over_.empty() ? reset() : base::Status();
}

// How many chunks of an earlier process of this boot the file holds.
base::Result<std::size_t> FileAttemptSlots::trusted_chunks() const {
  std::string header(kHeaderBytes, '\0');
  struct stat info {};
  if (::pread(file_.get(), header.data(), header.size(), 0) < 0 ||
      ::fstat(file_.get(), &info) != 0) {
    return file_error(errno, "read", path_);
  }
  const std::string boot = boot_id();
  if (boot.empty() || header != header_of(boot)) return std::size_t{0};
  const auto size = static_cast<std::size_t>(info.st_size);
  return size < kFirstChunk ? 0 : (size - kFirstChunk) / kChunkBytes;
}

base::Status FileAttemptSlots::reset() {
  unmap();
  const std::string header = header_of(boot_id());
  if (::ftruncate(file_.get(), 0) != 0 ||
      ::pwrite(file_.get(), header.data(), header.size(), 0) < 0) {
    return file_error(errno, "write", path_);
  }
  return map_next_chunk();
}

base::Status FileAttemptSlots::map_next_chunk() {
  const auto offset = static_cast<off_t>(kFirstChunk + chunks_.size() * kChunkBytes);
  // Writing to a mapped page that has no block on the disk would kill the process when it is full.
  const int code = ::posix_fallocate(file_.get(), offset, kChunkBytes);
  if (code != 0) return file_error(code, "write", path_);
  void* const memory =
      ::mmap(nullptr, kChunkBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), offset);
  if (memory == MAP_FAILED) return file_error(errno, "map", path_);
  adopt(static_cast<StoredMark*>(memory));
  return {};
}

// The chunk's marks are left over; its other slots are free.
void FileAttemptSlots::adopt(StoredMark* chunk) {
  const auto first = static_cast<Slot>(chunks_.size() * kMarksPerChunk);
  // Room for every slot, so that releasing one needs no memory.
  free_.reserve(first + kMarksPerChunk);
  chunks_.push_back(chunk);
  for (std::size_t i = kMarksPerChunk; i-- > 0;) {
    const auto slot = static_cast<Slot>(first + i);
    const StoredMark& mark = chunk[i];
    if (mark.run == 0) {
      free_.push_back(slot);
    } else {
      left_over_.push_back({mark.run, mark.operation, mark.attempt});
      left_over_slots_.push_back(slot);
    }
  }
}

// When the disk is full the attempt still runs, but a crash would not count it. The journal is
// about to fail for the same reason.
void FileAttemptSlots::add_memory_chunk() {
  void* const memory =
      ::mmap(nullptr, kChunkBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  adopt(static_cast<StoredMark*>(memory));
}

FileAttemptSlots::StoredMark& FileAttemptSlots::at(Slot slot) {
  REPRISE_CHECK(slot / kMarksPerChunk < chunks_.size(), "a slot comes from take()");
  return chunks_[slot / kMarksPerChunk][slot % kMarksPerChunk];
}

AttemptSlots::Slot FileAttemptSlots::take(const AttemptMark& mark) {
  REPRISE_CHECK(mark.run != 0, "run numbers start at 1");
  const std::lock_guard lock(mutex_);
  if (free_.empty() && !map_next_chunk()) add_memory_chunk();
  const Slot slot = free_.back();
  free_.pop_back();
  StoredMark& stored = at(slot);
  stored.operation = mark.operation;
  stored.attempt = mark.attempt;
  // Last, because it makes the mark valid: the process may be killed at any instruction.
  std::atomic_ref(stored.run).store(mark.run, std::memory_order_release);
  return slot;
}

void FileAttemptSlots::clear(Slot slot) {
  std::atomic_ref(at(slot).run).store(0, std::memory_order_release);
  free_.push_back(slot);
}

void FileAttemptSlots::release(Slot slot) {
  const std::lock_guard lock(mutex_);
  REPRISE_CHECK(at(slot).run != 0, "a slot is released once");
  clear(slot);
}

void FileAttemptSlots::forget_left_over() {
  const std::lock_guard lock(mutex_);
  for (const Slot slot : left_over_slots_) clear(slot);
  left_over_slots_.clear();
}

}  // namespace reprise::store
