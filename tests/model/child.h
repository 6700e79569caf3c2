// The process that is killed: an engine, workers, and a thread for each lane that makes the calls
// it is told to, and answers each when the call has returned.
#pragma once
#include <cstdint>
#include <string>

namespace reprise::model {

// What it does wrong, to show that the oracle notices.
enum class Lie : std::uint8_t {
  kNone,
  kSaysWhatItDidNot,  // of one message in five
  kChangesAnAnswer,   // of one in seven
  kDoesItTwice,       // one signal in five
  kForgets,           // nothing, but its store is put back to what it was before it lived
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
// answer has the number 0: it is open.
void live(const ChildOptions& options, int calls, int answers);

}  // namespace reprise::model
