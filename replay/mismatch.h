// The first difference between what the log says and what the code does, as a value.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/log.pb.h"

namespace reprise::replay {

struct Mismatch {
  enum class Kind {
    kOther,         // another kind of command, another name or another id
    kExtra,         // the code asks for something, the recorded turn has no more commands
    kMissing,       // the recorded turn has a command the code no longer asks for
    kChangedInput,  // strict: the same command with another input
    kOrphanInput,   // an input answers a command that the code never made
    kAfterEnd,      // the history goes on behind the end of the code
  };

  Kind kind{};
  std::uint64_t event = 0;                // number of the event in the history, from 1
  std::optional<proto::Event> recorded;   // what the log says
  std::optional<proto::Event> attempted;  // what the code does
  std::optional<proto::Event> last_match;
  std::uint64_t last_match_event = 0;
  // A change that the code has deprecated and the run has no marker of; empty: none.
  std::string unmarked;
};

std::string_view to_string(Mismatch::Kind kind);

// What to do about a marker that the code does not ask for any more, or about a change that was
// deprecated while this run needed the old branch; empty: the mismatch is about neither.
std::string patch_advice(const Mismatch& mismatch);

// "ActivityScheduled charge", "TimerStarted 24h": one event on one line, without its call site.
std::string describe(const proto::Event& event);

// The event's name alone: "ActivityScheduled".
std::string_view name_of(const proto::Event& event);

// The report of design's section on errors: both sides, both call sites, the last match.
std::string report(const Mismatch& mismatch,
                   std::string_view workflow,
                   std::string_view workflow_id,
                   std::string_view run_id);

}  // namespace reprise::replay
