#include "replay/difference.h"

#include "event/catalogue.h"
#include "event/text.h"

namespace reprise::replay {
namespace {

using proto::Event;

// The same kind under the same name; the order of the calls gives them their ids.
bool same_name(const Event& one, const Event& other) {
  if (one.kind_case() != other.kind_case()) return false;
  const auto called = event::row_of(one).called;
  return called == nullptr || called(one) == called(other);
}

bool ends_run(const Event& command) {
  return event::row_of(command).ends.has_value();
}

// It names another run.
bool has_receiver(const Event& command) {
  const event::Operation opens = event::row_of(command).opens;
  return opens == event::Operation::kMessage || opens == event::Operation::kChild;
}

Mismatch::Kind difference_of_same_name(const Event& expected, const Event& attempted) {
  if (expected.has_decision_recorded()) return Mismatch::Kind::kDecided;
  if (expected.has_setting_recorded()) return Mismatch::Kind::kOtherType;
  const bool is_other_receiver =
      has_receiver(expected) && event::id_of(expected) == event::id_of(attempted);
  return is_other_receiver ? Mismatch::Kind::kOtherReceiver : Mismatch::Kind::kOtherId;
}

}  // namespace

Difference difference(const proto::Turn& recorded, int index, const Event& attempted) {
  const Event& expected = recorded.commands(index);
  if (expected.has_patch_recorded()) return {Mismatch::Kind::kMarkerMissing};
  if (ends_run(attempted) && !ends_run(expected)) return {Mismatch::Kind::kLeftOver};
  if (same_name(expected, attempted)) return {difference_of_same_name(expected, attempted)};
  for (int i = index + 1; i < recorded.commands_size(); ++i) {
    if (same_name(recorded.commands(i), attempted)) return {Mismatch::Kind::kSwapped, i};
  }
  return {expected.kind_case() == attempted.kind_case() ? Mismatch::Kind::kOtherName
                                                        : Mismatch::Kind::kOtherKind};
}

}  // namespace reprise::replay
