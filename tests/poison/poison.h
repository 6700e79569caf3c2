// Runs that end the process, among innocent runs; one process after the other over one store, until
// one stays alive.
#pragma once
#include <string>
#include <vector>

#include "tests/support/child_lines.h"

namespace reprise::poison {

// A way in which code ends its process, or keeps it from ending.
struct Kind {
  std::string name;
  bool seen = true;           // by the engine, before the process ends
  bool dies = true;           // false: it only keeps it from ending
  std::string says{};         // what the process must have said
  bool when_unwound = false;  // when the run leaves memory, where it waits
  bool at_start = false;      // in its first turn, of which nothing is recorded at first
};
std::vector<Kind> kinds();

// Acts as the kind says. On a strand of a run.
void take_poison(const std::string& kind);

struct Process {
  std::string store;
  std::string says;  // a file for its standard error
  Kind kind{};
  int shards = 2;
  int innocents = 10;
  bool mended = false;    // the code of the run is corrected, and the run is tried again
  int kill_after_ms = 0;  // 0: it ends by itself
};

// Its output at its end: "calm" at the end of its work, "parked RP2010" for the poison, "mended"
// when that run has completed.
reprise::testing::ChildLines run_process(const Process& process);

}  // namespace reprise::poison
