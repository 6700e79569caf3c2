// Children: how many per second parents start and get the results of. Each parent starts a thousand
// no-op children at once, waits for all of them, and continues as a new run.
#include <atomic>
#include <cstdint>
#include <vector>

#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr Workflow<void(int)> kParent{"parent"};
constexpr Workflow<void()> kChild{"child"};

struct ChildBench : Workbench {
  explicit ChildBench(const Settings& settings) : Workbench(settings) {
    worker.implement(kChild, [](Context&) {});
    worker.implement(kParent, [this](Context& ctx, int size) {
      std::vector<Child<void>> children;
      for (int i = 0; i < size; ++i) children.push_back(ctx.start(kChild()));
      for (auto& child : children) child.get();
      if (ctx.replaying()) return;
      ended += static_cast<std::uint64_t>(size);
      if (!stopping) ctx.continue_as_new(kParent(size));
    });
    worker.start();
  }
  std::atomic<std::uint64_t> ended = 0;
  std::atomic<bool> stopping = false;
};

Figures measure(const Settings& settings, const std::string& name, std::size_t size) {
  constexpr std::size_t kParents = 100;
  // Two no-op workflows: what the parent records of a child, and what the child does.
  constexpr RunShape kTwoRuns{.records = 2, .record_bytes = 200, .history_bytes = 400};
  Gauge gauge(runs_per_second(kParents * size, kTwoRuns),
              runs_per_second(kParents * size, kTwoRuns));
  gauge.measure(settings);
  Figure figure{.name = name, .unit = "children/s"};
  {
    ChildBench bench(settings);
    std::vector<Handle<void>> parents;
    for (std::size_t i = 0; i < kParents; ++i) {
      parents.push_back(bench.client.submit(kParent(static_cast<int>(size))));
    }
    measure_rate(settings, bench.ended, &figure);
    bench.stopping = true;
    for (const auto& parent : parents) parent.result();
  }
  gauge.measure(settings);
  figure.floors = gauge.floors();
  return {figure};
}

}  // namespace

void add_child_loads(Loads& loads) {
  add_in_two_sizes(loads, "children", 100, 1'000, measure);
}

}  // namespace reprise::bench
