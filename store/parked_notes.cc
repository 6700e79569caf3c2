#include "store/parked_notes.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/ids.h"
#include "store/bytes.h"

namespace reprise::store {
namespace {

// The file: the magic, then a record for each change:
//   0 bytes of the report 4 | 4 error code 4, 0: no longer parked | 8 run 8 | 16 hash 8
//   24 sequence number of the run's last record 8 | 32 its chain 8 | 40 report
// The hash is of all the rest. What does not verify ends the file: it was being written.
constexpr std::string_view kNotesMagic = "RPPARK02";
constexpr std::size_t kNoteHead = 40;
constexpr std::size_t kMostBytes = 64 << 20;  // with more, reports are left out
constexpr std::size_t kMostRead = 4 * kMostBytes;

// No engine has made a link or a pipe.
std::optional<File> open_regular(const std::string& path, int flags) {
  auto file = open_file(path, flags | O_NOFOLLOW | O_NONBLOCK);
  struct stat info {};
  if (!file || ::fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return std::move(*file);
}

std::uint64_t hash_of(std::string_view note) {
  return base::hash64(std::string(note.substr(0, 16)) + std::string(note.substr(24)));
}

std::string encode(const ParkedNote& note, std::size_t longest) {
  const std::string_view report = std::string_view(note.why.message).substr(0, longest);
  std::string bytes(kNoteHead, '\0');
  store_le(static_cast<std::uint32_t>(report.size()), bytes.data());
  store_le(static_cast<std::uint32_t>(note.why.code), bytes.data() + 4);
  store_le(note.at.run, bytes.data() + 8);
  store_le(note.at.seq, bytes.data() + 24);
  store_le(note.at.chain, bytes.data() + 32);
  bytes += report;
  store_le(hash_of(bytes), bytes.data() + 16);
  return bytes;
}

std::string read_all(const File& file) {
  std::string content;
  char buffer[4096];
  while (content.size() < kMostRead) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got <= 0) break;
    content.append(buffer, static_cast<std::size_t>(got));
  }
  return content;
}

// Returns how many bytes of the content are notes; 0: not a file of notes.
std::size_t take_notes(std::string_view content, ParkedRuns* parked) {
  if (!content.starts_with(kNotesMagic)) return 0;
  std::string_view rest = content.substr(kNotesMagic.size());
  while (rest.size() >= kNoteHead) {
    const auto length = load_le<std::uint32_t>(rest.data());
    if (length > kLongestReport || rest.size() < kNoteHead + length) break;
    const std::string_view note = rest.substr(0, kNoteHead + length);
    if (load_le<std::uint64_t>(note.data() + 16) != hash_of(note)) break;
    const auto code = load_le<std::uint32_t>(note.data() + 4);
    const ChainEnd at{load_le<RunNumber>(note.data() + 8), load_le<Seq>(note.data() + 24),
                      load_le<std::uint64_t>(note.data() + 32)};
    if (code == 0) {
      parked->erase(at.run);
    } else {
      const base::Error why{static_cast<base::ErrorCode>(code),
                            std::string(note.substr(kNoteHead))};
      parked->insert_or_assign(at.run, ParkedNote{why, at});
    }
    rest.remove_prefix(kNoteHead + length);
  }
  return content.size() - rest.size();
}

}  // namespace

ParkedRuns read_parked_notes(const std::string& path) {
  ParkedRuns parked;
  const auto file = open_regular(path, O_RDONLY);
  if (file) (void)take_notes(read_all(*file), &parked);
  return parked;
}

std::unique_ptr<ParkedNotes> ParkedNotes::open(const std::string& path) {
  if (auto notes = go_on(path)) return notes;
  auto file = open_regular(path, O_RDWR | O_CREAT | O_APPEND);
  if (!file || ::ftruncate(file->get(), 0) != 0) return nullptr;
  std::unique_ptr<ParkedNotes> notes(new ParkedNotes(path, std::move(*file), 0));
  const ssize_t written = ::write(notes->file_.get(), kNotesMagic.data(), kNotesMagic.size());
  notes->broken_ = written != static_cast<ssize_t>(kNotesMagic.size());
  notes->bytes_ = kNotesMagic.size();
  return notes;
}

std::unique_ptr<ParkedNotes> ParkedNotes::go_on(const std::string& path) {
  auto file = open_regular(path, O_RDWR | O_APPEND);
  if (!file) return nullptr;
  ParkedRuns parked;
  const std::size_t bytes = take_notes(read_all(*file), &parked);
  // A partial note at the end is from an engine that was killed.
  if (bytes == 0 || ::ftruncate(file->get(), static_cast<off_t>(bytes)) != 0) return nullptr;
  return std::unique_ptr<ParkedNotes>(new ParkedNotes(path, std::move(*file), bytes));
}

ParkedNotes::~ParkedNotes() {
  if (unsynced_) (void)::fdatasync(file_.get());
}

void ParkedNotes::parked(const ParkedNote& note) {
  const std::lock_guard lock(mutex_);
  append(note);
}

void ParkedNotes::unparked(RunNumber run) {
  const std::lock_guard lock(mutex_);
  append({{}, {.run = run}});
}

void ParkedNotes::keep(const std::function<bool(const ParkedNote&)>& wanted) {
  const std::lock_guard lock(mutex_);
  ParkedRuns notes = read_parked_notes(path_);
  const bool all = std::all_of(notes.begin(), notes.end(),
                               [&](const auto& note) { return wanted(note.second); });
  if (all) return;
  std::erase_if(notes, [&](const auto& note) { return !wanted(note.second); });
  rewrite(notes);
}

void ParkedNotes::append(const ParkedNote& note) {
  if (bytes_ > rewrite_at_ && !broken_) {
    rewrite(read_parked_notes(path_));
    rewrite_at_ = std::max(std::size_t{1} << 20, 2 * bytes_);
  }
  const std::string bytes = encode(note, bytes_ < kMostBytes ? kLongestReport : 0);
  if (broken_ || bytes_ + bytes.size() > kMostRead) return;
  bytes_ += bytes.size();
  // A note after a partial one would not be found.
  broken_ = ::write(file_.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size());
  sync_now_and_then();
}

// The file is replaced by a whole one: a reader, and the next engine, find the old or the new one.
void ParkedNotes::rewrite(const ParkedRuns& notes) {
  std::string bytes(kNotesMagic);
  for (const auto& [run, note] : notes) bytes += encode(note, kLongestReport);
  const std::string unfinished = path_ + ".new";
  (void)::unlink(unfinished.c_str());
  auto file = open_regular(unfinished, O_RDWR | O_CREAT | O_EXCL | O_APPEND);
  if (!file) return;
  const bool written =
      ::write(file->get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
      ::fdatasync(file->get()) == 0;
  if (!written || ::rename(unfinished.c_str(), path_.c_str()) != 0) {
    (void)::unlink(unfinished.c_str());
    return;
  }
  file_ = std::move(*file);
  bytes_ = bytes.size();
}

// Many runs may be parked at once, and a shard waits for it.
void ParkedNotes::sync_now_and_then() {
  constexpr std::chrono::seconds kEvery(1);
  const auto now = std::chrono::steady_clock::now();
  unsynced_ = true;
  if (now - synced_ < kEvery) return;
  synced_ = now;
  unsynced_ = ::fdatasync(file_.get()) != 0;
}

}  // namespace reprise::store
