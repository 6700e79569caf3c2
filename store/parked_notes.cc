#include "store/parked_notes.h"

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
//   0 bytes of the report 4 | 4 error code 4, 0: no longer parked | 8 run 8 | 16 hash 8 | 24 report
// The hash is of all the rest. What does not verify ends the file: it was being written.
constexpr std::string_view kNotesMagic = "RPPARK01";
constexpr std::size_t kNoteHead = 24;
constexpr std::size_t kLongestReport = 8 << 10;
constexpr std::size_t kMostBytes = 64 << 20;

// No engine has made a link or a pipe.
std::optional<File> open_regular(const std::string& path, int flags) {
  auto file = open_file(path, flags | O_NOFOLLOW | O_NONBLOCK);
  struct stat info {};
  if (!file || ::fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return std::move(*file);
}

std::uint64_t hash_of(std::string_view head, std::string_view report) {
  return base::hash64(std::string(head.substr(0, 16)) + std::string(report));
}

std::string read_all(const File& file) {
  std::string content;
  char buffer[4096];
  while (content.size() < kMostBytes + sizeof buffer) {
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
    const std::string_view report = rest.substr(kNoteHead, length);
    if (load_le<std::uint64_t>(rest.data() + 16) != hash_of(rest, report)) break;
    const auto code = load_le<std::uint32_t>(rest.data() + 4);
    const auto run = load_le<RunNumber>(rest.data() + 8);
    if (code == 0) {
      parked->erase(run);
    } else {
      parked->insert_or_assign(
          run, base::Error{static_cast<base::ErrorCode>(code), std::string(report)});
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

std::unique_ptr<ParkedNotes> ParkedNotes::begin(const std::string& path) {
  auto file = open_regular(path, O_WRONLY | O_CREAT | O_APPEND);
  if (!file || ::ftruncate(file->get(), 0) != 0) return nullptr;
  std::unique_ptr<ParkedNotes> notes(new ParkedNotes(std::move(*file)));
  const ssize_t written = ::write(notes->file_.get(), kNotesMagic.data(), kNotesMagic.size());
  notes->broken_ = written != static_cast<ssize_t>(kNotesMagic.size());
  return notes;
}

std::unique_ptr<ParkedNotes> ParkedNotes::go_on(const std::string& path) {
  auto file = open_regular(path, O_RDWR | O_APPEND);
  if (!file) return nullptr;
  ParkedRuns parked;
  const std::size_t bytes = take_notes(read_all(*file), &parked);
  // A partial note at the end is from an engine that was killed.
  if (bytes == 0 || ::ftruncate(file->get(), static_cast<off_t>(bytes)) != 0) return nullptr;
  std::unique_ptr<ParkedNotes> notes(new ParkedNotes(std::move(*file)));
  notes->bytes_ = bytes;
  return notes;
}

void ParkedNotes::parked(RunNumber run, const base::Error& why) {
  append(run, static_cast<std::uint32_t>(why.code),
         std::string_view(why.message).substr(0, kLongestReport));
}

void ParkedNotes::unparked(RunNumber run) {
  append(run, 0, {});
}

void ParkedNotes::append(RunNumber run, std::uint32_t code, std::string_view report) {
  std::string note(kNoteHead, '\0');
  store_le(static_cast<std::uint32_t>(report.size()), note.data());
  store_le(code, note.data() + 4);
  store_le(run, note.data() + 8);
  store_le(hash_of(note, report), note.data() + 16);
  note += report;
  const std::lock_guard lock(mutex_);
  bytes_ += note.size();
  if (broken_ || bytes_ > kMostBytes) return;
  // A note after a partial one would not be found.
  broken_ = ::write(file_.get(), note.data(), note.size()) != static_cast<ssize_t>(note.size());
}

}  // namespace reprise::store
