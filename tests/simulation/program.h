// Workflow code for simulations: the number that a run is started with decides what it does.
// Together the programs use everything that workflow code can ask for.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "replay/execution.h"
#include "tests/support/random.h"

namespace reprise::simulation {

// The world as seen by workflow code; its answers are recorded, and nothing is asked twice.
struct Outside {
  std::function<std::string()> fresh;  // a value never seen before
  // One execution of a step's closure.
  std::function<replay::Outcome(const replay::RunInfo& run, const std::string& step)> step;
  bool loses_updates = false;  // a control: transactions do not always read what is newest
  bool bug = false;            // this version of the code throws a wrong exception
  bool other_answers = false;  // a control: queries say what the history does not
  bool deterministic = true;   // false, a control: the code does what the log does not say
};

// `input` is the number in decimal; anything after it is ignored.
replay::WorkflowCode program(const Outside& outside);

// The number of a program that waits for signals until it is cancelled, and for nothing else.
inline constexpr std::uint64_t kListener = 0;
// Reads a few signals and continues as itself, for ever.
inline constexpr std::uint64_t kRelay = 1;
// Reads signals until it is cancelled, as a listener, and takes a checkpoint after a few.
inline constexpr std::uint64_t kCounter = 2;

// The name under which programs publish how far they are.
inline constexpr const char* kSetting = "how far";

}  // namespace reprise::simulation
