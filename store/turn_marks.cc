#include "store/turn_marks.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <span>
#include <sys/mman.h>
#include <tuple>
#include <unistd.h>
#include <utility>

#include "base/ids.h"
#include "store/bytes.h"
#include "store/file_error.h"

namespace reprise::store {
namespace {

// The file: a header, the marks of the shards, then the deaths of runs.
//   0 magic 8 | 8 format 4 | 16 boot id, text, zero-filled 48 | 64 another reason 8 | 72 build 8
constexpr std::string_view kTurnsMagic = "RPTURNMK";
constexpr std::uint32_t kTurnsFormat = 2;  // 1 had 896 marks, and deaths from 64 KiB on
constexpr std::size_t kTurnsHeaderBytes = 64;
constexpr std::size_t kOtherReason = 64;
constexpr std::size_t kBuild = 72;
constexpr std::size_t kMarksAt = 4 << 10;
constexpr std::size_t kDeathsAt = 72 << 10;
constexpr std::size_t kTurnsFileBytes = kDeathsAt + TurnMarks::kMostRuns * 64;
static_assert(kMarksAt + TurnMarks::kMostShards * sizeof(TurnMark) <= kDeathsAt);

std::string boot_of_turns() {
  const auto text = read_file("/proc/sys/kernel/random/boot_id");
  return text ? text->substr(0, text->find('\n')).substr(0, 48) : std::string();
}

std::string turns_header(const std::string& boot) {
  std::string header(kTurnsHeaderBytes, '\0');
  header.replace(0, kTurnsMagic.size(), kTurnsMagic);
  store_le(kTurnsFormat, &header[8]);
  header.replace(16, boot.size(), boot);
  return header;
}

// False: nobody has written to it yet, so nothing is known of any run.
base::Result<bool> is_written(const File& file, const std::string& path) {
  std::string start(16, '\0');
  if (::pread(file.get(), start.data(), start.size(), 0) < 0)
    return file_error(errno, "read", path);
  if (start.find_first_not_of('\0') == std::string::npos) return false;
  if (start.starts_with(kTurnsMagic) && load_le<std::uint32_t>(&start[8]) == kTurnsFormat) {
    return true;
  }
  return base::Error{base::ErrorCode::kStoreOtherFormat,
                     path +
                         " is of another version of Reprise than this one, or damaged: nothing "
                         "was changed; use the version that the program has"};
}

std::atomic<std::uint64_t>& other_reason(char* memory) {
  return *reinterpret_cast<std::atomic<std::uint64_t>*>(memory + kOtherReason);
}

std::span<TurnMark> marks_in(char* memory) {
  return {reinterpret_cast<TurnMark*>(memory + kMarksAt), TurnMarks::kMostShards};
}

// Entries of workflows have keys that no run has.
constexpr RunNumber kOfWorkflow = RunNumber{1} << 63;

RunNumber key_of_workflow(std::uint64_t workflow) {
  return workflow | kOfWorkflow;
}

bool is_of_workflow(RunNumber key) {
  return (key & kOfWorkflow) != 0;
}

RunNumber key_of(const TurnMark& mark) {
  return mark.starting == 0 ? mark.run.load() : key_of_workflow(mark.starting);
}

// Is it known that the process ended in the code of this run?
bool is_known(const TurnMark& mark) {
  return mark.run != 0 && mark.cause != base::kCauseUnseen;
}

// And is it known that this code ended it?
bool was_seen(const TurnMark& mark) {
  return is_known(mark) && mark.cause != base::kCauseOutOfMemory;
}

}  // namespace

// As in the file. If the checksum does not match, there is no entry.
struct TurnMarks::Entry {
  RunNumber run;
  std::uint64_t build;
  std::uint64_t place;
  std::uint32_t cause;
  std::uint32_t seen;
  std::uint32_t unseen;
  std::uint32_t set_aside;
  std::uint64_t reserved[2];
  std::uint64_t checksum;

