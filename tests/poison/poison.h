// Runs that take the process with them, among runs that do nothing wrong; one process after the
// other over one store, until there is calm.
#pragma once
#include <string>
#include <vector>

#include "tests/support/child_lines.h"

namespace reprise::poison {

// A way in which code ends its process, or does not let it end.
struct Kind {
  std::string name;
  bool seen = true;           // by the engine, before the process ends
  bool dies = true;           // false: it is only in the way
  std::string says{};         // what the process must have said
  bool when_unwound = false;  // when the run leaves memory, where it waits
  bool at_start = false;      // in its first turn, of which nothing is recorded at first
};
std::vector<Kind> kinds();

// Does what the kind is named for. On a strand of a run.
void take_poison(const std::string& kind);

struct Process {
  std::string store;
  std::string says;  // a file for its standard error
  Kind kind{};
  int shards = 2;
  int innocents = 10;
  bool mended = false;    // the code of the run is harmless now, and the run is tried again
  int kill_after_ms = 0;  // 0: it ends by itself
};

// What it has said when it ended: "calm" at the end of its work, "parked RP2010" of the poison,
// "mended" when that run has completed.
reprise::testing::ChildLines run_process(const Process& process);

}  // namespace reprise::poison
