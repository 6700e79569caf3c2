// Checkpoints: how long it takes to wake a run that has a long history before its last checkpoint,
// and how much memory that takes. Neither depends on what is before.
#include <atomic>
#include <thread>
#include <vector>

#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr Workflow<void(int)> kLong{"long"};
constexpr Activity<int(int)> kEcho{"echo"};
constexpr Signal<> kGo{"go"};
constexpr int kWidth = 500;  // activities at once, of two events each
constexpr std::size_t kWoken = 500;

// Two runs that push each other out of memory.
struct CheckpointBench : Workbench {
  explicit CheckpointBench(const Settings& settings) : Workbench(settings, {.cached_runs = 1}) {
    worker.implement(kEcho, [](ActivityContext&, const int& v) { return v; });
    worker.implement(kLong, [this](Context& ctx, const int& waves) {
      if (waves > 0) {
        std::vector<Pending<int>> pendings;
        for (int i = 0; i < kWidth; ++i) pendings.push_back(ctx.start(kEcho(i)));
        (void)ctx.all(pendings);
        ctx.checkpoint(kLong(waves - 1));
      }
      if (!ctx.replaying()) ++waiting;
      ctx.inbox(kGo).next().get();
      if (!ctx.replaying()) ++woken;
      ctx.checkpoint(kLong(0));
    });
    worker.start();
  }
  static void await(const std::atomic<std::size_t>& count, std::size_t expected) {
    while (count < expected) std::this_thread::yield();
  }
  std::atomic<std::size_t> waiting = 0;
  std::atomic<std::size_t> woken = 0;
};

Figures measure(const Settings& settings, const std::string& name, std::size_t events) {
  CheckpointBench bench(settings);
  std::vector<Handle<void>> runs;
  for (int i = 0; i < 2; ++i) {
    runs.push_back(bench.client.start(kLong(static_cast<int>(events / (2 * kWidth)))));
    CheckpointBench::await(bench.waiting, runs.size());
  }
  const auto before = static_cast<double>(settled_resident_bytes());
  Samples micros;
  for (std::size_t i = 0; i < kWoken; ++i) {
    const auto& run = runs[i % 2];
    const Stopwatch time;
    (void)run.submit_signal(kGo());
    CheckpointBench::await(bench.woken, i + 1);
    micros.add(1e6 * time.seconds());
    CheckpointBench::await(bench.waiting, 2 + i + 1);
    (void)run.describe();  // when it is durable, so that the run can leave memory
  }
  const auto after = static_cast<double>(settled_resident_bytes());
  for (const auto& run : runs) run.terminate("measured");
  return {{.name = name + "/wake_p50", .value = micros.percentile(0.5), .unit = "us"},
          {.name = name + "/wake_p99", .value = micros.percentile(0.99), .unit = "us"},
          {.name = name + "/memory", .value = after - before, .unit = "bytes"}};
}

}  // namespace

void add_checkpoint_loads(Loads& loads) {
  add_in_two_sizes(loads, "checkpoint", 10'000, 1'000'000, measure);
}

}  // namespace reprise::bench
