// What a caller may pass wherever a name, a text or a value is taken, and what must come back.
// Everything follows from a seed, so that each process knows it.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/random.h"

namespace reprise::round_trip {

using Random = testing::Random;

enum class End : std::uint8_t { kCompletes, kFails, kIsCancelled, kIsTerminated };

// One run: its names, the texts of its failures, and the values that it is given and gives.
struct Plan {
  std::uint64_t seed = 0;
  End end = End::kCompletes;
  int causes = 0;  // of the failure that it ends with
  bool update_fails = false;
  std::string id;
  std::string workflow;
  std::string queue;
  std::string activity;
  std::string step;
  std::string signal;
  std::string query;
  std::string update;
  std::string change;
  std::string type;  // of a failure; any bytes, as all below
  std::string message;
  std::string reason;
  std::string text;
  std::string signalled;  // up to the largest payload there may be
  nlohmann::json json;
};

// `number` makes the ids of a store's runs different.
Plan plan_of(std::uint64_t seed, int number);

}  // namespace reprise::round_trip
