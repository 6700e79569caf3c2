// Which runs an engine has parked, and why: for tools that run beside the engine or after it. Not
// part of any history, and nothing depends on it: the file is never synced, a note that cannot be
// written is left out, and the next engine that opens the store begins it anew.
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/files.h"
#include "store/record.h"

namespace reprise::store {

using ParkedRuns = std::map<RunNumber, base::Error>;

// The notes in the file; none if it is missing or is something else.
ParkedRuns read_parked_notes(const std::string& path);

// Thread-safe.
class ParkedNotes {
 public:
  // nullptr: the file cannot be created.
  static std::unique_ptr<ParkedNotes> begin(const std::string& path);
  // Appends to the last engine's notes, for a tool that changes one. nullptr: there are none.
  static std::unique_ptr<ParkedNotes> go_on(const std::string& path);

  void parked(RunNumber run, const base::Error& why);
  void unparked(RunNumber run);

 private:
  explicit ParkedNotes(File file) : file_(std::move(file)) {}
  void append(RunNumber run, std::uint32_t code, std::string_view report);

  std::mutex mutex_;
  const File file_;
  std::size_t bytes_ = 0;
  bool broken_ = false;
};

}  // namespace reprise::store