  std::uint64_t right_checksum() const {
    return base::hash64({reinterpret_cast<const char*>(this), offsetof(Entry, checksum)});
  }
  bool holds() const { return run != 0 && checksum == right_checksum(); }
  void seal() { checksum = right_checksum(); }
};

base::Result<std::unique_ptr<TurnMarks>> TurnMarks::open(const std::string& path,
                                                         std::uint64_t build) {
  static_assert(sizeof(Entry) == 64);
  auto file = open_file(path, O_RDWR | O_CREAT);
  if (!file) return file.error();
  std::unique_ptr<TurnMarks> marks(new TurnMarks(path, std::move(*file)));
  if (auto mapped = marks->map(); !mapped) return mapped.error();
  const bool changed = marks->begin(build);
  marks->note_starts();
  if (!changed) return marks;
  if (auto synced = marks->sync(); !synced) return synced.error();
  return marks;
}

TurnMarks::~TurnMarks() {
  if (memory_ != nullptr) ::munmap(memory_, kTurnsFileBytes);
}

base::Status TurnMarks::map() {
  // Writing to a mapped page that has no block on the disk would kill the process when it is full.
  const int code = ::posix_fallocate(file_.get(), 0, kTurnsFileBytes);
  if (code != 0) return file_error(code, "write", path_);
  void* const memory =
      ::mmap(nullptr, kTurnsFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (memory == MAP_FAILED) return file_error(errno, "map", path_);
  memory_ = static_cast<char*>(memory);
  return {};
}

// True: something that must be synced has changed.
bool TurnMarks::begin(std::uint64_t build) {
  bool changed = false;
  for (Entry& entry : std::span(entries(), kMostRuns)) {
    if (entry.run == 0 || (entry.holds() && entry.build == build)) continue;
    entry = {};
    changed = true;
  }
  // The marks of another build say nothing about this one.
  if (trusted() && load_le<std::uint64_t>(memory_ + kBuild) == build) changed |= count(build);
  const std::string header = turns_header(boot_of_turns());
  std::memcpy(memory_, header.data(), header.size());
  store_le(build, memory_ + kBuild);
  other_reason(memory_) = 0;
  for (TurnMark& mark : marks_in(memory_)) {
    mark.set(0, 0);
  }
  return changed;
}

// Was the file written since the machine was started?
bool TurnMarks::trusted() const {
  const std::string boot = boot_of_turns();
  return !boot.empty() && std::string_view(memory_, kTurnsHeaderBytes) == turns_header(boot);
}

bool TurnMarks::count(std::uint64_t build) {
  const auto marks = marks_in(memory_);
  // If the run to blame is known, the others just happened to run.
  const bool known =
      other_reason(memory_) != 0 || std::any_of(marks.begin(), marks.end(), is_known);
  const auto is_suspect = [known](const TurnMark& mark) {
    return mark.run != 0 && (!known || is_known(mark));
  };
  bool changed = false;
  for (Entry& entry : std::span(entries(), kMostRuns)) {
    const auto is_its = [&](const TurnMark& mark) {
      return is_suspect(mark) && key_of(mark) == entry.run;
    };
    // Only deaths in a row count together.
    if (entry.set_aside != 0 || entry.unseen == 0) continue;
    if (std::any_of(marks.begin(), marks.end(), is_its)) continue;
    entry.unseen = 0;
    entry.seal();
    changed = true;
  }
  std::set<RunNumber> counted;  // several shards may have been starting runs of one workflow
  for (const TurnMark& mark : marks) {
    if (!is_suspect(mark)) continue;
    if (!counted.insert(key_of(mark)).second) continue;
    count(find_or_add(key_of(mark), build), mark);
  }
  return changed || !counted.empty();
}

void TurnMarks::count(Entry& entry, const TurnMark& mark) {
  entry.cause = mark.cause;
  entry.place = mark.place;
  ++(was_seen(mark) ? entry.seen : entry.unseen);
  const auto most_seen = mark.starting == 0 ? kMostSeen : kMostSeenStarting;
  if (entry.seen >= most_seen || entry.unseen >= kMostUnseen) entry.set_aside = 1;
  entry.seal();
}

TurnMarks::Entry* TurnMarks::entries() const {
  return reinterpret_cast<Entry*>(memory_ + kDeathsAt);
}

TurnMarks::Entry* TurnMarks::find(RunNumber run) const {
  const auto all = std::span(entries(), kMostRuns);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Entry& entry) { return entry.run == run; });
  return found == all.end() ? nullptr : &*found;
}

