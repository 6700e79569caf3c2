// Replay: from the bytes in the store to finished code. A finished run still answers queries, and
// one that is out of memory is replayed to answer. The engine has no threads, so that one core does
// everything and no hand-over between threads is measured.
#include <memory>
#include <stdexcept>

#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/workbench.h"
#include "tests/support/service_over.h"

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
};
constexpr Size kShort{"short", 3, 1, 5'000};
constexpr Size kTenThousand{"10000_events", 50, 100, 2};
constexpr Size kHundredThousand{"100000_events", 100, 500, 2};

void implement(Worker& worker) {
  implement_class(worker, kWaves, &Waves::run).on(kDone, &Waves::done);
  worker.implement(kEcho, [](ActivityContext&, const int& v) { return v; });
  worker.start();
}

// An ordinary engine makes the histories.
std::vector<std::string> finish_runs(const std::string& path, const Size& size) {
  const auto engine = Engine::open(path);
  Worker worker(*engine);
  implement(worker);
  const Client client(*engine);
  std::vector<Handle<int>> runs;
  for (std::size_t i = 0; i < size.runs; ++i) {
    runs.push_back(client.submit(kWaves(size.waves, size.width)));
  }
  for (const auto& run : runs) (void)run.result();
  std::vector<std::string> ids;
  for (const auto& run : runs) ids.push_back(run.id());
  return ids;
}

std::unique_ptr<runtime::Engine> open_without_threads(const std::string& path) {
  auto engine = runtime::Engine::open(path, {.cached_runs = 1, .threaded = false});
  if (!engine) throw std::runtime_error(engine.error().text());
  return std::move(*engine);
}

Figures measure(const Settings& settings, const Size& size) {
  const TemporaryStore store(settings.directory);
  const std::vector<std::string> ids = finish_runs(store.path(), size);
  testing::ServiceOver service(open_without_threads(store.path()));
  Worker worker(service);
  implement(worker);
  const Client client(service);
  const auto events = static_cast<double>(client.describe(ids.front()).history_events);
  std::uint64_t asked = 0;
  const auto ask_for = [&](double seconds) {
    const Stopwatch time;
    while (time.seconds() < seconds) {
      (void)client.attach(kWaves, ids[asked++ % ids.size()]).query(kDone());
    }
  };
  ask_for(settings.warm_up_seconds());
  asked = 0;
  const CpuTime cpu;
  const Stopwatch time;
  ask_for(settings.seconds);
  const double replayed = static_cast<double>(asked) * events;
  return {{.name = std::string("replay/") + size.name,
           .value = replayed / time.seconds(),
           .unit = "events/s",
           .cpu_us = 1e6 * cpu.process_seconds() / replayed}};
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
