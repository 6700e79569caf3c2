// The process that is killed: an engine, workers, and a thread for each lane that makes the calls
// it gets, and answers each when the call has returned.
#pragma once
#include <cstdint>
#include <string>

namespace reprise::model {

// Deliberate faults, to show that the oracle notices them.
enum class Lie : std::uint8_t {
  kNone,
  kSaysWhatItDidNot,  // of one message in five
  kChangesAnAnswer,   // of one in seven
  kDoesItTwice,       // one signal in five
  kForgets,           // nothing, but its store is put back to its earlier state
  kStartsAnyway,      // a start that its id forbids, just before it dies
};

struct ChildOptions {
  std::string store;
  std::uint64_t seed = 0;  // of the names
  std::uint32_t lanes = 1;
  bool executes = true;  // has workers
  bool mended = false;
  Lie lie = Lie::kNone;
};

// Takes calls from one descriptor and answers on the other until there are no more. The first
// answer, number 0, means that the engine is open.
void live(const ChildOptions& options, int calls, int answers);

}  // namespace reprise::model
