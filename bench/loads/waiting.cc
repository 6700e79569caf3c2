// Runs that wait for a signal and are out of memory: how much memory each takes, and how long it
// takes to wake one.
#include <random>

#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr Workflow<int(int)> kWaiting{"waiting"};
constexpr Signal<int> kGo{"go"};
constexpr std::size_t kWoken = 1'000;

std::string id_of(std::size_t i) {
  return "order-" + std::to_string(i);
}

void start_waiting(const Client& client, std::size_t first, std::size_t end) {
  constexpr std::size_t kAtOnce = 10'000;
  while (first < end) {
    std::vector<Handle<int>> wave;
    while (wave.size() < kAtOnce && first < end) {
      wave.push_back(client.submit(kWaiting(1), {.id = id_of(first++)}));
    }
    for (const auto& run : wave) run.started();
  }
}

Samples wake_some(const Client& client, std::size_t runs) {
  std::mt19937_64 random(7);
  std::vector<std::size_t> chosen(runs);
  for (std::size_t i = 0; i < runs; ++i) chosen[i] = i;
  std::shuffle(chosen.begin(), chosen.end(), random);
  chosen.resize(std::min(runs, kWoken));
  Samples micros;
  for (const std::size_t i : chosen) {
    const auto run = client.attach(kWaiting, id_of(i));
    const Stopwatch time;
    (void)run.submit_signal(kGo(1));
    (void)run.result();
    micros.add(1e6 * time.seconds());
  }
  return micros;
}

// The first half of the runs fills the engine's and LMDB's buffers, whose size does not depend on
// the number of runs; the second half is measured.
Figures measure(const Settings& settings, const std::string& name, std::size_t runs) {
  constexpr CommitShape kReferenceCommit{.record_bytes = 400};
  Gauge gauge(commit_micros({kReferenceCommit}), {});
  gauge.measure(settings);
  Figures figures;
  {
    Workbench bench(settings, {.cached_runs = 100});
    bench.worker.implement(kWaiting,
                           [](Context& ctx, const int&) { return ctx.inbox(kGo).next().get(); });
    bench.worker.start();
    start_waiting(bench.client, 0, runs / 2);
    const auto before = static_cast<double>(settled_resident_bytes());
    start_waiting(bench.client, runs / 2, runs);
    const auto after = static_cast<double>(settled_resident_bytes());
    Samples wake = wake_some(bench.client, runs);
    figures = {{.name = name,
                .value = (after - before) / static_cast<double>(runs - runs / 2),
                .unit = "bytes/run"},
               {.name = name + "/wake_p50", .value = wake.percentile(0.5), .unit = "us"},
               {.name = name + "/wake_p99", .value = wake.percentile(0.99), .unit = "us"}};
  }
  gauge.measure(settings);
  figures[1].floors = gauge.floors();
  return figures;
}

}  // namespace

void add_waiting_loads(Loads& loads) {
  add_in_two_sizes(loads, "waiting", 100'000, 1'000'000, measure);
}

}  // namespace reprise::bench