// When there is no room, another entry is dropped and starts afresh: if possible one that is not
// set aside, or one of a workflow, which costs one process fewer than one of a run.
TurnMarks::Entry& TurnMarks::find_or_add(RunNumber run, std::uint64_t build) {
  Entry* entry = find(run);
  if (entry != nullptr) return *entry;
  entry = find(0);
  if (entry == nullptr) {
    const auto all = std::span(entries(), kMostRuns);
    const auto value = [](const Entry& one) {
      return std::tuple(one.set_aside, one.set_aside != 0 && !is_of_workflow(one.run), one.run);
    };
    entry = &*std::min_element(all.begin(), all.end(),
                               [&](const Entry& a, const Entry& b) { return value(a) < value(b); });
  }
  *entry = {};
  entry->run = run;
  entry->build = build;
  return *entry;
}

void TurnMarks::note_starts() {
  for (const Entry& entry : std::span(entries(), kMostRuns)) {
    if (is_of_workflow(entry.run) && entry.set_aside != 0) fatal_starts_.push_back(entry.run);
  }
}

bool TurnMarks::ends_processes_at_start(std::uint64_t workflow) const {
  return std::find(fatal_starts_.begin(), fatal_starts_.end(), key_of_workflow(workflow)) !=
         fatal_starts_.end();
}

void TurnMarks::gets_on(RunNumber run) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = find(run);
  if (entry == nullptr || entry->unseen == 0) return;
  entry->unseen = 0;
  entry->seal();
}

std::vector<Deaths> TurnMarks::deaths() const {
  const std::lock_guard lock(mutex_);
  std::vector<Deaths> all;
  for (const Entry& entry : std::span(entries(), kMostRuns)) {
    if (entry.run == 0 || is_of_workflow(entry.run)) continue;
    all.push_back({entry.run, entry.place, entry.cause, entry.seen, entry.unseen, entry.set_aside});
  }
  return all;
}

base::Status TurnMarks::forget_if(base::FunctionRef<bool(RunNumber)> chosen) {
  const std::lock_guard lock(mutex_);
  bool changed = false;
  for (Entry& entry : std::span(entries(), kMostRuns)) {
    if (entry.run == 0 || is_of_workflow(entry.run) || !chosen(entry.run)) continue;
    entry = {};
    changed = true;
  }
  return changed ? sync() : base::Status();
}

base::Status TurnMarks::forget_in(const std::string& path, RunNumber run) {
  if (::access(path.c_str(), F_OK) != 0) return {};  // nothing is known of any run
  auto file = open_file(path, O_RDWR);
  if (!file) return file.error();
  const auto written = is_written(*file, path);
  if (!written) return written.error();
  if (!*written) return {};
  TurnMarks marks(path, std::move(*file));
  if (auto mapped = marks.map(); !mapped) return mapped;
  return marks.forget(run);
}

base::Status TurnMarks::forget(RunNumber run) {
  for (TurnMark& mark : marks_in(memory_)) {
    if (mark.run != run) continue;
    // The code that ended the process is known nevertheless: the others just happened to run.
    if (is_known(mark)) ends_for_another_reason();
    mark.set(0, 0);
  }
  if (Entry* const entry = find(run); entry != nullptr) *entry = {};
  return sync();
}

// The file's name too, which may be as new as its content.
base::Status TurnMarks::sync() const {
  if (::msync(memory_, kTurnsFileBytes, MS_SYNC) != 0 || ::fsync(file_.get()) != 0) {
    return file_error(errno, "write", path_);
  }
  return sync_path(parent_of(path_));
}

TurnMark* TurnMarks::of_shard(std::size_t index) {
  return index < kMostShards ? &marks_in(memory_)[index] : nullptr;
}

void TurnMarks::ends_for_another_reason() {
  other_reason(memory_) = 1;
}

}  // namespace reprise::store
