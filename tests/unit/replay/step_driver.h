// Drives a step through its life, for the test of all transitions.
#pragma once
#include <string>
#include <utility>

#include "tests/unit/replay/child_runs.h"
#include "tests/unit/replay/cued_run.h"

namespace reprise::testing {

// Of a step, or of a transaction, which is one for the code. Code never holds the operation, but
// the host asks about it.
class StepDriver : public CuedRun {
 public:
  explicit StepDriver(bool transaction) : transaction_(transaction) {}

  bool act(Trigger on) override {
    switch (on) {
      case Trigger::kRecord:
        return !std::exchange(made_, true) && start();
      case Trigger::kSuccess:
        return made_ && input(completed());
      case Trigger::kFailure:
        return made_ && input(failed());
      case Trigger::kCancel:
        return made_ && cue("cancel");
      case Trigger::kDrop:
        return made_ && cue("drop");
      case Trigger::kStart:
      case Trigger::kAsk:
        return false;
    }
    return false;
  }
  State state() override {
    if (!made_) return State::kCreated;
    const Execution& e = run_.execution();
    if (e.step_no_longer_wanted(1)) return State::kCancelAsked;
    if (e.step_body(1)) return State::kRecorded;
    if (seen_ == "done") return State::kSucceeded;
    return recorded(proto::Event::kStepAbandoned) == 1 ? State::kAbandoned : State::kFailed;
  }
  std::string seen() override { return seen_; }

 private:
  proto::Event completed() const {
    if (!transaction_) return step_completed(1, "done");
    proto::Event event;
    event.mutable_transaction_completed()->set_id(1);
    event.mutable_transaction_completed()->set_result("done");
    return event;
  }
  proto::Event failed() const {
    proto::Event event;
    if (transaction_) {
      event.mutable_transaction_failed()->set_id(1);
      event.mutable_transaction_failed()->mutable_failure()->set_message("broken");
    } else {
      event.mutable_step_failed()->set_id(1);
      event.mutable_step_failed()->mutable_failure()->set_message("broken");
    }
    return event;
  }
  Outcome execute(Execution& e) const {
    const auto closure = [] { return Outcome(); };
    if (transaction_) return e.run_transaction("thing", closure, at(1));
    proto::StepScheduled step;
    step.set_name("thing");
    return e.run_step(as(step), closure, at(1));
  }
  void begin(Execution& e) override {
    scope_ = e.enter_scope(replay::Scope::Kind::kCancellable);
    strand_ = e.spawn([this, &e] { seen_ = text_of(execute(e)); });
    e.leave_scope(scope_);
  }
  void obey(Execution& e, const std::string& what) override {
    if (what == "cancel") return e.cancel_scope(scope_);
    strand_ = replay::OperationRef();
  }
  void end() override {
    strand_ = replay::OperationRef();
    scope_ = replay::ScopeRef();
  }
  void forget() override { seen_ = "(waits)"; }

  const bool transaction_;
  bool made_ = false;
  std::string seen_ = "(waits)";
  replay::OperationRef strand_;
  replay::ScopeRef scope_;
};

}  // namespace reprise::testing
