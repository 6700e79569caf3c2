// What only shows over time: whether throughput, files and memory stay constant (soak), and how
// much a finished workflow leaves on the disk (disk).
#include <thread>

#include "bench/closed_loop.h"
#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/loads/workflows.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr std::size_t kInFlight = 1'000;

struct ThreeSteps : Workbench {
  explicit ThreeSteps(const Settings& settings) : Workbench(settings) {
    implement_workflows(worker);
    worker.start();
  }
  Handle<int> submit() { return client.submit(kThreeSteps(39)); }
};

// The archiver takes the rest of the journal once there has been no work for a moment.
StoreBytes settled_bytes(const std::string& store) {
  constexpr int kPatience = 20;
  StoreBytes last = store_bytes(store);
  for (int i = 0; i < kPatience; ++i) {
    std::this_thread::sleep_for(std::chrono::seconds(3));
    const StoreBytes now = store_bytes(store);
    if (now.archive == last.archive) return now;
    last = now;
  }
  return last;
}

// In ten parts, of a minute each by default: compares the last one with the first.
Figures measure_soak(const Settings& settings) {
  constexpr int kParts = 10;
  constexpr double kMiB = 1 << 20;
  ThreeSteps bench(settings);
  ClosedLoop<int> loop(kInFlight, [&] { return bench.submit(); });
  loop.warm_up(settings.warm_up_seconds());
  std::uint64_t finished = 0;
  double first = 0;
  double last = 0;
  double cpu_seconds = 0;
  const double resident_before = static_cast<double>(resident_bytes());
  for (int part = 0; part < kParts; ++part) {
    const LoopResult result = loop.run(settings.seconds / kParts);
    last = result.per_second();
    if (part == 0) first = last;
    finished += result.finished;
    cpu_seconds += result.cpu_seconds;
  }
  const double resident = static_cast<double>(resident_bytes());
  const StoreBytes bytes = store_bytes(bench.store.path());
  const double cpu_us = 1e6 * cpu_seconds / static_cast<double>(finished);
  return {
      {.name = "soak/first", .value = first, .unit = "workflows/s"},
      {.name = "soak/last", .value = last, .unit = "workflows/s", .cpu_us = cpu_us},
      {.name = "soak/last_to_first", .value = last / first, .unit = "ratio"},
      {.name = "soak/workflows", .value = static_cast<double>(finished), .unit = "workflows"},
      {.name = "soak/archive", .value = static_cast<double>(bytes.archive) / kMiB, .unit = "MiB"},
      {.name = "soak/journal", .value = static_cast<double>(bytes.journal) / kMiB, .unit = "MiB"},
      {.name = "soak/memory_first", .value = resident_before / kMiB, .unit = "MiB"},
      {.name = "soak/memory", .value = resident / kMiB, .unit = "MiB"},
  };
}

Figures measure_disk(const Settings& settings) {
  ThreeSteps bench(settings);
  std::size_t history_bytes = 0;
  double finished = 0;
  const auto run_until = [&](double seconds) {
    ClosedLoop<int> loop(kInFlight, [&] { return bench.submit(); });
    finished = static_cast<double>(loop.run(seconds).finished + kInFlight);
  };
  {
    const auto one = bench.submit();
    (void)one.result();
    history_bytes = shape_of(one).history_bytes;
  }
  run_until(settings.warm_up_seconds());
  const StoreBytes before = settled_bytes(bench.store.path());
  run_until(settings.seconds);
  const StoreBytes after = settled_bytes(bench.store.path());
  Gauge gauge({}, [=](const std::string& directory, double) {
    return measure_bytes_per_value(directory, history_bytes);
  });
  gauge.measure(settings);
  return {{.name = "disk",
           .value = static_cast<double>(after.archive - before.archive) / finished,
           .unit = "bytes/run",
           .floors = gauge.floors()},
          {.name = "disk/journal",
           .value = static_cast<double>(after.journal) / (1 << 20),
           .unit = "MiB"}};
}

}  // namespace

void add_soak_loads(Loads& loads) {
  loads.push_back({.name = "disk", .measure = measure_disk});
  loads.push_back(
      {.name = "soak", .runs = Runs::kNamed, .measure = measure_soak, .default_seconds = 600});
}

}  // namespace reprise::bench
