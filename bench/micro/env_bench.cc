// The cost of the modes of testing::Env. An iteration is a test: an Env, and a run of 20 activities
// in sequence to its end.
#include <reprise/reprise.h>
#include <reprise/testing/env.h>

#include <benchmark/benchmark.h>

namespace reprise::bench {
namespace {

using testing::Crash;
using testing::EnvOptions;
using testing::Order;
using testing::Replay;

constexpr Workflow<int(int)> sequence{"sequence"};
constexpr Activity<int(int)> twice{"twice"};

void env_bench(benchmark::State& state, EnvOptions options) {
  for (auto _ : state) {
    testing::Env env(options);
    env.implement(sequence, [](Context& ctx, int activities) {
      int sum = 0;
      for (int i = 0; i < activities; ++i) sum += ctx.call(twice(i));
      return sum;
    });
    env.stub(twice, [](int value) { return 2 * value; });
    benchmark::DoNotOptimize(env.start(sequence(20)).result());
    ++options.seed;
  }
}

BENCHMARK_CAPTURE(env_bench, replay_off, {.replay = Replay::kOff})->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(env_bench, usual, {})->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(env_bench, shuffled, {.order = Order::kShuffled})->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(env_bench, crashing, {.crash = Crash::kEveryCommit})->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(env_bench,
                  shuffled_crashing,
                  {.crash = Crash::kEveryCommit, .order = Order::kShuffled})
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(env_bench, shaken, {.replay = Replay::kShake})->MeasureProcessCPUTime();

}  // namespace
}  // namespace reprise::bench
