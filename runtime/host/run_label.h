// The names of a run, for people and for the next process.
#pragma once
#include <cstdint>
#include <string_view>

namespace reprise::runtime {

// Refers to what the driver keeps for as long as the label is used. A signal handler may read it.
struct RunLabel {
  std::uint64_t number = 0;  // the driver's number of the run; 0: it is not named
  std::string_view workflow_id{};
  std::string_view workflow{};
  std::uint64_t events = 0;  // of its history
  std::string_view transaction{};  // whose closure is executed; empty: other code of the run
  bool starting = false;     // its first turn is not durable: a crash may leave nothing of it
};

}  // namespace reprise::runtime
