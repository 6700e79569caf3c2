// Whole workflows through the public API, durable as shipped: one client keeps N runs in flight
// over one engine and one worker. An iteration is one finished workflow.
#include <deque>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/temporary_store.h"
#include "reprise/reprise.h"

namespace reprise::bench {
namespace {

constexpr Workflow<int(int)> kThreeSteps{"three_steps"};
constexpr Workflow<int(int)> kThreeStepsInline{"three_steps_inline"};
constexpr Workflow<int(int)> kThreeActivities{"three_activities"};
constexpr Workflow<int(int)> kNoOp{"no_op"};
constexpr Activity<int(int)> kAddOne{"add_one"};

int three_steps(Context& ctx, StepOn on, int value) {
  for (const char* name : {"first", "second", "third"}) {
    value = ctx.step(name, [&] { return value + 1; }, {.on = on});
  }
  return value;
}

int three_activities(Context& ctx, const int& start) {
  int value = start;
  for (int i = 0; i < 3; ++i) value = ctx.call(kAddOne(value));
  return value;
}

// Closed loop: the oldest run's result is awaited, then the next run is submitted. Runs of one age
// finish in the same commits, so waiting in order costs next to nothing.
class Load {
 public:
  explicit Load(const Workflow<int(int)>& workflow)
      : engine_(Engine::open(store_.path())),
        worker_(*engine_),
        client_(*engine_),
        workflow_(workflow) {
    worker_
        .implement(
            kThreeSteps,
            [](Context& ctx, const int& v) { return three_steps(ctx, StepOn::kActivityThread, v); })
        .implement(kThreeStepsInline,
                   [](Context& ctx, const int& v) { return three_steps(ctx, StepOn::kShard, v); })
        .implement(kThreeActivities, three_activities)
        .implement(kNoOp, [](Context&, const int& v) { return v; })
        .implement(kAddOne, [](ActivityContext&, const int& v) { return v + 1; })
        .start();
  }

  void submit() { in_flight_.push_back(client_.submit(workflow_(39))); }
  int finish_oldest() {
    const int result = in_flight_.front().result();
    in_flight_.pop_front();
    return result;
  }

 private:
  TemporaryStore store_;
  std::unique_ptr<Engine> engine_;
  Worker worker_;
  Client client_;
  const Workflow<int(int)>& workflow_;
  std::deque<Handle<int>> in_flight_;
};

void run_workflows(benchmark::State& state, const Workflow<int(int)>& workflow) {
  Load load(workflow);
  const auto in_flight = state.range(0);
  for (int i = 0; i < in_flight; ++i) load.submit();
  // Until every run of the first wave is gone, runs start together and not one after another.
  for (int i = 0; i < in_flight; ++i) {
    benchmark::DoNotOptimize(load.finish_oldest());
    load.submit();
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(load.finish_oldest());
    load.submit();
  }
  state.SetItemsProcessed(state.iterations());
  for (int i = 0; i < in_flight; ++i) benchmark::DoNotOptimize(load.finish_oldest());
}

void in_flight_counts(benchmark::internal::Benchmark* b) {
  b->ArgName("")->Arg(1)->Arg(128)->Arg(1'000)->Arg(10'000)->UseRealTime()->MeasureProcessCPUTime();
}

void three_steps_bench(benchmark::State& state) {
  run_workflows(state, kThreeSteps);
}
void three_steps_inline_bench(benchmark::State& state) {
  run_workflows(state, kThreeStepsInline);
}
void three_activities_bench(benchmark::State& state) {
  run_workflows(state, kThreeActivities);
}
void no_op_bench(benchmark::State& state) {
  run_workflows(state, kNoOp);
}

BENCHMARK(three_steps_bench)->Name("three_steps")->Apply(in_flight_counts);
BENCHMARK(three_steps_inline_bench)->Name("three_steps_inline")->Apply(in_flight_counts);
BENCHMARK(three_activities_bench)->Name("three_activities")->Apply(in_flight_counts);
BENCHMARK(no_op_bench)->Name("no_op")->Apply(in_flight_counts);

}  // namespace
}  // namespace reprise::bench
