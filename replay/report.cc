// The text of a mismatch, which a person reads when a deployment has broken a run.
#include <algorithm>

#include "base/error.h"
#include "base/type_name.h"
#include "event/catalogue.h"
#include "event/payload_text.h"
#include "event/setting.h"
#include "event/text.h"
#include "replay/mismatch.h"
#include "replay/report_lines.h"

namespace reprise::replay {
namespace {

using proto::Event;
using MismatchKind = Mismatch::Kind;

constexpr std::size_t kSiteColumn = 54;
constexpr std::size_t kMostStrands = 16;

std::string with_site(std::string_view label,
                      std::string text,
                      const Event& event,
                      std::string_view verb) {
  if (event.has_call_site()) {
    text.resize(std::max(kSiteColumn - kReportLabelWidth, text.size() + 1), ' ');
    text += std::string(verb) + event::place_of(event);
  }
  return report_line(label, text);
}

std::string side(std::string_view label,
                 const std::optional<Event>& event,
                 std::string_view verb,
                 std::string_view nothing) {
  return event ? with_site(label, event::describe(*event), *event, verb)
               : report_line(label, nothing);
}

// ---- what is different, why, and what to do about it ------------------------------------------

constexpr std::string_view kPatchIt =
    "if (ctx.patched(\"...\")) { the calls as they are now } else { the calls as they were }";

std::string marker_of(const Mismatch& mismatch) {
  return "ctx.patched(\"" + mismatch.recorded->patch_recorded().change_id() + "\")";
}

std::string id_in(const Event& command) {
  const std::string id = event::id_of(command);
  return id.empty() ? event::detail_of(command) : id;
}

std::string outcome_of(const Event& decision) {
  return decision.decision_recorded().outcome() ? "true" : "false";
}

std::string type_of(const Event& setting) {
  return std::string(event::to_string(setting.setting_recorded().type()));
}

bool is_child(const Mismatch& mismatch) {
  return mismatch.recorded->has_child_scheduled();
}

std::string what_differs(const Mismatch& mismatch) {
  switch (mismatch.kind) {
    case MismatchKind::kOtherKind:
      return "the code makes another kind of command here";
    case MismatchKind::kOtherName:
      return "the same kind of command, with another name";
    case MismatchKind::kOtherId:
      return "the same command with another id: " + id_in(*mismatch.recorded) + " in the log, " +
             id_in(*mismatch.attempted) + " in the code";
    case MismatchKind::kDecided:
      return "the outcome: " + outcome_of(*mismatch.recorded) + " in the log, " +
             outcome_of(*mismatch.attempted) + " now";
    case MismatchKind::kOtherReceiver:
      return is_child(mismatch) ? "the same child, with another workflow id"
                                : "the same message, to another run";
    case MismatchKind::kOtherType:
      return "the type: " + type_of(*mismatch.recorded) + " in the log, " +
             type_of(*mismatch.attempted) + " now";
    case MismatchKind::kMissing:
      return "the code waits without making this command";
    case MismatchKind::kExtra:
      return "the code makes a command that the log does not have here";
    case MismatchKind::kLeftOver:
      return "the code ends here, and the log goes on";
    case MismatchKind::kSwapped:
      return "the order: the log has what the code does as event " +
             std::to_string(mismatch.found_at);
    case MismatchKind::kChangedInput:
      return "the same command, with another input (compared in strict mode only)";
    case MismatchKind::kChangedType:
      return "the recorded payload is of another type: " + mismatch.unreadable;
    case MismatchKind::kMarkerMissing:
      return "the code does not ask for this version marker any more";
    case MismatchKind::kOrphanInput:
      return "the event answers a command that the code has not made";
    case MismatchKind::kCutShort:
      return "the history does not begin with RunStarted";
  }
  return {};
}

std::string usual_cause(const Mismatch& mismatch) {
  if (!mismatch.unmarked.empty()) {
    return "ctx.deprecate_patch(\"" + mismatch.unmarked +
           "\") came while runs that took the old branch were open";
  }
  switch (mismatch.kind) {
    case MismatchKind::kOtherName:
      return "a definition was renamed, or a durable call was added, removed or moved; keep old "
             "runs going with ctx.patched(\"...\")";
    case MismatchKind::kDecided:
      return "the rule was changed while runs that used it were open, or it depends on something "
             "outside the run: a clock, a random number, a global";
    case MismatchKind::kOtherReceiver:
      return std::string(is_child(mismatch) ? "the child's" : "the receiver's") +
             " id is computed otherwise, or depends on something outside the run: a clock, a "
             "random number, a global";
    case MismatchKind::kOtherType:
      return "the type of an attribute was changed while runs that publish it were open";
    case MismatchKind::kMissing:
      return "a durable call was removed, or moved after a wait; keep old runs going with "
             "ctx.patched(\"...\")";
    case MismatchKind::kExtra:
      return "a durable call was added, or moved before a wait; keep old runs going with "
             "ctx.patched(\"...\"). Or the history was cut short in the middle of this turn";
    case MismatchKind::kLeftOver:
      return "a wait was removed, so that the code ends earlier than it did";
    case MismatchKind::kSwapped:
      return "durable calls changed places, or those between were removed; keep old runs going "
             "with ctx.patched(\"...\")";
    case MismatchKind::kChangedInput:
      return "the argument depends on something outside the run: a clock, a random number, a "
             "global, the order of an unordered container";
    case MismatchKind::kChangedType:
      return "the type of a result or an argument was changed while runs that recorded it were "
             "open, or a worker with other code has made it";
    case MismatchKind::kMarkerMissing:
      return marker_of(mismatch) + " was removed while runs that recorded it were open";
    case MismatchKind::kOrphanInput:
      return "the code that made the command was removed, or the history is not this workflow's";
    case MismatchKind::kCutShort:
      return "a part of the history was copied or exported, or its beginning was lost";
    case MismatchKind::kOtherKind:
    case MismatchKind::kOtherId:
      break;
  }
  return "a durable call was added, removed or moved; keep old runs going with "
         "ctx.patched(\"...\")";
}

std::string what_to_do(const Mismatch& mismatch) {
  if (std::string advice = patch_advice(mismatch); !advice.empty()) return advice;
  switch (mismatch.kind) {
    case MismatchKind::kOtherName:
      return "give the definition its old name back: names are data of the log; or " +
             std::string(kPatchIt);
    case MismatchKind::kDecided:
      return "keep the old rule for old runs: if (ctx.patched(\"...\")) { the rule as it is now } "
             "else { the rule as it was }; what varies is taken from the run: ctx.now(), "
             "ctx.side_effect()";
    case MismatchKind::kOtherType:
      return "give the new type a name of its own, and set it behind ctx.patched(\"...\")";
    case MismatchKind::kChangedInput:
      return "take what varies from the run: ctx.now(), ctx.random(), ctx.side_effect(), or sort "
             "it";
    case MismatchKind::kChangedType:
      return "let the new type read the old form too (members optional, numbers wider), or give "
             "the changed definition a new name and call it behind ctx.patched(\"...\")";
    case MismatchKind::kOrphanInput:
      return "bring the call back for old runs, behind ctx.patched(\"...\"); check which workflow "
             "the history belongs to";
    case MismatchKind::kCutShort:
      return "replay the whole history, from its first event";
    case MismatchKind::kOtherKind:
    case MismatchKind::kOtherId:
    case MismatchKind::kOtherReceiver:
    case MismatchKind::kMissing:
    case MismatchKind::kExtra:
    case MismatchKind::kLeftOver:
    case MismatchKind::kSwapped:
    case MismatchKind::kMarkerMissing:
      break;
  }
  return std::string(kPatchIt);
}

// For arguments only their types: "(std::string, int)".
std::string type_text(const std::string& type) {
  const std::string arguments = base::argument_list(type);
  return arguments.empty() ? base::short_type_name(type) : arguments;
}

// ---- stacks -----------------------------------------------------------------------------------

std::string stacks(const Mismatch& mismatch, base::Symbols& symbols) {
  std::string lines;
  const std::size_t shown = std::min(mismatch.strands.size(), kMostStrands);
  for (std::size_t i = 0; i < shown; ++i) lines += stack_lines(mismatch.strands[i], symbols);
  if (const std::size_t more = mismatch.strands.size() - shown; more > 0) {
    lines += report_line("", "and " + std::to_string(more) + " more strands");
  }
  return lines;
}

std::string payload_line(const Event& event, Payloads payloads) {
  const auto field = event::row_of(event).payload;
  const std::string_view payload = field == nullptr ? std::string_view() : field(event);
  const std::string text = payloads == Payloads::kLeftOut
                               ? std::to_string(payload.size()) + " bytes"
                           : payload.empty() ? "nothing"
                                             : event::payload_text(payload);
  return report_line("its payload", text);
}

std::string both_sides(const Mismatch& mismatch, Payloads payloads) {
  if (mismatch.kind == MismatchKind::kChangedType) {
    const Event& recorded = *mismatch.recorded;
    const std::string what =
        mismatch.payload_of.empty()
            ? event::describe(recorded)
            : std::string(event::row_of(recorded).name) + " of " + mismatch.payload_of;
    return with_site("the log says", what, recorded, "asked for at ") +
           payload_line(*mismatch.recorded, payloads) +
           report_line("the code now reads", type_text(mismatch.read_as));
  }
  if (mismatch.kind == MismatchKind::kChangedInput) {
    return side("the log says", mismatch.recorded, "recorded at ", {}) +
           payload_line(*mismatch.recorded, payloads) +
           side("the code now does", mismatch.attempted, "at ", {}) +
           payload_line(*mismatch.attempted, payloads);
  }
  const bool none =
      mismatch.kind == MismatchKind::kCutShort || mismatch.kind == MismatchKind::kLeftOver;
  return side("the log says", mismatch.recorded, "recorded at ",
              none ? "nothing" : "no further command in this turn") +
         side("the code now does", mismatch.attempted, "at ", "nothing of the kind");
}

}  // namespace

std::string report(const Mismatch& mismatch,
                   std::string_view workflow,
                   std::string_view workflow_id,
                   std::string_view run_id,
                   base::Symbols* symbols,
                   Payloads payloads) {
  std::string text = base::to_string(base::ErrorCode::kNondeterminism) +
                     " nondeterminism: " + run_text(workflow, workflow_id, run_id) + ", event " +
                     std::to_string(mismatch.event) + "\n";
  text += both_sides(mismatch, payloads);
  if (mismatch.last_match) {
    text += report_line("last match", std::to_string(mismatch.last_match_event) + " " +
                                          event::describe(*mismatch.last_match));
  }
  text += report_line("usually", usual_cause(mismatch));
  text += report_line("different", what_differs(mismatch));
  text += report_line("to go on", what_to_do(mismatch));
  if (symbols != nullptr) text += stacks(mismatch, *symbols);
  return text;
}

}  // namespace reprise::replay
