// What a run costs that waits for a signal and is not in memory: resident bytes of the process per
// run, once all but a few are evicted.
#include <malloc.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/temporary_store.h"
#include "reprise/reprise.h"

namespace reprise::bench {
namespace {

constexpr Workflow<int(int)> kWaiting{"waiting"};
constexpr Signal<int> kGo{"go"};

// Anonymous memory only: pages of the store's files belong to the kernel's cache.
std::size_t resident_bytes() {
  malloc_trim(0);
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "RssAnon:") continue;
    std::size_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

void waiting_bench(benchmark::State& state) {
  const auto runs = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    const TemporaryStore store;
    const auto engine = Engine::open(store.path(), {.cached_runs = 100});
    Worker worker(*engine);
    worker.implement(kWaiting, [](Context& ctx, const int&) { return ctx.inbox(kGo).next().get(); });
    worker.start();
    const Client client(*engine);
    const std::size_t before = resident_bytes();
    constexpr std::size_t kAtOnce = 10'000;
    for (std::size_t started = 0; started < runs;) {
      std::vector<Handle<int>> wave;
      while (wave.size() < kAtOnce && started < runs) {
        wave.push_back(client.submit(kWaiting(1), {.id = "order-" + std::to_string(started++)}));
      }
      for (const auto& run : wave) run.started();
    }
    // A round trip through the shard, so that it has evicted what it may.
    benchmark::DoNotOptimize(client.describe("order-0"));
    const std::size_t after = resident_bytes();
    state.counters["bytes_per_run"] =
        after > before ? static_cast<double>(after - before) / static_cast<double>(runs) : 0;
  }
}
BENCHMARK(waiting_bench)->Name("waiting")->Arg(100'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace reprise::bench
