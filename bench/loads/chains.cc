// Chains: how many times per second runs continue as new ones. Each chain continues at once, for
// ever; nobody sends it anything.
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr Workflow<void(std::uint64_t)> kLink{"link"};

struct ChainBench : Workbench {
  explicit ChainBench(const Settings& settings) : Workbench(settings) {
    worker.implement(kLink, [this](Context& ctx, std::uint64_t number) {
      ++links;
      if (stopping) return;
      ctx.continue_as_new(kLink(number + 1));
    });
    worker.start();
  }
  std::vector<Handle<void>> start(std::size_t chains) const {
    std::vector<Handle<void>> runs;
    for (std::size_t i = 0; i < chains; ++i) runs.push_back(client.submit(kLink(0)));
    for (const auto& run : runs) run.started();
    return runs;
  }
  std::atomic<std::uint64_t> links = 0;
  std::atomic<bool> stopping = false;
};

// Of a run in the middle of a chain.
RunShape shape_of_one_link(const Settings& settings) {
  ChainBench bench(settings);
  const auto runs = bench.start(1);
  while (bench.links < 10) std::this_thread::yield();
  bench.stopping = true;
  runs[0].result();
  return shape_of(bench.client.handle(runs[0].id(), runs[0].describe().continued_from));
}

Figures measure(const Settings& settings, const std::string& name, std::size_t chains) {
  // Its start, and its end.
  constexpr RunShape kReference{.records = 2, .record_bytes = 200, .history_bytes = 400};
  Gauge gauge(runs_per_second(chains, kReference),
              runs_per_second(chains, shape_of_one_link(settings)));
  gauge.measure(settings);
  Figure figure{.name = name, .unit = "runs/s"};
  {
    ChainBench bench(settings);
    const auto runs = bench.start(chains);
    measure_rate(settings, bench.links, &figure);
    bench.stopping = true;
    for (const auto& run : runs) run.result();
  }
  gauge.measure(settings);
  figure.floors = gauge.floors();
  return {figure};
}

}  // namespace

void add_chain_loads(Loads& loads) {
  add_in_two_sizes(loads, "continue_as_new", 100, 1'000, measure);
}

}  // namespace reprise::bench
