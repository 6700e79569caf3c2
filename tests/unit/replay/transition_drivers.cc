#include "tests/unit/replay/transition_drivers.h"

#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/replay/cued_run.h"
#include "tests/unit/replay/step_driver.h"

namespace reprise::testing {
namespace {

using replay::Lifecycle;
using replay::Operation;
using replay::OperationRef;
using replay::Scope;
using replay::TurnEnd;

// ---- what the code drops ----------------------------------------------------------------------

class SignalDriver : public CuedRun {
 public:
  SignalDriver() { start(); }

  bool act(Trigger on) override {
    switch (on) {
      case Trigger::kStart:
        return !made() && cue("make");
      case Trigger::kSuccess:  // one that is in the inbox, or that comes
        return made() ? input(signal("item", "done"))
                      : input(signal("item", "done")) && cue("make");
      case Trigger::kCancel:
        return operation_ != nullptr && cue("cancel");
      case Trigger::kDrop:
        return operation_ != nullptr && cue("drop");
      case Trigger::kRecord:
      case Trigger::kFailure:
      case Trigger::kAsk:
        return false;
    }
    return false;
  }
  State state() override {
    if (!made()) return State::kCreated;
    return operation_ != nullptr ? operation_->state() : state_when_dropped_;
  }
  std::string seen() override {
    if (!made()) return "(nothing)";
    const bool ended = operation_ != nullptr && operation_->ready();
    return ended ? text_of(operation_->outcome()) : "(waits)";
  }

 private:
  bool made() const { return operation_ != nullptr || state_when_dropped_ != State::kCreated; }
  void obey(Execution& e, const std::string& what) override {
    if (what == "make") {
      held_ = e.next_signal("item");
      operation_ = held_.get();
    } else if (what == "cancel") {
      e.cancel(*held_, at(9));
    } else {
      state_when_dropped_ = held_->ready() ? held_->state() : State::kAbandoned;
      operation_ = nullptr;
      held_ = OperationRef();
    }
  }
  void end() override { held_ = OperationRef(); }
  void forget() override {
    operation_ = nullptr;
    state_when_dropped_ = State::kCreated;
  }

  Operation* operation_ = nullptr;
  State state_when_dropped_ = State::kCreated;
  OperationRef held_;
};

class StrandDriver : public CuedRun {
 public:
  bool act(Trigger on) override {
    switch (on) {
      case Trigger::kStart:
        return !std::exchange(made_, true) && start();
      case Trigger::kSuccess:
        return made_ && input(signal("finish"));
      case Trigger::kCancel:
        return made_ && !dropped_ && cue("cancel");
      case Trigger::kDrop:
        return made_ && cue("drop");
      case Trigger::kRecord:
      case Trigger::kFailure:
      case Trigger::kAsk:
        return false;
    }
    return false;
  }
  State state() override {
    if (!made_) return State::kCreated;
    if (!dropped_) return operation_->state();
    return seen_ == "finished" ? State::kSucceeded : State::kAbandoned;
  }
  std::string seen() override { return seen_; }

 private:
  void begin(Execution& e) override {
    held_ = e.spawn([this, &e] {
      struct Unwound {
        std::string& seen;
        ~Unwound() {
          if (seen == "(waits)") seen = "stopped";
        }
      };
      const Unwound unwound{seen_};
      wait_for(e, "finish");
      seen_ = "finished";
    });
    operation_ = held_.get();
  }
  void obey(Execution& e, const std::string& what) override {
    if (what == "cancel") return e.cancel(*held_, at(9));
    dropped_ = true;
    held_ = OperationRef();
  }
  void end() override { held_ = OperationRef(); }
  void forget() override {
    seen_ = "(waits)";
    dropped_ = false;
  }

  bool made_ = false;
  bool dropped_ = false;
  std::string seen_ = "(waits)";
  Operation* operation_ = nullptr;
  OperationRef held_;
};

// ---- what is over at once ---------------------------------------------------------------------

// In a live turn its closure runs, which is the only look at that state; on replay it does not.
class SideEffectDriver : public CuedRun {
 public:
  SideEffectDriver() { start(); }

