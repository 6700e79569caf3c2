// What an engine counts and measures, for whatever monitoring a program has.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace reprise {

namespace runtime {
class EngineMetrics;
}  // namespace runtime
namespace internal {
struct MetricsAccess;
}  // namespace internal

enum class MetricType : std::uint8_t {
  kCounter,    // only grows while the process lives
  kGauge,      // as it is now
  kHistogram,  // how values are distributed
};

struct MetricSample {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;  // of a counter or a gauge
  // Of a histogram: for each bound how many values were not above it (the last bound, infinity, is
  // left out: that is `count`), and the sum and the number of all.
  std::vector<std::pair<double, std::uint64_t>> buckets;
  double sum = 0;
  std::uint64_t count = 0;
};

struct MetricFamily {
  std::string name;  // after the conventions of Prometheus: "reprise_turn_seconds"
  std::string help;
  MetricType type{};
  std::vector<MetricSample> samples;
};

// Give one to EngineOptions::metrics, and read it whenever the monitoring asks. docs/metrics.md
// lists the families. Counters and histograms go on when an engine is closed and another one opened
// with it; gauges are those of the engines that are open. Thread-safe; shared ownership keeps it
// alive. Without one an engine measures nothing. Not for workflow code.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Every family, with no sample if there is nothing of the kind yet. Takes no lock of the engine
  // for longer than it takes to look at a queue.
  std::vector<MetricFamily> collect() const;

 private:
  friend struct internal::MetricsAccess;
  std::shared_ptr<runtime::EngineMetrics> metrics_;
};

}  // namespace reprise
