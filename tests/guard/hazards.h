// Ways in which code depends on something other than its log.
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
// Hazards that are not calls: the guard cannot see them.
std::vector<Hazard> no_calls();

}  // namespace reprise::testing
