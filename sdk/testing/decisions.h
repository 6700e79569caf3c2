// Which of several ways a test goes: the usual one, the one its seed picks, or what a script says.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/function_ref.h"
#include "reprise/testing/env.h"

namespace reprise::internal {

// Where decisions come from. `at` counts the decisions of one kind, from 1; 0 is the usual way.
class DecisionSource {
 public:
  virtual ~DecisionSource() = default;
  virtual int pick(testing::Choice choice, int at, int ways) const = 0;
};

// Makes the decisions of one test and remembers those that were not the usual ones.
class Decisions {
 public:
  explicit Decisions(const testing::EnvOptions& options);

  // Can it come out otherwise than usual at all? If not, nobody need be asked.
  bool any() const { return source_ != nullptr; }
  // Does the process die at every commit, by no decision of anybody's?
  bool crashes_always() const { return crashes_always_; }
  // From 0 to `ways` - 1. `meaning` describes what was picked.
  int make(testing::Choice choice, int ways, base::FunctionRef<std::string(int)> meaning);
  const testing::Script& made() const { return made_; }

 private:
  std::unique_ptr<const DecisionSource> source_;
  bool crashes_always_;
  std::map<testing::Choice, int> counts_;
  testing::Script made_;
};

}  // namespace reprise::internal
