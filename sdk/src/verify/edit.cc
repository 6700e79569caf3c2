#include "sdk/src/verify/edit.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/printable_text.h"
#include "event/catalogue.h"
#include "event/text.h"
#include "runtime/history/history.h"

namespace reprise::internal {
namespace {

using proto::Event;
using replay::Mismatch;

bool ends_run(const Event& command) {
  const event::Row& row = event::row_of(command);
  return row.ends.has_value() && row.role == event::Role::kCommand;
}

// The name that a person gave it, or its kind.
std::string short_name(const Event& event) {
  const event::Row& row = event::row_of(event);
  if (ends_run(event)) return "end";
  const bool is_call = row.opens != event::Operation::kNone || event.has_signal_received() ||
                       event.has_signal_set_aside() || event.has_decision_recorded() ||
                       event.has_setting_recorded();
  if (is_call && row.called != nullptr) return row.called(event);
  if (row.opens != event::Operation::kNone) return std::string(to_string(row.opens));
  return event.has_side_effect_recorded() ? "side-effect" : std::string(row.name);
}

// "activity 'pick'".
std::string call_of(const Event& event) {
  const event::Row& row = event::row_of(event);
  if (row.called == nullptr) return event::describe(event);
  const std::string name = " '" + base::printable_text(row.called(event)) + "'";
  if (event.has_signal_set_aside()) return "next signal" + name;
  if (event.has_decision_recorded()) return "decision" + name;
  if (event.has_setting_recorded()) return "setting" + name;
  return row.opens == event::Operation::kNone ? event::describe(event)
                                              : std::string(to_string(row.opens)) + name;
}

// "activity 'pick' (shop/checkout.cc:38)".
std::string phrase(const Event& event) {
  const std::string site = event::place_of(event);
  return site.empty() ? call_of(event) : call_of(event) + " (" + site + ")";
}

// No call asks for what the cancellation of a scope gives up, or for a signal that no handler could
// read: there is no place for an edit.
bool is_given_up(const std::optional<Event>& command) {
  if (!command || command->has_call_site()) return false;
  return event::row_of(*command).answers == event::Answer::kGivenUp ||
         command->has_signal_set_aside();
}

bool same_call(const Event& one, const Event& other) {
  return one.kind_case() == other.kind_case() && short_name(one) == short_name(other);
}

// The run's commands after the one with this event number, up to the end of its history.
const Event* command_behind(const proto::History& history, std::uint64_t event) {
  std::uint64_t number = runtime::first_event(history) - 1;
  for (const proto::Turn& turn : history.turns()) {
    number += static_cast<std::uint64_t>(turn.inputs_size());
    for (const Event& command : turn.commands()) {
      if (++number > event) return &command;
    }
  }
  return nullptr;
}

// An id that no run of this workflow can have met: "add-charge", "add-charge-2".
std::string new_id(std::string wanted, const proto::History& history) {
  std::set<std::string_view> taken;
  for (const proto::Turn& turn : history.turns()) {
    for (const Event& command : turn.commands()) {
      if (command.has_patch_recorded()) taken.insert(command.patch_recorded().change_id());
    }
  }
  std::string id = wanted;
  for (int i = 2; taken.contains(id); ++i) id = wanted + "-" + std::to_string(i);
  return id;
}

std::string branch(const std::string& condition, const std::string& what) {
  return "if (" + condition + ") {\n  // " + what + "\n}";
}

std::string patched(const std::string& id) {
  return "ctx.patched(\"" + base::printable_text(id) + "\")";
}

Edit added(const Event& now, const std::string& id) {
  return {branch(patched(id), "the new call: " + phrase(now)), event::place_of(now), {}};
}

Edit removed(const Event& recorded, const std::string& id, const std::string& at) {
  return {branch("!" + patched(id), "the old call: " + phrase(recorded)), at, {}};
}

Edit both(const Event& recorded, const Event& now, const std::string& id) {
  return {branch(patched(id), "the code as it is: " + phrase(now)) +
              " else {\n  // the code as it was: " + phrase(recorded) + "\n}",
          event::place_of(now),
          {}};
}

Edit marker_back(const Mismatch& mismatch) {
  const Event& marker = *mismatch.recorded;
  const std::string id = base::printable_text(marker.patch_recorded().change_id());
  std::string at = mismatch.attempted ? event::place_of(*mismatch.attempted) : std::string();
  if (at.empty()) at = event::place_of(marker);
  return {"ctx.deprecate_patch(\"" + id + "\");", at,
          "where these runs had ctx.patched(\"" + id + "\"): " + event::place_of(marker)};
}

Edit other(const Event& recorded,
           const Event& now,
           const Mismatch& mismatch,
           const proto::History& history) {
  if (ends_run(now)) {
    return removed(recorded, new_id("remove-" + short_name(recorded), history),
                   event::place_of(recorded));
  }
  const Event* const next = command_behind(history, mismatch.event);
  if (next != nullptr && same_call(*next, now)) {
    return removed(recorded, new_id("remove-" + short_name(recorded), history),
                   event::place_of(now));
  }
  Edit edit = both(recorded, now, new_id("change-" + short_name(recorded), history));
  edit.note = "if the old call still follows, put the new one alone behind ctx.patched()";
  return edit;
}

// The call is there: only the rule that it records has changed.
Edit decided(const Event& recorded, const Event& now, const proto::History& history) {
  const std::string what = base::printable_text(event::row_of(now).called(now));
  return {branch(patched(new_id("change-" + short_name(recorded), history)),
                 "the rule of decision '" + what + "' as it is") +
              " else {\n  // the rule as it was\n}",
          event::place_of(now),
          "if the rule has not changed, it depends on something outside the run"};
}

Edit wanted_edit(const Mismatch& mismatch, const proto::History& history) {
  const auto& recorded = mismatch.recorded;
  const auto& now = mismatch.attempted;
  if (recorded && recorded->has_patch_recorded()) return marker_back(mismatch);
  if (mismatch.kind == Mismatch::Kind::kChangedType) {
    return {
        {}, {}, "let the new type read what the old one wrote, or give the definition a new name"};
  }
  if (mismatch.kind == Mismatch::Kind::kOrphanInput || mismatch.kind == Mismatch::Kind::kCutShort ||
      (!recorded && !now)) {
    return {{}, {}, "no edit is known; is this the history of this workflow?"};
  }
  if (!mismatch.unmarked.empty()) {
    const std::string id = mismatch.unmarked;
    if (recorded && now) return both(*recorded, *now, id);
    return recorded ? removed(*recorded, id, event::place_of(*recorded)) : added(*now, id);
  }
  if (mismatch.kind == Mismatch::Kind::kDecided) return decided(*recorded, *now, history);
  if (mismatch.kind == Mismatch::Kind::kOtherType) {
    return {{}, {}, "give the new type a name of its own: a name keeps its type in a run"};
  }
  if (recorded && now) {
    if (mismatch.kind != Mismatch::Kind::kChangedInput) {
      return other(*recorded, *now, mismatch, history);
    }
    Edit edit = both(*recorded, *now, new_id("change-" + short_name(*recorded), history));
    edit.note = "only the inputs differ, which an engine compares with EngineOptions::strict alone";
    return edit;
  }
  if (now) return added(*now, new_id("add-" + short_name(*now), history));
  return removed(*recorded, new_id("remove-" + short_name(*recorded), history),
                 event::place_of(*recorded));
}

}  // namespace

Edit edit_for(const Mismatch& mismatch, const proto::History& history) {
  if (is_given_up(mismatch.recorded) || is_given_up(mismatch.attempted)) {
    return {
        {},
        {},
        "no edit is known: a cancellation gave this up, no call in the code. Scopes and Shields "
        "decide what it gives up: keep them as they were, for these runs"};
  }
  Edit edit = wanted_edit(mismatch, history);
  if (edit.text.empty() || !edit.at.empty()) return edit;
  return {{}, {}, "no edit is known: no call in the code makes this command"};
}

}  // namespace reprise::internal
