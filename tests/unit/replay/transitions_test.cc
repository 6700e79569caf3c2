// Every transition of every table, every pair of consecutive ones, and every trigger that a table
// does not list, made by inputs and calls in a real Execution: the state, what the code sees, and
// the replay of the history must follow. The programs are generated from the tables.
#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/transition_drivers.h"

namespace reprise::testing::transitions_test {
namespace {

using replay::CancelMode;
using replay::Lifecycle;
using replay::Transition;
using Kind = Lifecycle::Kind;
using State = Lifecycle::State;
using Trigger = Lifecycle::Trigger;
using Rows = std::vector<Transition>;
using Way = std::vector<Transition>;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::array kStateNames = {"created",   "recorded", "under way", "cancel asked",
                                    "succeeded", "failed",   "cancelled", "abandoned"};
constexpr std::array kTriggerNames = {"record", "start", "success", "failure",
                                      "cancel", "drop",  "ask"};
static_assert(kStateNames.size() == Lifecycle::kStates);
static_assert(kTriggerNames.size() == Lifecycle::kTriggers);

std::string text(State state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}
std::string text(Trigger trigger) {
  return kTriggerNames.at(static_cast<std::size_t>(trigger));
}
std::string text(const Way& way) {
  std::string steps;
  for (const Transition& row : way) steps += (steps.empty() ? "" : ", ") + text(row.on);
  return steps;
}

Rows rows_of(Kind kind) {
  const auto table = Lifecycle::transitions(kind);
  return {table.begin(), table.end()};
}

// The shortest way from the beginning to each state.
std::map<State, Way> ways(const Rows& rows) {
  std::map<State, Way> found{{State::kCreated, {}}};
  for (std::deque<State> open{State::kCreated}; !open.empty(); open.pop_front()) {
    for (const Transition& row : rows) {
      if (row.from != open.front() || found.contains(row.to)) continue;
      found[row.to] = found[row.from];
      found[row.to].push_back(row);
      open.push_back(row.to);
    }
  }
  return found;
}

// To each row, and from there on by each row that follows.
std::vector<Way> ways_with_pairs(const Rows& rows) {
  std::vector<Way> all;
  for (const auto& [state, way] : ways(rows)) {
    for (const Transition& row : rows) {
      if (row.from != state) continue;
      all.push_back(way);
      all.back().push_back(row);
      const Way first = all.back();
      for (const Transition& next : rows) {
        if (next.from != row.to) continue;
        all.push_back(first);
        all.back().push_back(next);
      }
    }
  }
  return all;
}

using Made = std::set<std::tuple<State, Trigger>>;

// What is wrong with the machine of a kind, if its table is `rows`.
class Walk {
 public:
  Walk(Kind kind, Driver::Variant variant, Rows rows)
      : kind_(kind), variant_(variant), rows_(std::move(rows)) {}

  void take_all_ways() {
    for (const Way& way : ways_with_pairs(rows_)) {
      if (!take(way, {})) continue;
      for (std::size_t i = 0; i < Lifecycle::kTriggers; ++i) {
        const auto on = static_cast<Trigger>(i);
        const bool listed = std::any_of(rows_.begin(), rows_.end(), [&](const Transition& row) {
          return row.from == way.back().to && row.on == on;
        });
        if (!listed) take(way, on);
      }
    }
  }

  const std::vector<std::string>& wrong() const { return wrong_; }
  const Made& made() const { return made_; }
  std::size_t refusals() const { return refusals_; }

 private:
  // Along the way, and then a trigger that must be refused. False: this variant cannot go it.
  bool take(const Way& way, std::optional<Trigger> refused) {
    const auto driver = driver_of(kind_, variant_);
    if (driver == nullptr) {
      wrong_.emplace_back("there is no driver");
      return false;
    }
    way_ = text(way);
    expect(*driver, State::kCreated);
    for (const Transition& row : way) {
      const State before = driver->state();
      if (!driver->act(row.on)) return false;
      made_.insert({row.from, row.on});
      if (before != row.from) complain("is " + text(before) + " before " + text(row.on));
      expect(*driver, row.to);
    }
    if (refused && !refuses(*driver, *refused)) return true;
    expect_replay(*driver, way.back().to);
    return true;
  }

  bool refuses(Driver& driver, Trigger on) {
    const State state = driver.state();
    const std::string seen = driver.seen();
    if (!driver.act(on)) return false;
    ++refusals_;
    way_ += ", " + text(on);
    expect(driver, state);
    const bool dropped = on == Trigger::kDrop;  // nobody looks any more
    if (!dropped && driver.seen() != seen) complain("the code sees " + driver.seen());
    return true;
  }

  void expect_replay(Driver& driver, State state) {
    const std::string seen = driver.seen();
    way_ += ", replay";
    if (!driver.replays()) return complain("does not replay");
    expect(driver, state);
    if (kind_ != Kind::kRun && driver.seen() != seen) complain("the code sees " + driver.seen());
  }

  void expect(Driver& driver, State state) {
    if (driver.state() != state) {
      complain("is " + text(driver.state()) + ", and should be " + text(state));
    }
  }
  void complain(const std::string& what) { wrong_.push_back(way_ + ": " + what); }

