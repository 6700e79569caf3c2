// Ways in which code depends on something else than its log.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace reprise::testing {

struct Hazard {
  std::string what;
  std::function<void()> code;  // called as workflow code; does its work, caught or not
};

// What the guard is for.
std::vector<Hazard> calls();
// What is no call: nothing that the guard looks at sees it.
std::vector<Hazard> no_calls();

}  // namespace reprise::testing
