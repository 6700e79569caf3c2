// One part that is stuck must not stop the others.
#include <atomic>
#include <thread>
#include <vector>

#include "tests/overload/overload.h"

// Not static: the report of the stuck turn names it. Not in our namespace, whose functions reports
// leave out.
namespace overload_code {
[[gnu::noinline]] void spin_while(const std::atomic<bool>& end) {
  while (!end) {
  }
}
}  // namespace overload_code

namespace reprise::overload {
namespace {

constexpr Workflow<int(int)> slow_job{"slow_job"};
constexpr Workflow<int(int)> fast_job{"fast_job"};
constexpr Workflow<int(int)> endless{"endless"};
constexpr Activity<int(int)> slow{"slow"};
constexpr Activity<int(int)> fast{"fast"};

}  // namespace

// The slow activity does not return before every fast one has: with all threads at the slow one,
// this would never end.
void slow_beside_fast(TortureReport* report) {
  constexpr int kRuns = 300;
  const Directory directory;
  Log log;
  const auto engine = Engine::open(directory.store(), {.logger = log.sink()});
  Worker worker(*engine, {.activity_threads = 8});
  std::atomic<int> fast_done{0};
  std::atomic<bool> give_up{false};
  worker.implement(slow_job, [](Context& ctx, int i) { return ctx.call(slow(i)); })
      .implement(fast_job, [](Context& ctx, int i) { return ctx.call(fast(i)); })
      .implement(slow,
                 [&](ActivityContext&, int i) {
                   (void)eventually([&] { return give_up || fast_done == kRuns; });
                   return i;
                 })
      .implement(fast, [&](ActivityContext&, int i) {
        ++fast_done;
        return i;
      });
  worker.start();
  const Client client(*engine);
  (void)client.start(fast_job(0)).result();  // so that the pool has met both kinds
  fast_done = 0;
  std::vector<Handle<int>> runs;
  for (int i = 0; i < kRuns; ++i) runs.push_back(client.submit(slow_job(i)));
  for (int i = 0; i < kRuns; ++i) runs.push_back(client.submit(fast_job(i)));
  if (!eventually([&] { return fast_done == kRuns; })) {
    report->fail("a slow activity kept a fast one from its threads");
    give_up = true;
  }
  for (const auto& run : runs) {
    if (!run.result_for(kPatience)) return report->fail("a run did not end");
  }
  report->add("fair_runs", runs.size());
}

void endless_loop(TortureReport* report) {
  const Directory directory;
  Log log;
  EngineOptions options{.shards = 2, .logger = log.sink()};
  options.limits.slow_turn = std::chrono::milliseconds(50);
  const auto engine = Engine::open(directory.store(), options);
  Worker worker(*engine);
  std::atomic<bool> end{false};
  worker
      .implement(endless,
                 [&](Context&, int i) {
                   overload_code::spin_while(end);
                   return i;
                 })
      .implement(fast_job, [](Context& ctx, int i) { return ctx.call(fast(i)); })
      .implement(fast, [](ActivityContext&, int i) { return i; });
  worker.start();
  const Client client(*engine);
  const auto stuck = client.submit(endless(1), {.id = "stuck"});
  if (!eventually([&] { return log.contains("has not returned"); })) {
    report->fail("nobody noticed an endless loop");
  }
  std::vector<Handle<int>> runs;
  for (int i = 0; i < 64; ++i)
    runs.push_back(client.submit(fast_job(i), {.id = std::to_string(i)}));
  std::uint64_t done_meanwhile = 0;
  for (const auto& run : runs) {
    // Runs of the stuck shard wait.
    if (run.result_for(std::chrono::milliseconds(200))) ++done_meanwhile;
    if (done_meanwhile == 8) break;
  }
  end = true;
  for (const auto& run : runs) {
    if (!run.result_for(kPatience)) report->fail("a run did not end");
  }
  if (!stuck.result_for(kPatience)) report->fail("the stuck run did not end");
  if (done_meanwhile < 8) report->fail("the other shard stood still too");
  for (const char* part : {"run 'stuck'", "workflow 'endless'", "strand 1", "spin_while"}) {
    if (!log.contains(part))
      report->fail("the report lacks \"" + std::string(part) + "\":\n" + log.text());
  }
  report->add("stuck_reported", 1);
}

void endless_asking(TortureReport* report) {
  const Directory directory;
  Log log;
  const auto engine = Engine::open(directory.store(), {.logger = log.sink()});
  Worker worker(*engine);
  worker.implement(endless, [](Context& ctx, int) -> int {
    while (true) (void)ctx.side_effect([] { return std::string(1'000, 'x'); });
  });
  worker.start();
  const Client client(*engine);
  const auto run = client.start(endless(1), {.id = "asking"});
  if (!eventually([&] { return run.describe().parked.has_value(); })) {
    return report->fail("a loop that never waits was not stopped");
  }
  if (run.describe().parked->report.find("turn_bytes") == std::string::npos) {
    report->fail("the limit is not named: " + run.describe().parked->report);
  }
  run.terminate("enough");
  report->add("loops_parked", 1);
}

}  // namespace reprise::overload
