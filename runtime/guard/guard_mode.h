#pragma once
#include <cstdint>

namespace reprise::runtime {

// What happens when workflow code calls something that may differ on replay.
enum class GuardMode : std::uint8_t {
  kOff,     // the guard is off
  kReport,  // the call is logged, once for each place
  kPark,    // the turn is not recorded, and the run is parked (RP2008)
};

}  // namespace reprise::runtime
