// Histories with one change: those that a replay must find, and those that it must accept.
#pragma once
#include <string>

#include "base/function_ref.h"
#include "proto/history.pb.h"

namespace golden {

enum class Expected {
  kFound,          // by every replay
  kFoundIfStrict,  // only by a strict one: code may be changed in this way
  kNotFound,       // it is still a history of the same code
};

struct Mutant {
  std::string mutation;  // "another name"
  std::string place;     // "turn 3, ActivityScheduled charge, name"
  Expected expected = Expected::kFound;
  reprise::proto::History history{};
};

// Visits every mutant that changes one command, one answer, or one turn of the history.
//
// What is not among them, because a replay cannot know:
// - another value of a side effect. Although a command, it is really an input: on replay the code
//   gets the recorded value and computes nothing that could differ. Like any other input it shows
//   when the code uses it in a command;
// - other inputs: results of activities, signals, times. They are what happened, and there is
//   nothing to compare them with. Only an answer to a command that was never made is impossible;
// - attempts and heartbeats, which are the engine's bookkeeping. The code does not see them;
// - equal neighbours swapped: the same history.
//
// Some mutants must not be found: a second marker of a deprecated change, or another `deprecated`
// of a marker. Code at any stage of a change accepts the markers of the others.
void for_each_mutant(const reprise::proto::History& history,
                     reprise::base::FunctionRef<void(Mutant)> visit);

}  // namespace golden
