// Recovery: a process with many runs in flight is killed. Measures the time from opening its store
// until the first and until the last of its runs has gone on.
//
// In flight means: each run has scheduled an activity, for which there was no worker before the
// process was killed. Afterwards a worker executes it, its result reaches a run that is out of
// memory, the run is replayed, and its code goes on: that is the moment measured.
#include <atomic>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "bench/child_process.h"
#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/temporary_store.h"
#include "reprise/reprise.h"

namespace reprise::bench {
namespace {

constexpr Workflow<int(int)> kInterrupted{"interrupted"};
constexpr Activity<int(int)> kLater{"later"};
constexpr std::string_view kServedLater = "served_later";

// When runs went on, in seconds since the store was opened.
struct Resumed {
  void count() {
    const double now = since_open.seconds();
    double none = 0;
    first.compare_exchange_strong(none, now);
    last = now;
    ++runs;
  }
  Stopwatch since_open{};
  std::atomic<double> first = 0;
  std::atomic<double> last = 0;
  std::atomic<std::size_t> runs = 0;
};

void implement_interrupted(Worker& worker, Resumed* resumed) {
  worker.implement(kInterrupted, [resumed](Context& ctx, const int& value) {
    const int result = ctx.call(kLater(value), {.task_queue = kServedLater});
    if (resumed != nullptr) resumed->count();
    return result;
  });
}

void kill_a_process_with(std::size_t runs, const std::string& store) {
  ChildProcess child({"--leave-runs", std::to_string(runs), "--dir", store});
  if (!child.read_line()) {
    throw std::runtime_error("the process that starts the runs failed: " + child.wait());
  }
  child.kill();
}

Figures measure(const Settings& settings, const std::string& name, std::size_t runs) {
  const TemporaryStore parent(settings.directory);
  const std::string store = parent.path() + "/store";
  kill_a_process_with(runs, store);

  Resumed resumed;
  const CpuTime cpu;
  const auto engine = Engine::open(store);
  const double opened = resumed.since_open.seconds();
  Worker workflows(*engine);
  implement_interrupted(workflows, &resumed);
  Worker activities(*engine, {.task_queue = std::string(kServedLater)});
  activities.implement(kLater, [](ActivityContext&, const int& v) { return v; });
  workflows.start();
  activities.start();
  while (resumed.runs < runs) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return {
      {.name = name + "/open", .value = 1e3 * opened, .unit = "ms"},
      {.name = name + "/first", .value = 1e3 * resumed.first, .unit = "ms"},
      {.name = name + "/last",
       .value = 1e3 * resumed.last,
       .unit = "ms",
       .cpu_us = 1e6 * cpu.process_seconds() / static_cast<double>(runs)},
  };
}

}  // namespace

void leave_runs_in_flight(const std::string& directory, std::size_t runs) {
  constexpr std::size_t kAtOnce = 10'000;
  const auto engine = Engine::open(directory);
  Worker worker(*engine);
  implement_interrupted(worker, nullptr);
  worker.start();
  const Client client(*engine);
  std::vector<Handle<int>> handles;
  for (std::size_t i = 0; i < runs; ++i) {
    handles.push_back(client.submit(kInterrupted(1)));
    if (i >= kAtOnce) handles[i - kAtOnce].started();
  }
  for (const auto& run : handles) run.started();
  std::ofstream(kToParent) << "ready\n" << std::flush;
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

void add_recovery_loads(Loads& loads) {
  add_in_two_sizes(loads, "recovery", 10'000, 100'000, measure);
}

}  // namespace reprise::bench
