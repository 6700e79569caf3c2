// An exception that left the code of a run, with the stack that it was thrown on.
//
// When it is caught that stack is gone. But an exception is thrown in two passes: the first looks
// for a handler, asking the type of each catch clause on the way, and only the second removes
// frames. StackLook is a type that catches nothing: when asked, it saves the stack and declines
// (docs/adr/0030-stacks-of-exceptions.md). It costs nothing until an exception has passed all of
// the user's handlers.
#pragma once
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "base/symbols.h"
#include "replay/strand_status.h"

namespace reprise::replay {

struct Thrown {
  std::string type{};       // "std::out_of_range", "int"
  std::string what{};       // empty: not a std::exception
  std::string in{};         // "the workflow's function", "the handler of signal 'packed'"
  std::uint64_t event = 0;  // the input that the code ran on, by its number in the history
  std::string input{};      // "TimerFired #1"
  StrandStatus strand{};    // that threw it, and where
};

// For `catch (const StackLook&)`, after the clauses whose exceptions are of no interest and before
// those that take the rest. Never thrown.
class StackLook {
 public:
  virtual ~StackLook();
  // During an observed replay, called at the throw, on its stack, with the type and text of the
  // exception. Must not throw. One per thread; returns the previous one.
  using Witness = void (*)(void* context, const std::string& what);
  struct Told {
    Witness witness = nullptr;
    void* context = nullptr;
  };
  static Told tell(Told told);

  // Where the exception that this strand is catching was thrown, the innermost frame first; empty:
  // unknown. Once.
  static std::vector<void*> take();
};

// Inside a catch block: for the exception caught.
std::string current_exception_type();

// The user's functions on the stack that it was thrown on, the innermost first.
std::vector<base::Symbol> user_frames(const Thrown& thrown, base::Symbols& symbols);

// The innermost of the user's functions on the stack, "shop/checkout.cc:41" or its name where there
// is no debug information; empty: not known.
std::string place_of(const Thrown& thrown, base::Symbols& symbols);

// The text for people: what was thrown, by which code, where, and what to do. nullptr: without
// places. Reads debug information: not on a strand.
std::string report(const Thrown& thrown,
                   std::string_view workflow,
                   std::string_view workflow_id,
                   std::string_view run_id,
                   base::Symbols* symbols);

}  // namespace reprise::replay
