// A run as people and the next process are told of it.
#pragma once
#include <cstdint>
#include <string_view>

namespace reprise::runtime {

// Refers to what the driver keeps for as long as the label is used. A signal handler may read it.
struct RunLabel {
  std::uint64_t number = 0;  // what the driver calls the run; 0: nobody is told which one it is
  std::string_view workflow_id{};
  std::string_view workflow{};
  std::uint64_t events = 0;  // of its history
  bool starting = false;     // its first turn is not durable: nothing may be left of it
};

}  // namespace reprise::runtime
