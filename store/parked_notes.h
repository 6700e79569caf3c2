// Which runs an engine has parked, and why: for tools that run beside the engine or after it, and
// for the next engine. Not part of any history, and nothing depends on it: a note that cannot be
// written is left out. A note names the run's last record at the time, so that a reader knows
// whether the run's code has recorded anything since: then the note is old, whatever a crash has
// kept or lost. Written to disk within a second if the system goes on; of a failure of the power
// within that time the last notes may be lost.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/files.h"
#include "store/record.h"

namespace reprise::store {

inline constexpr std::size_t kLongestReport = 8 << 10;

struct ParkedNote {
  base::Error why;  // its message is cut after kLongestReport bytes
  ChainEnd at{};  // the run's last record then; seq 0: it had none
};
using ParkedRuns = std::map<RunNumber, ParkedNote>;

// The notes in the file; none if it is missing or is something else.
ParkedRuns read_parked_notes(const std::string& path);

// Thread-safe.
class ParkedNotes {
 public:
  // With the notes of the last engine, if there are any. nullptr: the file cannot be created.
  static std::unique_ptr<ParkedNotes> open(const std::string& path);
  // For a tool that changes one. nullptr: there are none.
  static std::unique_ptr<ParkedNotes> go_on(const std::string& path);
  ~ParkedNotes();

  void parked(const ParkedNote& note);
  void unparked(RunNumber run);
  // Drops the others.
  void keep(const std::function<bool(const ParkedNote&)>& wanted);

 private:
  ParkedNotes(std::string path, File file, std::size_t bytes)
      : path_(std::move(path)), file_(std::move(file)), bytes_(bytes) {}
  void append(const ParkedNote& note);
  void rewrite(const ParkedRuns& notes);
  void sync_now_and_then();

  std::mutex mutex_;
  const std::string path_;
  File file_;
  std::size_t bytes_ = 0;
  std::size_t rewrite_at_ = std::size_t{1} << 20;  // with this many bytes, of which most are old
  bool broken_ = false;
  bool unsynced_ = false;
  std::chrono::steady_clock::time_point synced_{};
};

}  // namespace reprise::store
