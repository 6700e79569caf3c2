#include "replay/mismatch.h"

#include "event/text.h"

namespace reprise::replay {
using proto::Event;

std::string_view to_string(Mismatch::Kind kind) {
  switch (kind) {
    case Mismatch::Kind::kOtherKind:
      return "other kind";
    case Mismatch::Kind::kOtherName:
      return "other name";
    case Mismatch::Kind::kOtherId:
      return "other id";
    case Mismatch::Kind::kDecided:
      return "decided otherwise";
    case Mismatch::Kind::kOtherReceiver:
      return "other receiver";
    case Mismatch::Kind::kOtherType:
      return "other type";
    case Mismatch::Kind::kMissing:
      return "missing";
    case Mismatch::Kind::kExtra:
      return "extra";
    case Mismatch::Kind::kLeftOver:
      return "left over at the end";
    case Mismatch::Kind::kSwapped:
      return "order swapped";
    case Mismatch::Kind::kChangedInput:
      return "changed input";
    case Mismatch::Kind::kChangedType:
      return "changed type";
    case Mismatch::Kind::kMarkerMissing:
      return "version marker missing";
    case Mismatch::Kind::kOrphanInput:
      return "event for a command never made";
    case Mismatch::Kind::kCutShort:
      return "history cut short";
  }
  return "mismatch";
}

std::string patch_advice(const Mismatch& mismatch) {
  if (mismatch.recorded && mismatch.recorded->has_patch_recorded()) {
    const Event& marker = *mismatch.recorded;
    const std::string id = "(\"" + marker.patch_recorded().change_id() + "\")";
    std::string place = event::place_of(marker);
    if (!place.empty()) place = " (" + place + " when this run recorded it)";
    return "put ctx.deprecate_patch" + id + "; back where it was" + place +
           "; it may go when no open run has recorded it";
  }
  if (mismatch.unmarked.empty()) return {};
  const std::string id = "(\"" + mismatch.unmarked + "\")";
  return "this run has no marker of it: go back to if (ctx.patched" + id +
         ") { new code } else { old code }";
}

}  // namespace reprise::replay
