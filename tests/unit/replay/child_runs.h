// What tests of child workflows are made of: the call, and what can happen to a child.
#pragma once
#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing {

inline const std::string kRunOfChild(16, 'r');

inline replay::StartedChild start_child(Execution& e,
                                        const std::string& id = "c",
                                        replay::CancelMode mode = replay::CancelMode::kWait,
                                        const std::string& workflow = "child") {
  proto::ChildScheduled child;
  child.set_workflow(workflow);
  child.set_workflow_id(id);
  child.set_input("payload");
  return e.start_child(as(child), mode, at(7));
}

inline proto::Event child_started(std::uint32_t id = 1) {
  proto::Event event;
  event.mutable_child_started()->set_id(id);
  event.mutable_child_started()->set_run_id(kRunOfChild);
  return event;
}

inline proto::Event child_completed(std::uint32_t id = 1, std::string result = "done") {
  proto::Event event;
  event.mutable_child_completed()->set_id(id);
  event.mutable_child_completed()->set_result(std::move(result));
  return event;
}

inline proto::Event child_failed(std::uint32_t id = 1, bool refused = false) {
  proto::Event event;
  event.mutable_child_failed()->set_id(id);
  event.mutable_child_failed()->set_refused(refused);
  event.mutable_child_failed()->mutable_failure()->set_kind(proto::Failure::CHILD);
  event.mutable_child_failed()->mutable_failure()->set_message(refused ? "taken" : "broken");
  return event;
}

inline proto::Event delivered(std::uint32_t id) {
  proto::Event event;
  event.mutable_message_delivered()->set_id(id);
  return event;
}

inline std::string text_of(const Outcome& outcome) {
  return outcome.ok() ? std::string(outcome.payload()) : "failed: " + outcome.failure().message();
}

inline std::string outcome(Execution& e, const replay::OperationRef& operation) {
  return e.wait(*operation) == replay::Waited::kCancelled ? "cut short"
                                                          : text_of(operation->outcome());
}

inline void wait_for(Execution& e, const std::string& name) {
  const auto signal = e.next_signal(name);
  e.wait(*signal);
  (void)signal->take_outcome();  // or the next one would get it again
}

// A turn, and then the whole history replayed: the end must be the same.
inline replay::TurnEnd turn(ScriptedRun& run, std::vector<proto::Event> inputs) {
  const replay::TurnEnd live = run.turn(std::move(inputs));
  if (live != replay::TurnEnd::kParked) {
    EXPECT_EQ(run.replay(), live);
  }
  return live;
}

}  // namespace reprise::testing
