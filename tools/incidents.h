// What is wrong in a store now, and what somebody has to do about it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/engine/store_reader.h"

namespace reprise::tools {

struct Incident {
  enum class Kind {
    kQuarantined,      // its history does not verify
    kParked,           // its code cannot go on
    kActivityFailing,  // attempts of an activity or a step fail, one after the other
  };
  Kind kind{};
  base::ErrorCode code{};
  std::string cause{};
  runtime::StoreReader::Run run;
  // The first failed attempt; of a parked run: the turn at which its code stopped. 0: not known.
  std::int64_t since_ms = 0;
  std::string place{};         // "shop/checkout.cc:41", of the user's code; empty: not known
  std::string operation{};     // kActivityFailing: its name
  std::uint32_t id = 0;        // ... and number
  std::uint32_t failures = 0;  // ... and how many attempts have failed
  std::string resolve{};       // a command
};
std::string_view to_string(Incident::Kind kind);  // "parked"

// Of all open and quarantined runs, in the order of their starts. An activity counts from this many
// failed attempts on. Reads the history of each run that has an incident, and of no other.
std::vector<Incident> find_incidents(const runtime::StoreReader& reader,
                                     const std::string& directory,
                                     std::uint32_t failures);

// The first "file.cc:41" in a report, in the part about the code as it is now if there is one.
std::string place_in_report(std::string_view report);

}  // namespace reprise::tools
