// A process with an engine of threads whose disk fails.
#pragma once
#include <cstdint>
#include <string>

namespace reprise::testing {

struct ExitResult {
  std::string wrong;  // empty: nothing
  bool hit = false;   // the failure took place, so the process had to end
};

// In a child: starts run after run until the `at`-th sync of `part`, "journal" or "archive", fails.
// It must say why, end with exit code 70, and must not have acknowledged a start that is then
// missing.
ExitResult run_failing_process(const std::string& scratch, const std::string& part, int at);

}  // namespace reprise::testing
