// The state of a strand, for people: reports, debuggers, the step tool.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace reprise::replay {

struct StrandStatus {
  std::size_t number = 0;     // from 1, the workflow function itself, in order of creation
  std::string waits_for;      // "activity charge or signal packed"; empty: for nothing, it runs
  std::vector<void*> frames;  // for base::Symbols, the innermost first
};

}  // namespace reprise::replay
