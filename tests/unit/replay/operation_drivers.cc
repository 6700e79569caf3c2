// Drivers of the operations whose outcomes a strand waits for.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/unit/replay/cued_run.h"

namespace reprise::testing {
namespace {

using replay::CancelMode;
using replay::Operation;
using replay::OperationRef;
using replay::Scope;

// ---- operations that have an outcome ----------------------------------------------------------

// A strand of its own waits for the operation, so the code sees its end when it comes.
class OperationDriver : public CuedRun {
 public:
  State state() override { return made_ ? operation_->state() : State::kCreated; }
  std::string seen() override { return seen_; }

  bool act(Trigger on) override {
    if (on == first()) return !std::exchange(made_, true) && start();
    if (!made_) return false;
    if (on == Trigger::kCancel || on == Trigger::kAsk) return cancels(on) && cue("cancel");
    const auto event = input_of(on);
    return event && input(*event);
  }

 protected:
  explicit OperationDriver(Variant variant) : variant_(variant) {}

  virtual OperationRef make(Execution& e) = 0;
  virtual Trigger first() const { return Trigger::kRecord; }
  virtual std::optional<proto::Event> input_of(Trigger on) const = 0;
  // Is that what a cancellation would be for it?
  virtual bool cancels(Trigger on) const { return on == Trigger::kCancel; }
  virtual Operation& to_cancel() { return *operation_; }

  const Variant variant_;

 private:
  void begin(Execution& e) override {
    scope_ = e.enter_scope(Scope::Kind::kCancellable);
    held_ = make(e);
    operation_ = held_.get();
    e.leave_scope(scope_);
    waiter_ = e.spawn([this, &e] { seen_ = outcome(e, held_); });
  }
  void obey(Execution& e, const std::string&) override {
    if (variant_.by_scope) return e.cancel_scope(scope_);
    e.cancel(to_cancel(), at(9));
  }
  void end() override {
    waiter_ = OperationRef();
    held_ = OperationRef();
    scope_ = replay::ScopeRef();
  }
  void forget() override { seen_ = "(waits)"; }

  bool made_ = false;
  std::string seen_ = "(waits)";
  Operation* operation_ = nullptr;
  OperationRef held_;
  OperationRef waiter_;
  replay::ScopeRef scope_;
};

class ActivityDriver : public OperationDriver {
 public:
  explicit ActivityDriver(Variant variant) : OperationDriver(variant) {}

 private:
  OperationRef make(Execution& e) override {
    proto::ActivityScheduled activity;
    activity.set_name("thing");
    if (variant_.mode == CancelMode::kWait) activity.set_on_cancel(activity.WAIT);
    if (variant_.mode == CancelMode::kAbandon) activity.set_on_cancel(activity.ABANDON);
    return e.schedule_activity(as(activity), at(1));
  }
  bool cancels(Trigger on) const override {
    return (on == Trigger::kAsk) == (variant_.mode == CancelMode::kWait);
  }
  std::optional<proto::Event> input_of(Trigger on) const override {
    if (on == Trigger::kSuccess) return activity_completed(1, "done");
    if (on == Trigger::kFailure) return activity_failed(1, "broken");
    return std::nullopt;
  }
};

class TimerDriver : public OperationDriver {
 public:
  explicit TimerDriver(Variant variant) : OperationDriver(variant) {}

 private:
  OperationRef make(Execution& e) override { return minute(e); }
  std::optional<proto::Event> input_of(Trigger on) const override {
    return on == Trigger::kSuccess ? std::optional(timer_fired(1)) : std::nullopt;
  }
};

class MessageDriver : public OperationDriver {
 public:
  explicit MessageDriver(Variant variant) : OperationDriver(variant) {}

 private:
  OperationRef make(Execution& e) override {
    proto::SignalSent sent;
    sent.set_workflow_id("other");
    sent.set_name("item");
    return e.send_signal(as(sent), at(1));
  }
  std::optional<proto::Event> input_of(Trigger on) const override {
    if (on == Trigger::kSuccess) return delivered(1);
    if (on != Trigger::kFailure) return std::nullopt;
    proto::Event refused;
    refused.mutable_message_refused()->set_id(1);
    refused.mutable_message_refused()->mutable_failure()->set_message("broken");
    return refused;
  }
};

class ChildDriver : public OperationDriver {
 public:
  explicit ChildDriver(Variant variant) : OperationDriver(variant) {}

 private:
  OperationRef make(Execution& e) override { return start_child(e, "c", variant_.mode).end; }
  bool cancels(Trigger on) const override {
    return (on == Trigger::kAsk) == (variant_.mode == CancelMode::kWait);
  }
  std::optional<proto::Event> input_of(Trigger on) const override {
    if (on == Trigger::kSuccess) return child_completed();
    if (on == Trigger::kFailure) return child_failed();
    return std::nullopt;
  }
};

class ChildStartDriver : public OperationDriver {
 public:
  explicit ChildStartDriver(Variant variant) : OperationDriver(variant) {}

 private:
  OperationRef make(Execution& e) override { return start_child(e, "c", variant_.mode).start; }
  Trigger first() const override { return Trigger::kStart; }
  std::optional<proto::Event> input_of(Trigger on) const override {
    if (on == Trigger::kSuccess) return child_started();
    if (on == Trigger::kFailure) return child_failed(1, true);
    return std::nullopt;
  }
};

}  // namespace

std::unique_ptr<Driver> operation_driver_of(replay::Lifecycle::Kind kind, Driver::Variant variant) {
  using Kind = replay::Lifecycle::Kind;
  if (kind == Kind::kActivity) return std::make_unique<Closing<ActivityDriver>>(variant);
  if (kind == Kind::kTimer) return std::make_unique<Closing<TimerDriver>>(variant);
  if (kind == Kind::kMessage) return std::make_unique<Closing<MessageDriver>>(variant);
  if (kind == Kind::kChild) return std::make_unique<Closing<ChildDriver>>(variant);
  if (kind == Kind::kChildStart) return std::make_unique<Closing<ChildStartDriver>>(variant);
  return nullptr;
}

}  // namespace reprise::testing
