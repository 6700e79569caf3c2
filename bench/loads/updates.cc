// Updates: how long one client waits for the answer to an update of a run that is in memory, whose
// handler does not wait. Everything is in one commit, so the floor is one commit of that record.
#include <string>

#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr Workflow<void()> kAdder{"adder"};
constexpr Update<int(int)> kAdd{"add"};
constexpr Signal<> kStop{"stop"};
constexpr std::size_t kRecordBytes = 200;

struct UpdateBench : Workbench {
  explicit UpdateBench(const Settings& settings) : Workbench(settings) {
    worker.implement(kAdder, [](Context& ctx) {
      int sum = 0;
      const auto check = [](int value) {
        if (value < 0) throw ApplicationFailure("Negative", std::to_string(value));
      };
      const auto adding = ctx.accept(
          kAdd, [&](int value) { return sum += value; }, check);
      ctx.inbox(kStop).next().get();
    });
    worker.start();
  }
};

Figures measure(const Settings& settings, const std::string& name) {
  Gauge gauge(commit_micros({{.records = 1, .record_bytes = kRecordBytes}}),
              commit_micros({{.records = 1, .record_bytes = kRecordBytes}}));
  gauge.measure(settings);
  Figure figure{.name = name, .unit = "us"};
  {
    UpdateBench bench(settings);
    const auto run = bench.client.start(kAdder());
    for (const Stopwatch warm; warm.seconds() < settings.warm_up_seconds();) run.update(kAdd(1));
    Samples micros;
    const CpuTime cpu;
    for (const Stopwatch all; all.seconds() < settings.seconds;) {
      const Stopwatch one;
      run.update(kAdd(1));
      micros.add(1e6 * one.seconds());
    }
    figure.value = micros.percentile(0.5);
    figure.cpu_us = 1e6 * cpu.process_seconds() / static_cast<double>(micros.count());
    figure.client_cpu_us = 1e6 * cpu.thread_seconds() / static_cast<double>(micros.count());
    run.signal(kStop());
    run.result();
  }
  gauge.measure(settings);
  figure.floors = gauge.floors();
  return {figure};
}

}  // namespace

void add_update_loads(Loads& loads) {
  loads.push_back({.name = "update_round_trip", .measure = [](const Settings& settings) {
                     return measure(settings, "update_round_trip");
                   }});
}

}  // namespace reprise::bench
