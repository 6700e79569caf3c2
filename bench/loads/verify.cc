// Verify: all open runs of a store replayed with the code of this program, as before a deployment.
// An ordinary engine makes them, and is closed. Each run has 20 events in ten turns: its start,
// nine activities with their results, and a tenth one that nobody serves.
#include "reprise/verify.h"

#include <atomic>
#include <stdexcept>
#include <string>

#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/temporary_store.h"
#include "reprise/reprise.h"

namespace reprise::bench {
namespace {

constexpr Workflow<int(int)> kTenCalls{"ten_calls"};
constexpr Activity<int(int)> kEcho{"echo"};
constexpr std::string_view kNobody = "nobody";
constexpr int kServed = 9;
constexpr std::uint64_t kEventsPerRun = 2 * kServed + 2;

int run_ten_calls(Context& ctx, const int& value) {
  int sum = 0;
  for (int i = 0; i < kServed; ++i) sum += ctx.call(kEcho(value));
  return sum + ctx.call(kEcho(sum), {.task_queue = std::string(kNobody)});
}

// Returns when all runs wait for the activity that nobody serves.
void leave_runs_open(const std::string& directory, std::size_t runs) {
  const auto engine = Engine::open(directory, {.cached_runs = 1'000});
  std::atomic<std::size_t> served = 0;
  Worker worker(*engine);
  worker.implement(kTenCalls, run_ten_calls).implement(kEcho, [&](ActivityContext&, const int& v) {
    if (++served == runs * kServed) served.notify_all();
    return v;
  });
  worker.start();
  const Client client(*engine);
  for (std::size_t i = 0; i < runs; ++i) client.submit(kTenCalls(1));
  for (std::size_t seen = served; seen < runs * kServed; seen = served) served.wait(seen);
  worker.stop();
}

Figures measure(const Settings& settings, const std::string& name, std::size_t runs) {
  const TemporaryStore parent(settings.directory);
  const std::string store = parent.path() + "/store";
  leave_runs_open(store, runs);
  Worker worker;
  worker.implement(kTenCalls, run_ten_calls);
  const CpuTime cpu;
  const Stopwatch time;
  const VerifyReport report = verify(store, worker);
  const double seconds = time.seconds();
  // A few last results may have been lost with their worker: those attempts are made again later.
  if (report.safe != runs || 100 * report.events < 99 * runs * kEventsPerRun) {
    throw std::runtime_error("the runs are not as they should be: " + std::to_string(report.safe) +
                             " safe, " + std::to_string(report.events) + " events");
  }
  return {{.name = name,
           .value = seconds,
           .unit = "s",
           .cpu_us = 1e6 * cpu.process_seconds() / static_cast<double>(runs)}};
}

}  // namespace

void add_verify_loads(Loads& loads) {
  add_in_two_sizes(loads, "verify", 10'000, 100'000, measure);
}

}  // namespace reprise::bench
