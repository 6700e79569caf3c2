// What decides the order of things in a test, and how a test repeats one order exactly.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace reprise::testing {

// The places where an Env may go on in more than one way.
enum class Choice : std::uint8_t {
  // Attempts wait while results, signals or timers do. 0: those go to their runs first; 1: another
  // attempt is executed first.
  kActivitiesFirst,
  // Several attempts wait for a worker: which is executed next, by its place in the queue.
  kAttempt,
  // Several results wait for their runs: which is delivered next, by its place among those that
  // wait, the one waiting longest first.
  kResult,
  // A result was delivered and others wait. 1: the next one with it, in one turn if the run is the
  // same; 0: on its own.
  kSameTurn,
  // Something is about to become durable. 1: the process dies right behind the commit, 2: right
  // before it, so that what it would have recorded never happened; 0: it does not.
  kCrash,
};

// One decision that was not the usual one.
struct Decision {
  Choice choice{};
  int at = 0;    // the how-manieth decision of this kind in the test, from 1
  int pick = 0;  // what was decided, see Choice; 0 is the usual way
  // What that meant, for people. Never looked at.
  std::string meaning{};

  friend bool operator==(const Decision& a, const Decision& b) {
    return a.choice == b.choice && a.at == b.at && a.pick == b.pick;
  }
};

// Everything that is not in it goes the usual way, and so does a decision that has fewer ways than
// its `pick` says.
using Script = std::vector<Decision>;

// The script as C++ that can be pasted behind `.script = `; lines after the first are indented by
// `indent` spaces.
std::string to_cpp(const Script& script, int indent = 0);

}  // namespace reprise::testing
