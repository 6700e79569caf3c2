// A floor (floor.h) for a load: measured right before and right after the load, because the speed
// of disks changes from one minute to the next.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/figure.h"
#include "bench/floor.h"
#include "bench/load.h"
#include "reprise/client.h"

namespace reprise::bench {

// Measures one floor: in a directory that does not exist, for about this long.
using Probe = std::function<double(const std::string& directory, double seconds)>;

Probe runs_per_second(std::uint64_t in_flight, const RunShape& shape);
Probe records_per_second(std::uint64_t in_flight, const RunShape& shape);
Probe commit_micros(const std::vector<CommitShape>& commits);

// The bytes that one of our runs has written to the journal and will have in the archive.
RunShape shape_of(const RunHandle& run);

// The reference floor and the one with the same bytes of one figure; either may be missing.
class Gauge {
 public:
  Gauge(Probe reference, Probe same_bytes)
      : reference_(std::move(reference)), same_bytes_(std::move(same_bytes)) {}

  void measure(const Settings& settings);
  Floors floors() const;  // the means

 private:
  struct Mean {
    explicit Mean(Probe measured) : probe(std::move(measured)) {}
    std::optional<double> value() const;

    Probe probe;
    double sum = 0;
    int count = 0;
  };
  static void measure(Mean& mean, const Settings& settings);

  Mean reference_;
  Mean same_bytes_;
};

// Of a load that goes on by itself: how fast `counter` grows, after a time to warm up, and the
// processor time for each.
void measure_rate(const Settings& settings,
                  const std::atomic<std::uint64_t>& counter,
                  Figure* figure);

}  // namespace reprise::bench
