// Drives one Execution without an engine: feeds it inputs turn by turn, keeps the turns it makes,
// and replays them against the same or other code.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "event/text.h"
#include "replay/execution.h"

namespace reprise::testing {

using replay::Execution;
using replay::Outcome;
using Body = std::function<Outcome(Execution&)>;

// A workflow from a function: no class, no payload types.
inline replay::WorkflowCode code_of(Body body) {
  class Instance final : public replay::WorkflowInstance {
   public:
    Instance(Execution& execution, const Body& function) : execution_(execution), body_(function) {}
    Outcome run(std::string_view) override { return body_(execution_); }

   private:
    Execution& execution_;
    Body body_;
  };
  return [body = std::move(body)](Execution& execution) {
    return std::make_unique<Instance>(execution, body);
  };
}

inline base::CallSite at(std::uint32_t line) {
  return {"tests/workflow.cc", line};
}

// ---- inputs -----------------------------------------------------------------------------------

inline proto::Event started(std::uint32_t behaviours = replay::Behaviours::kNewest) {
  proto::Event event;
  event.mutable_run_started()->set_workflow("test");
  event.mutable_run_started()->set_behaviours(behaviours);
  return event;
}
inline proto::Event activity_completed(std::uint32_t id, std::string result = {}) {
  proto::Event event;
  event.mutable_activity_completed()->set_id(id);
  event.mutable_activity_completed()->set_result(std::move(result));
  return event;
}
inline proto::Event activity_failed(std::uint32_t id, std::string message) {
  proto::Event event;
  event.mutable_activity_failed()->set_id(id);
  event.mutable_activity_failed()->mutable_failure()->set_kind(proto::Failure::ACTIVITY);
  event.mutable_activity_failed()->mutable_failure()->set_message(std::move(message));
  return event;
}
inline proto::Event step_completed(std::uint32_t id, std::string result = {}) {
  proto::Event event;
  event.mutable_step_completed()->set_id(id);
  event.mutable_step_completed()->set_result(std::move(result));
  return event;
}
inline proto::Event timer_fired(std::uint32_t id) {
  proto::Event event;
  event.mutable_timer_fired()->set_id(id);
  return event;
}
inline proto::Event signal(std::string name, std::string input = {}) {
  proto::Event event;
  event.mutable_signal_received()->set_name(std::move(name));
  event.mutable_signal_received()->set_input(std::move(input));
  return event;
}
inline proto::Event update(std::string id, std::string name) {
  proto::Event event;
  event.mutable_update_received()->set_update_id(std::move(id));
  event.mutable_update_received()->set_name(std::move(name));
  return event;
}
inline proto::Event cancel_requested() {
  proto::Event event;
  event.mutable_cancel_requested();
  return event;
}

// ---- calls ------------------------------------------------------------------------------------

// Fills a command in as `what` says. For the duration of one expression.
template <class Command>
auto as(const Command& what) {
  return [&what](Command& command) { command = what; };
}

inline replay::OperationRef schedule(Execution& run, std::string name, std::uint32_t line = 1) {
  proto::ActivityScheduled activity;
  activity.set_name(std::move(name));
  return run.schedule_activity(as(activity), at(line));
}
inline std::string call(Execution& run, std::string name, std::uint32_t line = 1) {
  const auto operation = schedule(run, std::move(name), line);
  if (run.wait(*operation) == replay::Waited::kCancelled) return "cancelled";
  const Outcome outcome = operation->take_outcome();
  return outcome.ok() ? outcome.payload() : "failed: " + outcome.failure().message();
}

// ---- the run ----------------------------------------------------------------------------------

class ScriptedRun {
 public:
  explicit ScriptedRun(Body body, replay::ExecutionOptions options = {})
      : options_(options), code_(code_of(std::move(body))) {
    reset();
  }

