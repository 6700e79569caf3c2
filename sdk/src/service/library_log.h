// Sends lines that libraries would write to stderr to an engine's log: protobuf complains about the
// content of users' messages.
#pragma once
#include <memory>

#include "reprise/options.h"

namespace reprise::internal {

// While it lives, protobuf's lines go to `log`, or to that of a newer object. Before the first and
// after the last object of the process they go where they went before. The process has one handler:
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
