// Fan-out: one run starts many activities at once and adds up their results. Measures how long the
// run takes.
#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/workbench.h"
#include "proto/history.pb.h"

namespace reprise::bench {
namespace {

constexpr Workflow<std::int64_t(int)> kFanOut{"fan_out"};
constexpr Activity<int(int)> kEcho{"echo"};
constexpr std::size_t kFewestRuns = 3;

std::int64_t fan_out(Context& ctx, const int& width) {
  std::vector<Pending<int>> pendings;
  for (int i = 0; i < width; ++i) pendings.push_back(ctx.start(kEcho(i)));
  std::int64_t sum = 0;
  for (const int value : ctx.all(pendings)) sum += value;
  return sum;
}

void start_worker(Workbench& bench) {
  bench.worker.implement(kFanOut, fan_out);
  bench.worker.implement(kEcho, [](ActivityContext&, const int& v) { return v; });
  bench.worker.start();
}

// The fewest commits that order the same records: the turn that schedules everything, all results
// together, and the history.
std::vector<CommitShape> commits_of_one(const Settings& settings, int width) {
  Workbench bench(settings);
  start_worker(bench);
  const auto run = bench.client.start(kFanOut(width));
  (void)run.result();
  const std::size_t scheduled = run.history().data().turns(0).ByteSizeLong();
  const RunShape shape = shape_of(run);
  const std::uint64_t results = std::max<std::uint64_t>(shape.records - 1, 1);
  return {{.records = 1, .record_bytes = scheduled},
          {.records = results, .record_bytes = (shape.history_bytes - scheduled) / results},
          {.records = 1, .record_bytes = shape.history_bytes}};
}

Figures measure(const Settings& settings, int width) {
  const std::string name = "fan_out/" + std::to_string(width);
  Gauge gauge({}, commit_micros(commits_of_one(settings, width)));
  gauge.measure(settings);
  Samples times;
  double cpu_seconds = 0;
  {
    Workbench bench(settings);
    start_worker(bench);
    (void)bench.client.start(kFanOut(width)).result();
    const CpuTime cpu;
    const Stopwatch time;
    while (times.count() < kFewestRuns || time.seconds() < settings.seconds) {
      const Stopwatch one;
      (void)bench.client.submit(kFanOut(width)).result();
      times.add(1e3 * one.seconds());
    }
    cpu_seconds = cpu.process_seconds();
  }
  gauge.measure(settings);
  Floors floors = gauge.floors();
  floors.same_bytes = *floors.same_bytes / 1e3;
  const double p50 = times.percentile(0.5);
  return {{.name = name + "/p50",
           .value = p50,
           .unit = "ms",
           .floors = floors,
           .cpu_us = 1e6 * cpu_seconds / static_cast<double>(times.count())},
          {.name = name + "/activities",
           .value = 1e3 * width / p50,
           .unit = "activities/s",
           .cpu_us = 1e6 * cpu_seconds / static_cast<double>(times.count()) / width}};
}

}  // namespace

void add_fan_out_loads(Loads& loads) {
  for (const auto& [width, runs] : {std::pair(1'000, Runs::kAlways), {100'000, Runs::kFull}}) {
    loads.push_back(
        {.name = "fan_out/" + std::to_string(width),
         .runs = runs,
         .measure = [width](const Settings& settings) { return measure(settings, width); }});
  }
}

}  // namespace reprise::bench