  // One live turn at second `turns so far`.
  replay::TurnEnd turn(std::vector<proto::Event> inputs) {
    proto::Turn turn;
    turn.set_time_ms(1'000 * static_cast<std::int64_t>(history_.size() + 1));
    for (auto& input : inputs) *turn.add_inputs() = std::move(input);
    const replay::TurnEnd end = execution_->run_turn(&turn);
    if (end != replay::TurnEnd::kParked) history_.push_back(std::move(turn));
    return end;
  }

  replay::TurnEnd start() { return turn({started()}); }

  // Records inputs without running code.
  void defer(std::vector<proto::Event> inputs) {
    proto::Turn turn;
    turn.set_without_code(true);
    for (auto& input : inputs) *turn.add_inputs() = std::move(input);
    (void)execution_->replay_turn(turn);
    history_.push_back(std::move(turn));
  }

  // After a turn that has ended with a checkpoint: records what follows, as an engine does.
  // `change` is called with it.
  void go_on(const std::function<void(proto::CheckpointTaken&)>& change = {}) {
    replay::UnreadInputs unread = execution_->take_unread();
    std::vector<proto::Event> inputs(1);
    proto::CheckpointTaken& taken = *inputs[0].mutable_checkpoint_taken();
    taken = *unread.checkpoint;
    taken.set_event(execution_->events() + 1);
    taken.mutable_start()->set_workflow("test");
    taken.mutable_start()->set_behaviours(replay::Behaviours::kNewest);
    const proto::Turn& last = history_.back();
    taken.mutable_start()->set_input(last.commands(last.commands_size() - 1).checkpoint().input());
    if (change) change(taken);
    for (proto::Event& input : unread.inputs) inputs.push_back(std::move(input));
    reset();
    defer(std::move(inputs));
  }

  // Leaves memory and comes back by replay, of all segments.
  replay::TurnEnd replay() {
    reset();
    replay::TurnEnd end = replay::TurnEnd::kBlocked;
    for (const proto::Turn& recorded : history_) {
      if (execution_->at_checkpoint()) reset();
      end = execution_->replay_turn(recorded);
      if (end == replay::TurnEnd::kParked) break;
    }
    return end;
  }

  // For the next replay().
  void change_limit(std::size_t turn_bytes) { options_.turn_bytes = turn_bytes; }
  template <class Change>
  void change_options(const Change& change) {
    change(options_);
  }
  void change_code(Body body) { code_ = code_of(std::move(body)); }
  void set_code(replay::WorkflowCode code) {
    execution_.reset();
    code_ = std::move(code);
    reset();
  }

  Execution& execution() { return *execution_; }
  std::vector<proto::Turn>& history() { return history_; }
  const proto::Turn& last() const { return history_.back(); }
  replay::StackPool& pool() { return pool_; }
  void drop() { execution_.reset(); }

  // "ActivityScheduled a" for each command of the last turn.
  std::vector<std::string> commands() const {
    std::vector<std::string> names;
    for (const auto& command : last().commands()) names.push_back(event::describe(command));
    return names;
  }

 private:
  void reset() {
    execution_.reset();
    replay::RunInfo info;
    info.workflow_id = "run-1";
    info.workflow = "test";
    execution_ = std::make_unique<Execution>(info, code_, pool_, options_);
  }

  replay::ExecutionOptions options_;
  replay::StackPool pool_;
  replay::WorkflowCode code_;
  std::vector<proto::Turn> history_;
  std::unique_ptr<Execution> execution_;
};

// ---- what bodies are made of ------------------------------------------------------------------

inline Outcome ends_with(std::string result) {
  return Outcome::success(std::move(result));
}

// Of the run's last turn; "(open)": it has not ended.
inline std::string result_of(const ScriptedRun& run) {
  const auto& commands = run.last().commands();
  return commands.empty() ? "(open)" : commands[commands.size() - 1].run_completed().result();
}

inline replay::OperationRef minute(Execution& e) {
  return e.start_timer(base::Duration(60'000), {});
}

}  // namespace reprise::testing
