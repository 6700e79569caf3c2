// Payloads: one step that returns a given number of bytes.
#include "bench/closed_loop.h"
#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr Workflow<std::uint64_t(std::uint64_t)> kPayload{"payload"};

struct Size {
  const char* name;
  std::uint64_t bytes;
  std::size_t in_flight;  // enough to fill a commit, few enough to stay in the caches
};
constexpr Size kSizes[] = {{"1KiB", 1'024, 1'000}, {"64KiB", 65'536, 128}, {"1MiB", 1'048'576, 16}};

void start_worker(Workbench& bench) {
  bench.worker.implement(kPayload, [](Context& ctx, const std::uint64_t& bytes) {
    return std::uint64_t{ctx.step("make", [&] { return std::string(bytes, 'x'); }).size()};
  });
  bench.worker.start();
}

RunShape shape_of_one(const Settings& settings, const Size& size) {
  Workbench bench(settings);
  start_worker(bench);
  const auto run = bench.client.start(kPayload(size.bytes));
  (void)run.result();
  return shape_of(run);
}

// A reference with 200 bytes per event would not be comparable here.
Figures measure(const Settings& settings, const Size& size) {
  const std::string name = std::string("payload/") + size.name;
  Gauge gauge({}, runs_per_second(size.in_flight, shape_of_one(settings, size)));
  gauge.measure(settings);
  LoopResult result;
  {
    Workbench bench(settings);
    start_worker(bench);
    ClosedLoop<std::uint64_t> loop(size.in_flight,
                                   [&] { return bench.client.submit(kPayload(size.bytes)); });
    loop.warm_up(settings.warm_up_seconds());
    result = loop.run(settings.seconds);
  }
  gauge.measure(settings);
  return {{.name = name,
           .value = result.per_second(),
           .unit = "workflows/s",
           .floors = gauge.floors(),
           .cpu_us = result.cpu_us(),
           .client_cpu_us = result.client_cpu_us()},
          {.name = name + "/bytes",
           .value = 1e-6 * result.per_second() * static_cast<double>(size.bytes),
           .unit = "MB/s"}};
}

}  // namespace

void add_payload_loads(Loads& loads) {
  for (const Size& size : kSizes) {
    loads.push_back(
        {.name = std::string("payload/") + size.name,
         .measure = [size](const Settings& settings) { return measure(settings, size); }});
  }
}

}  // namespace reprise::bench
