// The first difference between what the log says and what the code does, as a value.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/symbols.h"
#include "proto/log.pb.h"
#include "replay/strand_status.h"

namespace reprise::replay {

struct Mismatch {
  enum class Kind {
    kOtherKind,      // another kind of command
    kOtherName,      // the same kind with another name
    kOtherId,        // the same kind and name with another id
    kDecided,        // the same decision with another outcome
    kOtherReceiver,  // the same message to another run, or the same child with another workflow id
    kOtherType,      // the same setting with another type
    kMissing,        // the code waits without asking for what the log says
    kExtra,          // the code makes a command, but the recorded turn has no more
    kLeftOver,       // the code ends, the history goes on
    kSwapped,        // the code's command comes later in the recorded turn
    kChangedInput,   // strict: the same command with another input
    kChangedType,    // a recorded payload does not have the type that the code reads
    kMarkerMissing,  // the log has the marker of a ctx.patched() that the code does not ask
    kOrphanInput,    // an input answers a command that the code never made
    kCutShort,       // the history does not begin with the start of the run
  };

  Kind kind{};
  std::uint64_t event = 0;                // number of the event in the history, from 1
  std::optional<proto::Event> recorded;   // what the log says
  std::optional<proto::Event> attempted;  // what the code does
  // Without payloads.
  std::optional<proto::Event> last_match;
  std::uint64_t last_match_event = 0;
  // A change that the code has deprecated but for which the run has no marker; empty: none.
  std::string unmarked;

  std::uint64_t found_at = 0;  // kSwapped: the event at which the log has what the code does
  std::string payload_of;      // kChangedType: "activity charge"; empty: `recorded` says it
  std::string read_as;         // kChangedType: the C++ type that the code reads
  std::string unreadable;      // kChangedType: the codec's message
  // The strand that asked for `attempted`; without one all strands, as they wait.
  std::vector<StrandStatus> strands;
};

// A base class of exceptions for a recorded payload that does not decode. If one leaves the
// workflow's code, the run is parked with this report.
struct ChangedType {
  explicit ChangedType(Mismatch what) : mismatch(std::move(what)) {}
  Mismatch mismatch;

 protected:
  ~ChangedType() = default;
  ChangedType(const ChangedType&) = default;
  ChangedType& operator=(const ChangedType&) = default;
};

std::string_view to_string(Mismatch::Kind kind);

// What to do about a marker that the code no longer asks for, or about a change that was deprecated
// while this run needed the old branch; empty: neither is the case.
std::string patch_advice(const Mismatch& mismatch);

enum class Payloads { kLeftOut, kShown };

// Both sides with their call sites, the last match, what usually causes it and what to do, and the
// stacks of the strands without the engine's own frames; nullptr: no stacks. Reads debug
// information: not on a strand. Payloads are the user's data, so texts for a log have none.
std::string report(const Mismatch& mismatch,
                   std::string_view workflow,
                   std::string_view workflow_id,
                   std::string_view run_id,
                   base::Symbols* symbols,
                   Payloads payloads = Payloads::kLeftOut);

}  // namespace reprise::replay
