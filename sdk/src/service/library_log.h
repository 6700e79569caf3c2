// Lines that libraries would write to stderr, in an engine's log: protobuf complains there of what
// is in users' messages.
#pragma once
#include <memory>

#include "reprise/options.h"

namespace reprise::internal {

// While it lives, protobuf's lines go to `log`, or to that of a younger one. Before the first and
// behind the last of the process they go where they went before. The handler is the process's own:
// one that the program sets later is left in place. Any thread.
class LibraryLog {
 public:
  explicit LibraryLog(LogSink log);
  ~LibraryLog();
  LibraryLog(const LibraryLog&) = delete;
  LibraryLog& operator=(const LibraryLog&) = delete;

 private:
  const std::shared_ptr<const LogSink> log_;
};

}  // namespace reprise::internal
