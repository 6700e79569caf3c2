// Replay: from the bytes in the store to finished code. A finished run goes on answering queries,
// and one that is out of memory is replayed to answer. Memory holds a single run and there are
// several, so that every query is a replay; one shard, hence one core.
#include <atomic>
#include <thread>

#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr Workflow<int(int, int)> kWaves{"waves"};
constexpr Query<int()> kDone{"done"};
constexpr Activity<int(int)> kEcho{"echo"};

// Activities in waves, each as wide as given: a long history, made quickly.
class Waves {
 public:
  explicit Waves(Context& ctx) : ctx_(ctx) {}
  int run(const int& waves, const int& width) {
    for (int wave = 0; wave < waves; ++wave) {
      std::vector<Pending<int>> pendings;
      for (int i = 0; i < width; ++i) pendings.push_back(ctx_.start(kEcho(i)));
      done_ += static_cast<int>(ctx_.all(pendings).size());
    }
    return done_;
  }
  int done() const { return done_; }

 private:
  Context& ctx_;
  int done_ = 0;
};

struct Size {
  const char* name;
  int waves;
  int width;
  std::size_t runs;
  std::size_t clients;  // a short replay is over before its client has asked for the next one
};
constexpr Size kShort{"short", 3, 1, 5'000, 4};
constexpr Size kTenThousand{"10000_events", 50, 100, 2, 1};
constexpr Size kHundredThousand{"100000_events", 100, 500, 2, 1};

std::vector<Handle<int>> finished_runs(const Client& client, const Size& size) {
  std::vector<Handle<int>> runs;
  for (std::size_t i = 0; i < size.runs; ++i) {
    runs.push_back(client.submit(kWaves(size.waves, size.width)));
  }
  for (const auto& run : runs) (void)run.result();
  return runs;
}

// Queries one run after the other until the time is over; returns how many it was.
std::uint64_t query_all(const std::vector<Handle<int>>& runs, const Size& size, double seconds) {
  std::atomic<std::uint64_t> queries = 0;
  const Stopwatch time;
  {
    std::vector<std::jthread> clients;
    for (std::size_t i = 0; i < size.clients; ++i) {
      clients.emplace_back([&] {
        while (time.seconds() < seconds) (void)runs[queries++ % runs.size()].query(kDone());
      });
    }
  }
  return queries;
}

Figures measure(const Settings& settings, const Size& size) {
  Workbench bench(settings, {.shards = 1, .cached_runs = 1});
  implement_class(bench.worker, kWaves, &Waves::run).on(kDone, &Waves::done);
  bench.worker.implement(kEcho, [](ActivityContext&, const int& v) { return v; });
  bench.worker.start();
  const auto runs = finished_runs(bench.client, size);
  const auto events = static_cast<double>(runs.front().describe().history_events);
  (void)query_all(runs, size, settings.warm_up_seconds());
  const CpuTime cpu;
  const Stopwatch time;
  const auto queries = static_cast<double>(query_all(runs, size, settings.seconds));
  return {{.name = std::string("replay/") + size.name,
           .value = queries * events / time.seconds(),
           .unit = "events/s",
           .cpu_us = 1e6 * cpu.process_seconds() / (queries * events)}};
}

}  // namespace

void add_replay_loads(Loads& loads) {
  const auto add = [&](const Size& size, Runs runs) {
    loads.push_back(
        {.name = std::string("replay/") + size.name,
         .runs = runs,
         .measure = [size](const Settings& settings) { return measure(settings, size); }});
  };
  add(kShort, Runs::kAlways);
  add(kTenThousand, Runs::kQuick);
  add(kHundredThousand, Runs::kFull);
}

}  // namespace reprise::bench
