// A run that is told what to do, cue by cue: what most drivers are made of.
#pragma once
#include <string>
#include <utility>

#include "tests/unit/replay/child_runs.h"
#include "tests/unit/replay/transition_drivers.h"

namespace reprise::testing {

// The run does what it is told, one cue after the other.
class CuedRun : public Driver {
 public:
  bool replays() override {
    run_.drop();
    forget();
    return run_.replay() != replay::TurnEnd::kParked;
  }

 protected:
  CuedRun() : run_([this](Execution& e) { return body(e); }) {}
  virtual void obey(Execution& e, const std::string& cue) = 0;
  virtual void begin(Execution&) {}
  virtual void end() {}
  // What the code has seen: it sees it again when it is replayed.
  virtual void forget() {}

  bool input(proto::Event event) {
    return run_.turn({std::move(event)}) != replay::TurnEnd::kParked;
  }
  bool cue(const std::string& what) { return input(signal("cue", what)); }
  bool start() { return run_.start() != replay::TurnEnd::kParked; }

  // How many commands of that kind the history has.
  std::size_t recorded(proto::Event::KindCase kind) {
    std::size_t found = 0;
    for (const proto::Turn& turn : run_.history()) {
      for (const auto& command : turn.commands()) found += command.kind_case() == kind ? 1 : 0;
    }
    return found;
  }

  ScriptedRun run_;

 private:
  Outcome body(Execution& e) {
    struct End {
      CuedRun& run;
      ~End() { run.end(); }
    };
    const End ended{*this};
    begin(e);
    while (true) {
      const auto next = e.next_signal("cue");
      e.wait(*next);
      const std::string what = next->take_outcome().take_payload();
      if (what == "stop") return Outcome();
      obey(e, what);
    }
  }
};

// The code is unwound before what it refers to is destroyed.
template <class D>
class Closing final : public D {
 public:
  using D::D;
  ~Closing() override { this->run_.drop(); }
};

// Of a kind with an outcome that a strand waits for; nullptr: it is of another kind.
std::unique_ptr<Driver> operation_driver_of(replay::Lifecycle::Kind kind, Driver::Variant variant);

}  // namespace reprise::testing
