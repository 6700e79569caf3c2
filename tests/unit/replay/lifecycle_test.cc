// Every pair of state and trigger of every kind of command. The table has the next state; a pair
// that it does not list is refused and changes nothing.
#include "replay/commands/lifecycle.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay/operation.h"

namespace reprise::testing::lifecycle_test {
namespace {

using replay::Lifecycle;
using replay::Transition;
using State = Lifecycle::State;
using Trigger = Lifecycle::Trigger;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class Enum>
std::vector<Enum> all_of(std::size_t count) {
  std::vector<Enum> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<Enum>(i));
  return values;
}
const auto kAllKinds = all_of<Lifecycle::Kind>(Lifecycle::kKinds);
const auto kAllStates = all_of<State>(Lifecycle::kStates);
const auto kAllTriggers = all_of<Trigger>(Lifecycle::kTriggers);

std::string text(State state) {
  const char* const names[] = {"created",   "recorded", "under way", "cancel asked",
                               "succeeded", "failed",   "cancelled", "abandoned"};
  return names[static_cast<std::size_t>(state)];
}
std::string text(State from, Trigger on) {
  const char* const names[] = {"record", "start", "success", "failure", "cancel", "drop", "ask"};
  return text(from) + " on " + names[static_cast<std::size_t>(on)];
}

using Rows = std::vector<Transition>;
using Machine = std::function<std::optional<State>(State, Trigger)>;

// For each state that can be reached, the triggers that lead to it from kCreated.
std::map<State, std::vector<Trigger>> ways(const Rows& rows) {
  std::map<State, std::vector<Trigger>> found{{State::kCreated, {}}};
  for (std::deque<State> open{State::kCreated}; !open.empty(); open.pop_front()) {
    for (const Transition& row : rows) {
      if (row.from != open.front() || found.contains(row.to)) continue;
      found[row.to] = found[row.from];
      found[row.to].push_back(row.on);
      open.push_back(row.to);
    }
  }
  return found;
}

bool leads_to_an_end(State from, const Rows& rows) {
  return std::any_of(rows.begin(), rows.end(), [&](const Transition& row) {
    if (row.from != from) return false;
    return Lifecycle::has_ended(row.to) || (row.to > from && leads_to_an_end(row.to, rows));
  });
}

// What is wrong with a table, and with a machine that must follow it; empty: nothing.
std::vector<std::string> walk(const Rows& rows, const Machine& next) {
  std::vector<std::string> wrong;
  const auto reached = ways(rows);
  for (const State from : kAllStates) {
    for (const Trigger on : kAllTriggers) {
      const auto is_pair = [&](const Transition& row) { return row.from == from && row.on == on; };
      const auto listed = std::find_if(rows.begin(), rows.end(), is_pair);
      const auto to = next(from, on);
      if (std::count_if(rows.begin(), rows.end(), is_pair) > 1) {
        wrong.push_back(text(from, on) + " is listed twice");
      }
      if (listed == rows.end()) {
        if (to) wrong.push_back(text(from, on) + " is not listed, and leads to " + text(*to));
        continue;
      }
      if (to != listed->to) wrong.push_back(text(from, on) + " leads elsewhere");
      if (Lifecycle::has_ended(from)) wrong.push_back(text(from, on) + " goes on after the end");
      if (!reached.contains(from)) wrong.push_back(text(from) + " is never reached");
    }
  }
  for (const auto& [state, way] : reached) {
    if (Lifecycle::has_ended(state) || leads_to_an_end(state, rows)) continue;
    wrong.push_back(text(state) + " never ends");
  }
  return wrong;
}

Rows rows_of(Lifecycle::Kind kind) {
  const auto table = Lifecycle::transitions(kind);
  return {table.begin(), table.end()};
}

class Tables : public ::testing::TestWithParam<Lifecycle::Kind> {};

TEST_P(Tables, AreFollowedAndLeadToAnEnd) {
  const auto next = [](State from, Trigger on) { return Lifecycle::next(GetParam(), from, on); };
  EXPECT_THAT(walk(rows_of(GetParam()), next), IsEmpty());
}

// The same with objects, in every state that can be reached.
TEST_P(Tables, RefuseWhatTheyDoNotList) {
  const Rows rows = rows_of(GetParam());
  for (const auto& [state, way] : ways(rows)) {
    for (const Trigger on : kAllTriggers) {
      Lifecycle life(GetParam());
      for (const Trigger step : way) ASSERT_TRUE(life.on(step));
      ASSERT_EQ(life.state(), state);
      const auto listed = std::find_if(rows.begin(), rows.end(), [&](const Transition& row) {
        return row.from == state && row.on == on;
      });
      EXPECT_EQ(life.on(on), listed != rows.end()) << text(state, on);
      EXPECT_EQ(life.state(), listed != rows.end() ? listed->to : state) << text(state, on);
      EXPECT_EQ(life.has_ended(), Lifecycle::has_ended(life.state()));
    }
  }
}

// An operation that refuses a trigger keeps its state and its outcome.
TEST_P(Tables, AreWhatOperationsFollow) {
  const Rows rows = rows_of(GetParam());
  for (const auto& [state, way] : ways(rows)) {
    for (const Trigger on : kAllTriggers) {
      const replay::OperationRef operation(new replay::Operation(GetParam()));
      for (const Trigger step : way) ASSERT_TRUE(operation->complete(step, 1));
      const auto to = Lifecycle::next(GetParam(), state, on);
      EXPECT_EQ(operation->complete(on, 2, replay::Outcome::success("late")), to.has_value());
      EXPECT_EQ(operation->state(), to.value_or(state)) << text(state, on);
      EXPECT_EQ(operation->order(), to ? 2u : way.empty() ? 0u : 1u) << text(state, on);
      EXPECT_EQ(operation->outcome().payload(), to ? "late" : "") << text(state, on);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Tables, ::testing::ValuesIn(kAllKinds), [](const auto& tested) {
  std::string name(replay::to_string(tested.param));
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

// ---- the walk itself --------------------------------------------------------------------------

const Rows kGood = {
    {State::kCreated, Trigger::kRecord, State::kRecorded},
    {State::kRecorded, Trigger::kSuccess, State::kSucceeded},
    {State::kRecorded, Trigger::kCancel, State::kCancelAsked},
    {State::kCancelAsked, Trigger::kDrop, State::kAbandoned},
};

Machine machine_of(Rows rows) {
  return [rows = std::move(rows)](State from, Trigger on) -> std::optional<State> {
    for (const Transition& row : rows) {
      if (row.from == from && row.on == on) return row.to;
    }
    return std::nullopt;
  };
}

Rows with(Transition row) {
  Rows rows = kGood;
  rows.push_back(row);
  return rows;
}
Rows without(std::size_t index) {
  Rows rows = kGood;
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(index));
  return rows;
}

TEST(Walk, FindsNothingWrongWithAGoodTable) {
  EXPECT_THAT(walk(kGood, machine_of(kGood)), IsEmpty());
}

TEST(Walk, NoticesATableWithAnError) {
  const auto errors = [](const Rows& rows) { return walk(rows, machine_of(rows)); };
  EXPECT_THAT(errors(with({State::kSucceeded, Trigger::kCancel, State::kCancelled})),
              Contains(HasSubstr("succeeded on cancel goes on after the end")));
  EXPECT_THAT(errors(with({State::kRecorded, Trigger::kSuccess, State::kFailed})),
              Contains(HasSubstr("recorded on success is listed twice")));
  EXPECT_THAT(errors(with({State::kUnderWay, Trigger::kSuccess, State::kSucceeded})),
              Contains(HasSubstr("under way is never reached")));
  EXPECT_THAT(errors(without(3)), Contains(HasSubstr("cancel asked never ends")));
}

TEST(Walk, NoticesAMachineThatDoesNotFollowItsTable) {
  EXPECT_THAT(walk(kGood, machine_of(with({State::kCreated, Trigger::kDrop, State::kAbandoned}))),
              Contains(HasSubstr("created on drop is not listed, and leads to abandoned")));
  EXPECT_THAT(walk(kGood, machine_of(without(1))),
              Contains(HasSubstr("recorded on success leads elsewhere")));
}

}  // namespace
}  // namespace reprise::testing::lifecycle_test
