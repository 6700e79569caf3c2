// Drives one thing of each kind of command through its life in a real Execution, by inputs and by
// calls of the run's code.
#pragma once
#include <memory>
#include <string>

#include "replay/commands/lifecycle.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing {

class Driver {
 public:
  using Kind = replay::Lifecycle::Kind;
  using State = replay::Lifecycle::State;
  using Trigger = replay::Lifecycle::Trigger;

  // What the triggers of one kind leave open.
  struct Variant {
    replay::CancelMode mode = replay::CancelMode::kTry;
    bool by_scope = false;  // a cancelled scope gives it up, instead of a call
  };

  virtual ~Driver() = default;
  // Makes it happen to the thing. False: nothing outside can do that to it now.
  virtual bool act(Trigger on) = 0;
  // Of the thing in the run that is in memory now.
  virtual State state() = 0;
  // What the run's code sees of it.
  virtual std::string seen() = 0;
  // The run leaves memory and comes back by replay.
  virtual bool replays() = 0;
};

// No default: a kind without a driver does not compile.
std::unique_ptr<Driver> driver_of(replay::Lifecycle::Kind kind, Driver::Variant variant);

}  // namespace reprise::testing
