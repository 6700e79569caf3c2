// What a run costs that waits for a signal and is not in memory: resident bytes of the process per
// run, once all but a few are evicted.
#include <fstream>
#include <malloc.h>
#include <memory>
#include <string>
#include <thread>
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

// The shard evicts and the archiver works for a moment after the last start: what counts is what
// stays.
std::size_t settled_bytes() {
  constexpr int kPatience = 20;
  std::size_t last = resident_bytes();
  for (int i = 0; i < kPatience; ++i) {
    std::this_thread::sleep_for(std::chrono::seconds(3));
    const std::size_t now = resident_bytes();
    if (now + (1 << 20) > last) return now;
    last = now;
  }
  return last;
}

void start_waiting(const Client& client, std::size_t first, std::size_t count) {
  constexpr std::size_t kAtOnce = 10'000;
  for (std::size_t started = 0; started < count;) {
    std::vector<Handle<int>> wave;
    while (wave.size() < kAtOnce && started < count) {
      const std::string id = "order-" + std::to_string(first + started++);
      wave.push_back(client.submit(kWaiting(1), {.id = id}));
    }
    for (const auto& run : wave) run.started();
  }
}

// The first half of the runs fills the engine's and LMDB's buffers, whose size does not depend on
// the number of runs; the second half is what is measured.
void waiting_bench(benchmark::State& state) {
  const auto runs = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    const TemporaryStore store;
    const auto engine = Engine::open(store.path(), {.cached_runs = 100});
    Worker worker(*engine);
    worker.implement(kWaiting,
                     [](Context& ctx, const int&) { return ctx.inbox(kGo).next().get(); });
    worker.start();
    const Client client(*engine);
    start_waiting(client, 0, runs);
    const std::size_t before = settled_bytes();
    start_waiting(client, runs, runs);
    const std::size_t after = settled_bytes();
    state.counters["bytes_per_run"] =
        after > before ? static_cast<double>(after - before) / static_cast<double>(runs) : 0;
  }
}
BENCHMARK(waiting_bench)
    ->Name("waiting")
    ->Arg(100'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace reprise::bench
