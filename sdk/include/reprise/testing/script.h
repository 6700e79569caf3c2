// The decisions that make the order of events in a test, and how a test repeats one order exactly.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace reprise::testing {

// The places where an Env may go on in more than one way.
enum class Choice : std::uint8_t {
  // Attempts are waiting, and so are results, signals or timers. 0: these go to their runs first;
  // 1: another attempt is executed first.
  kActivitiesFirst,
  // Several attempts wait for a worker: which is executed next, by its place in the queue.
  kAttempt,
  // Several results wait for their runs: which is delivered next, by its place in the queue (the
  // longest waiting is 0).
  kResult,
  // A result was delivered and others wait. 1: the next one is delivered with it, in one turn if
  // the run is the same; 0: on its own.
  kSameTurn,
  // A commit is about to be made. 1: the process dies right after it; 2: right before it, so that
  // what it would have recorded never happened; 0: the process does not die.
  kCrash,
};

// One decision that was not the usual one.
struct Decision {
  Choice choice{};
  int at = 0;    // the number of this decision among those of its kind in the test, from 1
  int pick = 0;  // what was decided, see Choice; 0 is the usual way
  // What that meant, for people. Ignored when the script is used.
  std::string meaning{};

  friend bool operator==(const Decision& a, const Decision& b) {
    return a.choice == b.choice && a.at == b.at && a.pick == b.pick;
  }
};

// Decisions that are not in it are made the usual way, and so is one that has fewer choices than
// its `pick` says.
using Script = std::vector<Decision>;

// The script as C++ to paste after `.script = `; lines after the first are indented by `indent`
// spaces.
std::string to_cpp(const Script& script, int indent = 0);

}  // namespace reprise::testing
