#include "runtime/metrics/engine_metrics.h"

#include <map>
#include <set>

namespace reprise::runtime {
namespace {

using event::RunStatus;

constexpr std::uint64_t kMicroNanos = 1'000;
constexpr std::uint64_t kMilliNanos = 1'000'000;
constexpr std::uint64_t kSecondNanos = 1'000'000'000;
constexpr double kNanosPerSecond = 1e9;

}  // namespace

std::span<const std::uint64_t> code_bounds() {
  static constexpr std::uint64_t kBounds[] = {
      10 * kMicroNanos,  25 * kMicroNanos,  50 * kMicroNanos, 100 * kMicroNanos, 250 * kMicroNanos,
      500 * kMicroNanos, kMilliNanos,       5 * kMilliNanos,  10 * kMilliNanos,  50 * kMilliNanos,
      100 * kMilliNanos, 500 * kMilliNanos, kSecondNanos,     10 * kSecondNanos};
  return kBounds;
}
std::span<const std::uint64_t> attempt_bounds() {
  static constexpr std::uint64_t kBounds[] = {
      kMilliNanos,        5 * kMilliNanos,     10 * kMilliNanos,  50 * kMilliNanos,
      100 * kMilliNanos,  250 * kMilliNanos,   500 * kMilliNanos, kSecondNanos,
      5 * kSecondNanos,   10 * kSecondNanos,   30 * kSecondNanos, 60 * kSecondNanos,
      600 * kSecondNanos, 3'600 * kSecondNanos};
  return kBounds;
}
std::span<const std::uint64_t> commit_bounds() {
  static constexpr std::uint64_t kBounds[] = {
      100 * kMicroNanos, 250 * kMicroNanos, 500 * kMicroNanos, kMilliNanos,      2 * kMilliNanos,
      5 * kMilliNanos,   10 * kMilliNanos,  25 * kMilliNanos,  50 * kMilliNanos, 100 * kMilliNanos,
      500 * kMilliNanos, kSecondNanos,      10 * kSecondNanos};
  return kBounds;
}
std::span<const std::uint64_t> byte_bounds() {
  static constexpr std::uint64_t kBounds[] = {1U << 10, 1U << 12, 1U << 14, 1U << 16, 1U << 18,
                                              1U << 20, 1U << 22, 1U << 24, 1U << 26};
  return kBounds;
}
std::span<const std::uint64_t> record_bounds() {
  static constexpr std::uint64_t kBounds[] = {1, 4, 16, 64, 256, 1'024, 4'096, 16'384, 65'536};
  return kBounds;
}

namespace {

Metric distribution(const base::Histogram& histogram, double unit, Metric::Labels labels = {}) {
  const base::Histogram::Read all = histogram.read();
  Metric metric{.labels = std::move(labels)};
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    metric.count += all.counts[i];
    metric.buckets.emplace_back(static_cast<double>(histogram.bounds()[i]) / unit, metric.count);
  }
  metric.count += all.counts.back();
  metric.sum = static_cast<double>(all.sum) / unit;
  return metric;
}

Metric figure(double number, Metric::Labels labels = {}) {
  return {.labels = std::move(labels), .value = number};
}
Metric figure(const base::Counter& counter, Metric::Labels labels = {}) {
  return figure(static_cast<double>(counter.value()), std::move(labels));
}

using MetricList = std::vector<Metric>;

MetricList starts_of(const EngineMetrics& from) {
  MetricList metrics;
  from.workflows.for_each([&](std::string_view name, const EngineMetrics::OfWorkflow& of) {
    metrics.push_back(figure(of.started, {{"workflow", std::string(name)}}));
  });
  return metrics;
}

MetricList ends_of(const EngineMetrics& from) {
  constexpr RunStatus kEnds[] = {RunStatus::kCompleted, RunStatus::kFailed,
                                 RunStatus::kCancelled, RunStatus::kTerminated,
                                 RunStatus::kTimedOut,  RunStatus::kContinuedAsNew};
  MetricList metrics;
  from.workflows.for_each([&](std::string_view name, const EngineMetrics::OfWorkflow& of) {
    for (const RunStatus end : kEnds) {
      const base::Counter& count = of.closed.at(static_cast<std::size_t>(end));
      metrics.push_back(figure(count, {{"workflow", std::string(name)},
                                       {"status", std::string(event::to_string(end))}}));
    }
  });
  return metrics;
}

MetricList attempts_of(const EngineMetrics& from) {
  MetricList metrics;
  from.activities.for_each([&](std::string_view name, const EngineMetrics::OfActivity& of) {
    const std::string activity(name);
    metrics.push_back(figure(of.completed, {{"activity", activity}, {"outcome", "completed"}}));
    metrics.push_back(figure(of.failed, {{"activity", activity}, {"outcome", "failed"}}));
  });
  return metrics;
}

MetricList attempt_times_of(const EngineMetrics& from) {
  MetricList metrics;
  from.activities.for_each([&](std::string_view name, const EngineMetrics::OfActivity& of) {
    metrics.push_back(distribution(of.seconds, kNanosPerSecond, {{"activity", std::string(name)}}));
  });
  return metrics;
}

MetricList waits_of(const EngineMetrics& from) {
  MetricList metrics;
  from.task_queues.for_each([&](std::string_view name, const EngineMetrics::OfQueue& of) {
    metrics.push_back(
        distribution(of.schedule_to_start, kNanosPerSecond, {{"task_queue", std::string(name)}}));
  });
  return metrics;
}

// The activities with limits, by task queue and name, for at most as many of them as ByName has
// names. `label` is what else distinguishes a figure.
class OfActivities {
 public:
  void add(const EngineMetrics::Limited& of, std::string_view label, double number) {
    constexpr std::size_t kMost = base::ByName<base::Gauge>::kMostNames;
    Key key{of.task_queue, of.activity};
    if (!known_.contains(key)) {
      if (known_.size() >= kMost) key = {std::string(kOthers), std::string(kOthers)};
      known_.insert(key);
    }
    sums_[{std::move(key), label}] += number;
  }
  // Of samples that have `name` with the label, unless it is empty.
  MetricList list(std::string_view name) const {
    MetricList metrics;
    for (const auto& [of, sum] : sums_) {
      Metric::Labels labels = {{"task_queue", of.first.first}, {"activity", of.first.second}};
      if (!name.empty()) labels.emplace_back(name, std::string(of.second));
      metrics.push_back(figure(sum, std::move(labels)));
    }
    return metrics;
  }

 private:
  static constexpr std::string_view kOthers = base::ByName<base::Gauge>::kOthers;
  using Key = std::pair<std::string, std::string>;
  std::set<Key> known_;
  std::map<std::pair<Key, std::string_view>, double> sums_;
};

MetricList breakers_of(const std::vector<EngineMetrics::Limited>& limited) {
  OfActivities all;
  for (const auto& of : limited) {
    if (of.breaker.empty()) continue;
    for (const std::string_view state : {"closed", "half_open", "open"}) {
      all.add(of, state, of.breaker == state ? 1 : 0);
    }
  }
  return all.list("state");
}

MetricList held_back_of(const std::vector<EngineMetrics::Limited>& limited) {
  OfActivities all;
  for (const auto& of : limited) all.add(of, {}, static_cast<double>(of.held_back));
  return all.list({});
}

// Of several engines: by label, those with one name together. At most as many as ByName has.
template <class Number>
MetricList by_label(std::string_view label,
                    const std::vector<std::pair<std::string, Number>>& all) {
  constexpr std::size_t kMost = base::ByName<base::Gauge>::kMostNames;
  std::map<std::string, double> sums;
  for (const auto& [name, number] : all) {
    const bool fits = sums.size() < kMost || sums.contains(name);
    sums[fits ? name : std::string(base::ByName<base::Gauge>::kOthers)] +=
        static_cast<double>(number);
  }
  MetricList metrics;
  for (const auto& [name, sum] : sums) metrics.push_back(figure(sum, {{label, name}}));
  return metrics;
}

}  // namespace

EngineMetrics::SourceId EngineMetrics::attach(Source source) {
  const std::lock_guard lock(mutex_);
  return sources_.insert(sources_.end(), std::move(source));
}

void EngineMetrics::detach(SourceId source) {
  const std::lock_guard lock(mutex_);
  sources_.erase(source);
}

EngineMetrics::Now EngineMetrics::now() const {
  const std::lock_guard lock(mutex_);
  Now now;
  for (const Source& source : sources_) source(&now);
  return now;
}

std::vector<MetricFamily> EngineMetrics::read() const {
  using Kind = MetricKind;
  const Now open = now();
  const auto gauge = [](auto number) { return MetricList{figure(static_cast<double>(number))}; };
  const auto seconds = [](const base::Histogram& of) {
    return MetricList{distribution(of, kNanosPerSecond)};
  };
  return {
      {"reprise_runs_started_total", "Runs started, those that others continue as too.",
       Kind::kCounter, starts_of(*this)},
      {"reprise_runs_closed_total", "Runs ended, by status.", Kind::kCounter, ends_of(*this)},
      {"reprise_turn_seconds", "Time that workflow code took in one turn.", Kind::kHistogram,
       seconds(turn)},
      {"reprise_activity_attempts_total", "Attempts of activities that have returned.",
       Kind::kCounter, attempts_of(*this)},
      {"reprise_activity_attempt_seconds", "Time that an attempt of an activity took.",
       Kind::kHistogram, attempt_times_of(*this)},
      {"reprise_step_seconds", "Time that the closure of a step took.", Kind::kHistogram,
       seconds(step)},
      {"reprise_schedule_to_start_seconds",
       "Time that an attempt of an activity or a step waited for a thread.", Kind::kHistogram,
       waits_of(*this)},
      {"reprise_waiting_attempts", "Attempts that wait for a thread now.", Kind::kGauge,
       by_label("task_queue", open.waiting_attempts)},
      {"reprise_held_back_attempts", "Attempts that a limit of their activity holds back now.",
       Kind::kGauge, held_back_of(open.limited)},
      {"reprise_breaker_state",
       "1 for the state in which the circuit breaker of an activity is, 0 for the others.",
       Kind::kGauge, breakers_of(open.limited)},
      {"reprise_resident_runs", "Runs in memory now.", Kind::kGauge, gauge(open.resident)},
      {"reprise_evictions_total",
       "Runs taken out of memory to make room.",
       Kind::kCounter,
       {figure(evictions)}},
      {"reprise_replay_seconds", "Time that it took to replay a run into memory.", Kind::kHistogram,
       seconds(replay)},
      {"reprise_mismatches_total",
       "Times that code did something else than its history.",
       Kind::kCounter,
       {figure(mismatches)}},
      {"reprise_parked_runs", "Runs parked now, by the error code.", Kind::kGauge,
       by_label("code", open.parked)},
      {"reprise_commit_seconds", "Time that a commit of the journal took.", Kind::kHistogram,
       seconds(commit)},
      {"reprise_commit_bytes",
       "Bytes of the records of one commit.",
       Kind::kHistogram,
       {distribution(commit_bytes, 1)}},
      {"reprise_commit_records",
       "Records of one commit.",
       Kind::kHistogram,
       {distribution(commit_records, 1)}},
      {"reprise_journal_bytes", "Size of the journal's file.", Kind::kGauge,
       gauge(open.journal_bytes)},
      {"reprise_archive_bytes", "Size of the archive's file.", Kind::kGauge,
       gauge(open.archive_bytes)},
  };
}

}  // namespace reprise::runtime
