// All names of a trial, made from its seed, so that both processes know them. Names and ids are
// chosen to be easily confused.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/random.h"

namespace reprise::model {

using Random = testing::Random;

// What the runs of a definition do.
enum class Kind : std::uint8_t {
  kCollects,  // runs until it is told to finish; its result is what it has met
  kCleans,    // the same, and cleans up when it is cancelled
  kFails,     // when it is told to finish
  kParks,     // then fails, until its code is corrected
  kWorks,     // activities that fail first, and steps; then it ends
  kSleeps,    // on timers, for milliseconds; then it ends
};
inline constexpr std::size_t kKinds = 6;

struct Names {
  std::array<std::string, kKinds> workflows;
  std::array<std::string, 2> queues;
  std::string note;
  std::string finish;
  std::string add;
  std::string echo;
  std::string seen;
  std::string activity;
  std::string step;
};
Names names_of(std::uint64_t seed);

// Different ids of one family: prefixes of each other, other forms of the same letters, one byte
// longer, as long as allowed.
std::vector<std::string> ids_of(Random& random, std::size_t count);

// The value of a signal, an update, an argument: begins with the number of its call, followed by
// any bytes, up to the largest value allowed.
std::string value_of(Random& random, std::uint64_t number);
// Of a cancellation or a termination.
std::string reason_of(Random& random, std::uint64_t number);

}  // namespace reprise::model
