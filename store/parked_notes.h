// Which runs an engine has parked, and why: for tools beside it, and after it. No part of any
// history, and nothing follows from it: it is a file that is never synced, what cannot be written
// to it is left out, and the next engine that opens the store begins it anew.
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

// What the file says; nothing when there is none, or it is something else.
ParkedRuns read_parked_notes(const std::string& path);

// Thread-safe.
class ParkedNotes {
 public:
  // nullptr: the file cannot be had.
  static std::unique_ptr<ParkedNotes> begin(const std::string& path);
  // Behind what is there, for whoever changes a note of the last engine's. nullptr: nothing is.
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
