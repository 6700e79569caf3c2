// What an engine counts and measures. Threads of the engine write it, whoever scrapes reads it. It
// may outlive engines, and several may share one. docs/metrics.md lists what it shows.
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counters.h"
#include "base/error.h"
#include "event/run_status.h"

namespace reprise::runtime {

// Bounds of histograms, in nanoseconds, bytes and records.
std::span<const std::uint64_t> code_bounds();     // 10 us to 10 s
std::span<const std::uint64_t> attempt_bounds();  // 1 ms to an hour
std::span<const std::uint64_t> commit_bounds();   // 100 us to 10 s
std::span<const std::uint64_t> byte_bounds();     // 1 KiB to 64 MiB
std::span<const std::uint64_t> record_bounds();   // 1 to 65,536

// A figure with its labels, when it is read.
struct Metric {
  using Labels = std::vector<std::pair<std::string_view, std::string>>;
  Labels labels;
  double value = 0;  // unless it is a histogram
  // Of a histogram: how many values were at most that large, and the sum and number of all.
  std::vector<std::pair<double, std::uint64_t>> buckets{};
  double sum = 0;
  std::uint64_t count = 0;
};

enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram };

struct MetricFamily {
  std::string_view name;
  std::string_view help;
  MetricKind kind{};
  std::vector<Metric> metrics{};
};

class EngineMetrics {
 public:
  using Clock = std::chrono::steady_clock;

  struct OfWorkflow {
    base::Counter started;
    std::array<base::Counter, 16> closed;  // by status
  };
  struct OfActivity {
    base::Histogram seconds{attempt_bounds()};
    base::Counter completed;
    base::Counter failed;
  };
  struct OfQueue {
    base::Histogram schedule_to_start{attempt_bounds()};
  };

  base::ByName<OfWorkflow> workflows;
  base::ByName<OfActivity> activities;
  base::ByName<OfQueue> task_queues;
  base::Histogram turn{code_bounds()};
  base::Histogram step{attempt_bounds()};
  base::Histogram replay{code_bounds()};
  base::Histogram commit{commit_bounds()};
  base::Histogram commit_bytes{byte_bounds()};
  base::Histogram commit_records{record_bounds()};
  base::Counter evictions;
  base::Counter mismatches;

  void closed(std::string_view workflow, event::RunStatus how) {
    workflows.of(workflow).closed.at(static_cast<std::size_t>(how) % 16).add();
  }
  // Of no consequence without metrics.
  static Clock::time_point now_if(const EngineMetrics* metrics) {
    return metrics == nullptr ? Clock::time_point() : Clock::now();
  }
  // Nanoseconds; 0 if that is not known.
  static std::uint64_t between(Clock::time_point from, Clock::time_point to) {
    if (from == Clock::time_point() || to < from) return 0;
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count());
  }
  static std::uint64_t since(Clock::time_point began) { return between(began, Clock::now()); }

  // An activity with limits.
  struct Limited {
    std::string task_queue;
    std::string activity;
    std::string_view breaker{};  // "closed", "half_open", "open"; empty: it has none
    std::size_t held_back = 0;   // attempts
  };

  // What an engine shows as it is now, while it is open.
  struct Now {
    std::vector<std::pair<std::string, std::size_t>> waiting_attempts{};  // by task queue
    std::vector<std::pair<std::string, std::int64_t>> parked{};           // by code
    std::vector<Limited> limited{};
    std::int64_t resident = 0;
    std::uint64_t journal_bytes = 0;
    std::uint64_t archive_bytes = 0;
  };
  // Adds to it; called by a scrape, on its thread.
  using Source = std::function<void(Now*)>;
  using SourceId = std::list<Source>::iterator;
  SourceId attach(Source source);
  // Returns when no scrape is calling it.
  void detach(SourceId source);

  // All families, in the order of docs/metrics.md. Any thread.
  std::vector<MetricFamily> read() const;

 private:
  Now now() const;

  mutable std::mutex mutex_;
  std::list<Source> sources_;
};

}  // namespace reprise::runtime
