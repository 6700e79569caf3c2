// One process with an engine, as the oracle's process has it: told calls over one pipe, heard over
// another, killed.
#pragma once
#include <optional>
#include <string>
#include <sys/types.h>

#include "tests/model/child.h"
#include "tests/model/wire.h"

namespace reprise::model {

class Life {
 public:
  // To be made in a process without threads.
  explicit Life(const ChildOptions& options);
  ~Life();
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  void tell(const Call& call);
  // Waits for the next answer; nullopt: there will be none, or not within a minute.
  std::optional<Answer> hear();
  // What it had said before it died is heard all the same.
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
