#include "replay/difference.h"

#include <string_view>

namespace reprise::replay {
namespace {

using proto::Event;

// What a person would call the command; the order of the calls gives them their ids.
std::string_view name_in(const Event& command) {
  switch (command.kind_case()) {
    case Event::kActivityScheduled:
      return command.activity_scheduled().name();
    case Event::kStepScheduled:
      return command.step_scheduled().name();
    case Event::kPatchRecorded:
      return command.patch_recorded().change_id();
    case Event::kSignalSetAside:
      return command.signal_set_aside().name();
    default:
      return {};
  }
}

bool same_name(const Event& one, const Event& other) {
  return one.kind_case() == other.kind_case() && name_in(one) == name_in(other);
}

bool ends_run(const Event& command) {
  return command.has_run_completed() || command.has_run_failed() || command.has_run_cancelled();
}

}  // namespace

Difference difference(const proto::Turn& recorded, int index, const Event& attempted) {
  const Event& expected = recorded.commands(index);
  if (expected.has_patch_recorded()) return {Mismatch::Kind::kMarkerMissing};
  if (ends_run(attempted) && !ends_run(expected)) return {Mismatch::Kind::kLeftOver};
  if (same_name(expected, attempted)) return {Mismatch::Kind::kOtherId};
  for (int i = index + 1; i < recorded.commands_size(); ++i) {
    if (same_name(recorded.commands(i), attempted)) return {Mismatch::Kind::kSwapped, i};
  }
  return {expected.kind_case() == attempted.kind_case() ? Mismatch::Kind::kOtherName
                                                        : Mismatch::Kind::kOtherKind};
}

void outline(const Event& command, Event* out) {
  switch (command.kind_case()) {
    case Event::kActivityScheduled:
      out->mutable_activity_scheduled()->set_name(command.activity_scheduled().name());
      break;
    case Event::kStepScheduled:
      out->mutable_step_scheduled()->set_name(command.step_scheduled().name());
      break;
    case Event::kSideEffectRecorded:
      out->mutable_side_effect_recorded();
      break;
    case Event::kUpdateCompleted:
      out->mutable_update_completed()->set_update_id(command.update_completed().update_id());
      break;
    case Event::kSignalSetAside:
      out->mutable_signal_set_aside()->set_name(command.signal_set_aside().name());
      break;
    default:  // small
      *out = command;
      out->clear_call_site();
  }
  if (!command.has_call_site()) return out->clear_call_site();
  out->mutable_call_site()->set_file(command.call_site().file());
  out->mutable_call_site()->set_line(command.call_site().line());
}

}  // namespace reprise::replay
