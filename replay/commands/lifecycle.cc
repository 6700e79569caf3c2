#include "replay/commands/lifecycle.h"

#include <array>

#include "replay/commands/activity.h"
#include "replay/commands/child.h"
#include "replay/commands/decision.h"
#include "replay/commands/message.h"
#include "replay/commands/patch.h"
#include "replay/commands/run.h"
#include "replay/commands/setting.h"
#include "replay/commands/side_effect.h"
#include "replay/commands/signal.h"
#include "replay/commands/step.h"
#include "replay/commands/strand.h"
#include "replay/commands/timer.h"
#include "replay/commands/transaction.h"
#include "replay/commands/update.h"

namespace reprise::replay {
namespace {

struct KindRow {
  std::string_view name;  // for people
  std::span<const Transition> transitions;
};

// In the order of Lifecycle::Kind.
constexpr std::array<KindRow, Lifecycle::kKinds> kKindRows = {{
    {"activity", lifecycles::kActivity},
    {"step", lifecycles::kStep},
    {"timer", lifecycles::kTimer},
    {"signal", lifecycles::kSignal},
    {"strand", lifecycles::kStrand},
    {"side effect", lifecycles::kSideEffect},
    {"patch marker", lifecycles::kPatch},
    {"decision", lifecycles::kDecision},
    {"message", lifecycles::kMessage},
    {"setting", lifecycles::kSetting},
    {"update", lifecycles::kUpdate},
    {"run", lifecycles::kRun},
    {"child", lifecycles::kChild},
    {"start of child", lifecycles::kChildStart},
    {"transaction", lifecycles::kTransaction},
}};

template <class Index>
constexpr std::size_t index(Index value) {
  return static_cast<std::size_t>(value);
}

using Row = std::array<std::optional<Lifecycle::State>, Lifecycle::kTriggers>;
using Table = std::array<Row, Lifecycle::kStates>;

// Evaluated at compile time, so a throw is a compile error.
consteval std::array<Table, Lifecycle::kKinds> make_tables() {
  std::array<Table, Lifecycle::kKinds> tables{};
  for (std::size_t kind = 0; kind < tables.size(); ++kind) {
    for (const Transition& transition : kKindRows[kind].transitions) {
      auto& to = tables[kind][index(transition.from)][index(transition.on)];
      if (to) throw "a pair of state and trigger is listed twice";
      if (Lifecycle::has_ended(transition.from)) throw "what has ended goes on";
      to = transition.to;
    }
  }
  return tables;
}

constexpr auto kTables = make_tables();

}  // namespace

std::optional<Lifecycle::State> Lifecycle::next(Kind kind, State from, Trigger trigger) {
  return kTables[index(kind)][index(from)][index(trigger)];
}

std::span<const Transition> Lifecycle::transitions(Kind kind) {
  return kKindRows[index(kind)].transitions;
}

std::string_view to_string(Lifecycle::Kind kind) {
  return kKindRows[index(kind)].name;
}

bool Lifecycle::on(Trigger trigger) {
  const auto to = next(kind_, state_, trigger);
  if (!to) return false;
  state_ = *to;
  return true;
}

}  // namespace reprise::replay