  bool act(Trigger on) override {
    if (on == Trigger::kStart) return seen_.empty() && cue("make") && is_in_closure();
    if (on != Trigger::kRecord || state_ == State::kSucceeded) return false;
    if (state_ == State::kCreated) return cue("make") && replays();
    state_ = seen_ == "value" ? State::kSucceeded : State::kFailed;
    return true;
  }
  State state() override { return state_; }
  std::string seen() override { return seen_; }
  bool replays() override {
    const State looked_at = state_;
    if (!CuedRun::replays()) return false;
    if (looked_at == State::kUnderWay) state_ = looked_at;
    return true;
  }

 private:
  bool is_in_closure() {
    state_ = was_computed_ ? State::kUnderWay : State::kFailed;
    return true;
  }
  void obey(Execution& e, const std::string&) override {
    const auto compute = [this] {
      was_computed_ = true;
      return std::string("value");
    };
    seen_ = e.side_effect(compute, at(1));
    if (!was_computed_) state_ = State::kSucceeded;
  }
  void forget() override { was_computed_ = false; }

  bool was_computed_ = false;
  State state_ = State::kCreated;
  std::string seen_;
};

class PatchDriver : public CuedRun {
 public:
  PatchDriver() { start(); }

  bool act(Trigger on) override {
    if (on == Trigger::kRecord) return cue("ask");
    if (on != Trigger::kDrop) return false;
    // The recorded code did not ask, and the code of today does.
    asks_when_passed_ = true;
    return cue("pass") && replays();
  }
  State state() override {
    const replay::Patches& all = run_.execution().patches();
    const auto found = all.find("change");
    return found == all.end() ? State::kCreated : found->second.marker.state();
  }
  std::string seen() override { return seen_; }

 private:
  void obey(Execution& e, const std::string& what) override {
    const bool passes = what == "pass" && !(asks_when_passed_ && e.replaying());
    if (!passes) seen_ = e.patched("change", at(1)) ? "new" : "old";
    if (what == "pass") e.decide("passed", true, at(2));
  }
  void forget() override { seen_.clear(); }

  bool asks_when_passed_ = false;
  std::string seen_;
};

class RecordedAtOnceDriver : public CuedRun {
 public:
  RecordedAtOnceDriver(proto::Event::KindCase kind, void (*call)(Execution&))
      : kind_(kind), call_(call) {
    start();
  }

  bool act(Trigger on) override {
    return on == Trigger::kRecord && recorded(kind_) == 0 && cue("make");
  }
  State state() override {
    return recorded(kind_) == 1 && made_ ? State::kSucceeded : State::kCreated;
  }
  std::string seen() override { return made_ ? "went on" : ""; }

 private:
  void obey(Execution& e, const std::string&) override {
    call_(e);
    made_ = true;
  }
  void forget() override { made_ = false; }

  const proto::Event::KindCase kind_;
  void (*const call_)(Execution&);
  bool made_ = false;
};

// ---- updates, runs ----------------------------------------------------------------------------

class UpdateDriver : public CuedRun {
 public:
  UpdateDriver() { start(); }

  bool act(Trigger on) override {
    switch (on) {
      case Trigger::kStart:  // the same one again is not taken
        return input(update("u", "ask"));
      case Trigger::kSuccess:
        return input(signal("answer", "done"));
      case Trigger::kFailure:
        return input(signal("answer", "broken"));
      case Trigger::kRecord:
      case Trigger::kCancel:
      case Trigger::kDrop:
      case Trigger::kAsk:
        return false;
    }
    return false;
  }
  State state() override {
    if (run_.execution().handlers_under_way() == 1) return State::kUnderWay;
    for (const proto::Turn& turn : run_.history()) {
      for (const auto& command : turn.commands()) {
        if (!command.has_update_completed()) continue;
        return command.update_completed().has_failure() ? State::kFailed : State::kSucceeded;
      }
    }
    return State::kCreated;
  }
  std::string seen() override { return seen_; }

 private:
  void begin(Execution& e) override {
    e.accept("ask", [this, &e](std::string_view) {
      seen_ = "asked";
      const auto answer = e.next_signal("answer");
      e.wait(*answer);
      seen_ = answer->take_outcome().take_payload();
      if (seen_ == "done") return Outcome::success(seen_);
      proto::Failure failure;
      failure.set_kind(proto::Failure::APPLICATION);
      return Outcome::failed(std::move(failure));
    });
  }
  void obey(Execution&, const std::string&) override {}
  void forget() override { seen_.clear(); }

