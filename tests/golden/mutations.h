// Histories with one thing changed: what a replay must find, and what it must not mind.
#pragma once
#include <string>

#include "base/function_ref.h"
#include "proto/history.pb.h"

namespace golden {

enum class Expected {
  kFound,          // by every replay
  kFoundIfStrict,  // by a strict one, and by no other: the code may be changed so
  kNotFound,       // it is the history of the same code all the same
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
// - another value of a side effect. It is an input of the code in the dress of a command: on replay
//   the code gets what the log has and computes nothing that could differ. It shows when the code
//   uses it in a command, as any other input does;
// - other inputs: results of activities, signals, times. They are what happened, and there is
//   nothing to compare them with. Only an answer to a command that was never made is impossible;
// - attempts and heartbeats that the engine keeps books with. The code does not see them;
// - equal neighbours swapped: the same history.
//
// And what is among them and must not be found: a second marker of a deprecated change, or another
// `deprecated` of a marker. Code at any stage of a change takes the markers of the others.
void for_each_mutant(const reprise::proto::History& history,
                     reprise::base::FunctionRef<void(Mutant)> visit);

}  // namespace golden
