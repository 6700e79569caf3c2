#include "bench/gauge.h"

#include <chrono>
#include <thread>

#include "bench/measure.h"
#include "bench/temporary_store.h"
#include "proto/history.pb.h"
#include "store/record.h"

namespace reprise::bench {

Probe runs_per_second(std::uint64_t in_flight, const RunShape& shape) {
  return [=](const std::string& directory, double seconds) {
    const FloorRate rate = measure_floor(directory, in_flight, shape, seconds);
    return rate.per_second(rate.runs);
  };
}

Probe records_per_second(std::uint64_t in_flight, const RunShape& shape) {
  return [=](const std::string& directory, double seconds) {
    const FloorRate rate = measure_floor(directory, in_flight, shape, seconds);
    return rate.per_second(rate.records);
  };
}

Probe commit_micros(const std::vector<CommitShape>& commits) {
  return [=](const std::string& directory, double seconds) {
    return measure_commits(directory, commits, seconds);
  };
}

RunShape shape_of(const RunHandle& run) {
  const History history = run.history();
  const auto& turns = history.data().turns();  // one record each, without the record's header
  RunShape shape{.records = static_cast<std::uint64_t>(turns.size())};
  for (const proto::Turn& turn : turns) {
    shape.history_bytes += store::kRecordHeaderBytes + turn.ByteSizeLong();
  }
  shape.record_bytes = shape.history_bytes / shape.records;
  return shape;
}

void Gauge::measure(const Settings& settings) {
  measure(reference_, settings);
  measure(same_bytes_, settings);
}

Floors Gauge::floors() const {
  return {.reference = reference_.value(), .same_bytes = same_bytes_.value()};
}

std::optional<double> Gauge::Mean::value() const {
  if (count == 0) return std::nullopt;
  return sum / count;
}

void Gauge::measure(Mean& mean, const Settings& settings) {
  if (!mean.probe) return;
  const TemporaryStore parent(settings.directory);
  mean.sum += mean.probe(parent.path() + "/floor", settings.floor_seconds());
  ++mean.count;
}

void measure_rate(const Settings& settings,
                  const std::atomic<std::uint64_t>& counter,
                  Figure* figure) {
  const auto wait = [](double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  };
  wait(settings.warm_up_seconds());
  const std::uint64_t before = counter;
  const CpuTime cpu;
  const Stopwatch time;
  wait(settings.seconds);
  const double seconds = time.seconds();
  const auto counted = static_cast<double>(counter - before);
  figure->value = counted / seconds;
  figure->cpu_us = 1e6 * cpu.process_seconds() / counted;
  figure->client_cpu_us = 1e6 * cpu.thread_seconds() / counted;
}

}  // namespace reprise::bench
