// A process with an engine, seen from the oracle's process: it gets calls over one pipe, answers
// over another, and is killed.
#pragma once
#include <optional>
#include <string>
#include <sys/types.h>

#include "tests/model/child.h"
#include "tests/model/wire.h"

namespace reprise::model {

class Life {
 public:
  // Make it in a process without threads.
  explicit Life(const ChildOptions& options);
  ~Life();
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  void tell(const Call& call);
  // Waits for the next answer; nullopt: there will be none, or not within a minute.
  std::optional<Answer> hear();
  // Answers that it sent before it died are still read.
  void kill();
  // After its last answer.
  bool ended_well();

 private:
  void forget();

  pid_t process_ = -1;
  int calls_ = -1;
  int answers_ = -1;
  Frames frames_;
};

}  // namespace reprise::model