  std::string seen_;
};

// What ends a run is the last event of its history.
class RunDriver final : public Driver {
 public:
  RunDriver() : run_([this](Execution& e) { return body(e); }) {}
  ~RunDriver() override { run_.drop(); }

  // Nothing is given to a run that has ended, and a second start is a mismatch.
  bool act(Trigger on) override {
    if (run_.execution().closed()) return false;
    const bool started = !run_.history().empty();
    switch (on) {
      case Trigger::kStart:
        return !started && run_.start() != TurnEnd::kParked;
      case Trigger::kSuccess:
        return started && input(signal("end", "done"));
      case Trigger::kFailure:
        return started && input(signal("end", "broken"));
      case Trigger::kCancel:
        return started && input(cancel_requested());
      case Trigger::kDrop:
        was_started_ = started;
        return input(terminated());
      case Trigger::kRecord:
      case Trigger::kAsk:
        return false;
    }
    return false;
  }
  State state() override {
    if (run_.history().empty()) return State::kCreated;
    if (!run_.execution().closed()) return State::kUnderWay;
    const proto::Turn& last = run_.last();
    if (last.commands().empty()) return State::kAbandoned;
    const proto::Event& end = *std::prev(last.commands().end());
    if (end.has_run_cancelled()) return State::kCancelled;
    return end.has_run_completed() ? State::kSucceeded : State::kFailed;
  }
  std::string seen() override { return seen_; }
  bool replays() override {
    seen_.clear();
    if (!was_started_) return true;  // that is no history
    return run_.replay() != TurnEnd::kParked;
  }

 private:
  static proto::Event terminated() {
    proto::Event event;
    event.mutable_run_terminated();
    return event;
  }
  bool input(proto::Event event) { return run_.turn({std::move(event)}) != TurnEnd::kParked; }
  Outcome body(Execution& e) {
    seen_ = "began";
    const auto end = e.next_signal("end");
    proto::Failure failure;
    failure.set_kind(proto::Failure::APPLICATION);
    if (e.wait(*end) == replay::Waited::kCancelled) {
      seen_ = "cancelled";
      failure.set_kind(proto::Failure::CANCELLED);
      return Outcome::failed(std::move(failure));
    }
    seen_ = end->take_outcome().take_payload();
    return seen_ == "done" ? Outcome::success(seen_) : Outcome::failed(std::move(failure));
  }

  bool was_started_ = true;
  std::string seen_;
  ScriptedRun run_;
};

void decide(Execution& e) {
  e.decide("thing", true, at(1));
}
void publish(Execution& e) {
  e.set("thing", "value", proto::SettingRecorded::VALUE, at(1));
}

}  // namespace

std::unique_ptr<Driver> driver_of(Lifecycle::Kind kind, Driver::Variant variant) {
  using Kind = Lifecycle::Kind;
  switch (kind) {
    case Kind::kActivity:
    case Kind::kTimer:
    case Kind::kMessage:
    case Kind::kChild:
    case Kind::kChildStart:
      return operation_driver_of(kind, variant);
    case Kind::kStep:
      return std::make_unique<Closing<StepDriver>>(false);
    case Kind::kTransaction:
      return std::make_unique<Closing<StepDriver>>(true);
    case Kind::kSignal:
      return std::make_unique<Closing<SignalDriver>>();
    case Kind::kStrand:
      return std::make_unique<Closing<StrandDriver>>();
    case Kind::kSideEffect:
      return std::make_unique<Closing<SideEffectDriver>>();
    case Kind::kPatch:
      return std::make_unique<Closing<PatchDriver>>();
    case Kind::kDecision:
      return std::make_unique<Closing<RecordedAtOnceDriver>>(proto::Event::kDecisionRecorded,
                                                             decide);
    case Kind::kSetting:
      return std::make_unique<Closing<RecordedAtOnceDriver>>(proto::Event::kSettingRecorded,
                                                             publish);
    case Kind::kUpdate:
      return std::make_unique<Closing<UpdateDriver>>();
    case Kind::kRun:
      return std::make_unique<RunDriver>();
  }
  return nullptr;
}

}  // namespace reprise::testing
