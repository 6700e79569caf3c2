// The decisions of a test: the usual ones, those of its seed, or those of a script.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/function_ref.h"
#include "reprise/testing/env.h"

namespace reprise::internal {

// The source of decisions. `at` counts the decisions of one kind, from 1; the outcome 0 is the
// usual one.
class DecisionSource {
 public:
  virtual ~DecisionSource() = default;
  virtual int pick(testing::Choice choice, int at, int ways) const = 0;
};

// Makes the decisions of one test and remembers those that were not the usual ones.
class Decisions {
 public:
  explicit Decisions(const testing::EnvOptions& options);

  // Can the outcome be an unusual one at all?
  bool any() const { return source_ != nullptr; }
  // Does the process die at every commit, without a decision?
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
