// A load: a named thing to measure.
#pragma once
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "bench/figure.h"

namespace reprise::bench {

struct Settings {
  double seconds = 10;    // of steady state, at least
  std::string directory;  // where stores are made

  double warm_up_seconds() const { return std::min(1.0, seconds / 4); }
  // A floor is measured before and after the load.
  double floor_seconds() const { return std::max(0.3, seconds / 8); }
};

// When a load runs if it is not named on the command line.
enum class Runs {
  kAlways,
  kQuick,  // with --quick only
  kFull,   // without --quick only
  kNamed,  // never
};

struct Load {
  std::string name;
  Runs runs = Runs::kAlways;
  // Throws a std::exception when it cannot be measured.
  std::function<Figures(const Settings&)> measure;
  double default_seconds = 0;  // of steady state; 0: those of all loads
};

using Loads = std::vector<Load>;

// In the order in which they run.
Loads all_loads();

}  // namespace reprise::bench