  const Kind kind_;
  const Driver::Variant variant_;
  const Rows rows_;
  std::string way_;
  std::vector<std::string> wrong_;
  Made made_;
  std::size_t refusals_ = 0;
};

// Only an execution that leaves memory drops a wait for a signal before it has begun.
bool happens_only_inside(Kind kind, const Transition& row) {
  return kind == Kind::kSignal && row.from == State::kCreated && row.on == Trigger::kDrop;
}

struct Result {
  std::vector<std::string> wrong;
  std::size_t refusals = 0;
};

// Those that make a difference to things of this kind.
std::vector<Driver::Variant> variants_of(Kind kind) {
  if (kind == Kind::kTimer || kind == Kind::kMessage) return {{}, {.by_scope = true}};
  const bool has_mode =
      kind == Kind::kActivity || kind == Kind::kChild || kind == Kind::kChildStart;
  if (!has_mode) return {{}};
  std::vector<Driver::Variant> all;
  for (const CancelMode mode : {CancelMode::kWait, CancelMode::kTry, CancelMode::kAbandon}) {
    for (const bool by_scope : {false, true}) all.push_back({mode, by_scope});
  }
  return all;
}

// All variants of the kind. A row that none of them can make is wrong, too.
Result walk(Kind kind, const Rows& rows) {
  Result result;
  Made made;
  for (const Driver::Variant& variant : variants_of(kind)) {
    Walk walk(kind, variant, rows);
    walk.take_all_ways();
    made.insert(walk.made().begin(), walk.made().end());
    result.wrong.insert(result.wrong.end(), walk.wrong().begin(), walk.wrong().end());
    result.refusals += walk.refusals();
  }
  for (const Transition& row : rows) {
    if (made.contains({row.from, row.on}) || happens_only_inside(kind, row)) continue;
    result.wrong.push_back(text(row.from) + " on " + text(row.on) + " cannot be made");
  }
  return result;
}

class Transitions : public ::testing::TestWithParam<Kind> {};

TEST_P(Transitions, AreMadeByARealRun) {
  EXPECT_THAT(walk(GetParam(), rows_of(GetParam())).wrong, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All,
                         Transitions,
                         ::testing::ValuesIn([] {
                           std::vector<Kind> kinds;
                           for (std::size_t i = 0; i < Lifecycle::kKinds; ++i)
                             kinds.push_back(static_cast<Kind>(i));
                           return kinds;
                         }()),
                         [](const auto& tested) {
                           std::string name(replay::to_string(tested.param));
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

// What is refused is really tried: a second end, an end after a cancellation, a second
// cancellation.
TEST(TransitionsWalk, TriesWhatIsNotListed) {
  for (const Kind kind :
       {Kind::kActivity, Kind::kStep, Kind::kTimer, Kind::kSignal, Kind::kStrand, Kind::kMessage,
        Kind::kChild, Kind::kChildStart, Kind::kUpdate, Kind::kTransaction}) {
    EXPECT_GE(walk(kind, rows_of(kind)).refusals, 4U) << replay::to_string(kind);
  }
}

// ---- the walk notices what is wrong -------------------------------------------------------------

std::vector<std::string> errors_with(Kind kind, Transition row) {
  Rows rows = rows_of(kind);
  const auto same = [&](const Transition& each) {
    return each.from == row.from && each.on == row.on;
  };
  rows.erase(std::remove_if(rows.begin(), rows.end(), same), rows.end());
  rows.push_back(row);
  return walk(kind, rows).wrong;
}

std::vector<std::string> errors_without(Kind kind, State from, Trigger on) {
  Rows rows = rows_of(kind);
  const auto is_it = [&](const Transition& row) { return row.from == from && row.on == on; };
  rows.erase(std::remove_if(rows.begin(), rows.end(), is_it), rows.end());
  return walk(kind, rows).wrong;
}

TEST(TransitionsWalk, NoticesARowThatLeadsElsewhere) {
  EXPECT_THAT(errors_with(Kind::kTimer, {State::kRecorded, Trigger::kCancel, State::kFailed}),
              Contains(HasSubstr("record, cancel: is cancelled, and should be failed")));
  EXPECT_THAT(
      errors_with(Kind::kActivity, {State::kCancelAsked, Trigger::kSuccess, State::kCancelled}),
      Contains(HasSubstr("record, ask, success: is succeeded, and should be cancelled")));
}

TEST(TransitionsWalk, NoticesARowThatIsMissing) {
  EXPECT_THAT(errors_without(Kind::kStep, State::kRecorded, Trigger::kDrop),
              Contains(HasSubstr("record, drop: is abandoned, and should be recorded")));
  EXPECT_THAT(errors_without(Kind::kChild, State::kCancelAsked, Trigger::kFailure),
              Contains(HasSubstr("record, ask, failure: is failed, and should be cancel asked")));
}

TEST(TransitionsWalk, NoticesARowThatNoRunFollows) {
  EXPECT_THAT(errors_with(Kind::kMessage, {State::kRecorded, Trigger::kCancel, State::kCancelled}),
              Contains(HasSubstr("record, cancel: is recorded, and should be cancelled")));
  EXPECT_THAT(errors_with(Kind::kTimer, {State::kRecorded, Trigger::kFailure, State::kFailed}),
              Contains(HasSubstr("recorded on failure cannot be made")));
}

}  // namespace
}  // namespace reprise::testing::transitions_test
