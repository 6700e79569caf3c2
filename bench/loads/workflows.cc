// Whole workflows, with a number of them in flight: workflows per second, and with one in flight
// the duration of one.
#include "bench/loads/workflows.h"

#include "bench/closed_loop.h"
#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr Activity<int(int)> kAddOne{"add_one"};

int three_steps(Context& ctx, StepOn on, int value) {
  for (const char* name : {"first", "second", "third"}) {
    value = ctx.step(name, [&] { return value + 1; }, {.on = on});
  }
  return value;
}

int activities(Context& ctx, int count, int value) {
  for (int i = 0; i < count; ++i) value = ctx.call(kAddOne(value));
  return value;
}

struct Kind {
  const Workflow<int(int)>& definition;
  std::uint64_t steps = 0;  // for the reference floor
};

RunShape shape_of_one(const Settings& settings, const Kind& kind) {
  Workbench bench(settings);
  implement_workflows(bench.worker);
  bench.worker.start();
  const auto run = bench.client.start(kind.definition(39));
  (void)run.result();
  return shape_of(run);
}

LoopResult run_loop(const Settings& settings, const Kind& kind, std::size_t in_flight) {
  Workbench bench(settings);
  implement_workflows(bench.worker);
  bench.worker.start();
  ClosedLoop<int> loop(in_flight, [&] { return bench.client.submit(kind.definition(39)); });
  loop.warm_up(settings.warm_up_seconds());
  return loop.run(settings.seconds);
}

Gauge throughput_gauge(const Kind& kind, std::size_t in_flight, const RunShape& ours) {
  return {runs_per_second(in_flight, reference_shape(kind.steps)),
          runs_per_second(in_flight, ours)};
}

// As many commits in a row as a single run waits for.
Gauge latency_gauge(const Kind& kind, const RunShape& ours) {
  const RunShape reference = reference_shape(kind.steps);
  const auto commits = [](const RunShape& shape) {
    return std::vector<CommitShape>(shape.records, {.record_bytes = shape.record_bytes});
  };
  return {commit_micros(commits(reference)), commit_micros(commits(ours))};
}

Figures measure_throughput(const Settings& settings, const Kind& kind, std::size_t in_flight) {
  const std::string name(kind.definition.name());
  const RunShape ours = shape_of_one(settings, kind);
  Gauge throughput = throughput_gauge(kind, in_flight, ours);
  throughput.measure(settings);
  const LoopResult result = run_loop(settings, kind, in_flight);
  throughput.measure(settings);
  return {{.name = name + "/" + std::to_string(in_flight),
           .value = result.per_second(),
           .unit = "workflows/s",
           .floors = throughput.floors(),
           .cpu_us = result.cpu_us(),
           .client_cpu_us = result.client_cpu_us()}};
}

Figures measure_single(const Settings& settings, const Kind& kind) {
  const std::string name = std::string(kind.definition.name()) + "/1";
  const RunShape ours = shape_of_one(settings, kind);
  Gauge throughput = throughput_gauge(kind, 1, ours);
  Gauge latency = latency_gauge(kind, ours);
  throughput.measure(settings);
  latency.measure(settings);
  LoopResult result = run_loop(settings, kind, 1);
  latency.measure(settings);
  throughput.measure(settings);
  return {{.name = name,
           .value = result.per_second(),
           .unit = "workflows/s",
           .floors = throughput.floors(),
           .cpu_us = result.cpu_us(),
           .client_cpu_us = result.client_cpu_us()},
          {.name = name + "/p50",
           .value = result.latencies_us.percentile(0.5),
           .unit = "us",
           .floors = latency.floors()},
          {.name = name + "/p99", .value = result.latencies_us.percentile(0.99), .unit = "us"},
          {.name = name + "/p999", .value = result.latencies_us.percentile(0.999), .unit = "us"}};
}

// How long a start takes until it is durable, one after another.
Figures measure_start_latency(const Settings& settings) {
  const Kind kind{kThreeSteps, 3};
  const RunShape ours = shape_of_one(settings, kind);
  Gauge gauge(commit_micros({{.record_bytes = reference_shape(3).record_bytes}}),
              commit_micros({{.record_bytes = ours.record_bytes}}));
  gauge.measure(settings);
  Samples latencies;
  {
    Workbench bench(settings);  // without a worker: only the starts are measured
    const Stopwatch time;
    while (time.seconds() < settings.seconds) {
      const Stopwatch one;
      (void)bench.client.start(kThreeSteps(39));
      latencies.add(1e6 * one.seconds());
    }
  }
  gauge.measure(settings);
  return {{.name = "start_latency/p50",
           .value = latencies.percentile(0.5),
           .unit = "us",
           .floors = gauge.floors()},
          {.name = "start_latency/p99", .value = latencies.percentile(0.99), .unit = "us"},
          {.name = "start_latency/p999", .value = latencies.percentile(0.999), .unit = "us"}};
}

void add(Loads& loads, const Kind& kind, std::size_t in_flight, Runs runs) {
  loads.push_back({.name = std::string(kind.definition.name()) + "/" + std::to_string(in_flight),
                   .runs = runs,
                   .measure = [kind, in_flight](const Settings& settings) {
                     return in_flight == 1 ? measure_single(settings, kind)
                                           : measure_throughput(settings, kind, in_flight);
                   }});
}

}  // namespace

void implement_workflows(Worker& worker) {
  worker
      .implement(
          kThreeSteps,
          [](Context& ctx, const int& v) { return three_steps(ctx, StepOn::kActivityThread, v); })
      .implement(kThreeStepsInline,
                 [](Context& ctx, const int& v) { return three_steps(ctx, StepOn::kShard, v); })
      .implement(kThreeActivities, [](Context& ctx, const int& v) { return activities(ctx, 3, v); })
      .implement(kSequence5, [](Context& ctx, const int& v) { return activities(ctx, 5, v); })
      .implement(kNoOp, [](Context&, const int& v) { return v; })
      .implement(kAddOne, [](ActivityContext&, const int& v) { return v + 1; });
}

void add_workflow_loads(Loads& loads) {
  const Kind no_op{kNoOp, 0};
  const Kind steps{kThreeSteps, 3};
  const Kind inline_steps{kThreeStepsInline, 3};
  const Kind three_activities{kThreeActivities, 3};
  const Kind sequence{kSequence5, 5};
  for (const std::size_t in_flight : {1, 128, 1'000, 10'000}) {
    const bool in_between = in_flight == 1'000;
    add(loads, no_op, in_flight, in_between ? Runs::kAlways : Runs::kFull);
    add(loads, steps, in_flight, Runs::kAlways);
    add(loads, inline_steps, in_flight, in_between ? Runs::kAlways : Runs::kFull);
    add(loads, three_activities, in_flight, in_between ? Runs::kAlways : Runs::kFull);
  }
  add(loads, sequence, 1'000, Runs::kAlways);
  add(loads, sequence, 10'000, Runs::kFull);
  loads.push_back({.name = "start_latency", .measure = measure_start_latency});
}

}  // namespace reprise::bench
