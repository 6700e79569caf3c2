// Everything that has a name in a trial, made from its seed: both processes know it. Names and ids
// are picked to be mistaken for one another.
#pragma once
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace reprise::model {

using Random = std::mt19937_64;

// What the runs of a definition do.
enum class Kind : std::uint8_t {
  kCollects,  // until it is told to finish; ends with what it has met
  kCleans,    // the same, and cleans up when it is cancelled
  kFails,     // when it is told to finish
  kParks,     // then, until its code is mended
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

// Different ones of one family: prefixes of each other, other forms of the same letters, one byte
// more, as long as an id may be.
std::vector<std::string> ids_of(Random& random, std::size_t count);

// The value of a signal, an update, an argument: begins with the number of its call, and goes on
// with any bytes, up to the largest value there may be.
std::string value_of(Random& random, std::uint64_t number);
// Of a cancellation or a termination.
std::string reason_of(Random& random, std::uint64_t number);

}  // namespace reprise::model
