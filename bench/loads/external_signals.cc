// Signals between runs: how many per second one run sends and another one reads. Each sender waits
// for each signal to be delivered, as workflow code does.
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr Workflow<void(std::string)> kTalker{"talker"};
constexpr Workflow<void()> kListener{"listener"};
constexpr Signal<int> kWord{"word"};
constexpr Signal<> kStop{"stop"};

struct TalkBench : Workbench {
  explicit TalkBench(const Settings& settings) : Workbench(settings) {
    worker.implement(kTalker, [](Context& ctx, const std::string& listener) {
      const ExternalRun other = ctx.external(listener);
      for (auto stop = ctx.inbox(kStop); stop.empty();) other.signal(kWord(7));
    });
    worker.implement(kListener, [this](Context& ctx) {
      auto words = ctx.inbox(kWord).next();
      for (auto stop = ctx.inbox(kStop).next(); ctx.first_of(words, stop) == 0;) {
        (void)words.get();
        words = ctx.inbox(kWord).next();
        if (!ctx.replaying()) ++heard;
      }
    });
    worker.start();
  }
  void start(std::size_t pairs) {
    for (std::size_t i = 0; i < pairs; ++i) {
      listeners.push_back(client.start(kListener()));
      talkers.push_back(client.submit(kTalker(listeners.back().id())));
    }
    for (const auto& run : talkers) run.started();
  }
  // Talkers first: a listener that has ended would refuse their words.
  void stop() const {
    for (const auto& run : talkers) run.signal(kStop());
    for (const auto& run : talkers) run.result();
    for (const auto& run : listeners) run.signal(kStop());
    for (const auto& run : listeners) run.result();
  }
  std::vector<Handle<void>> talkers;
  std::vector<Handle<void>> listeners;
  std::atomic<std::uint64_t> heard = 0;
};

Figures measure(const Settings& settings, const std::string& name, std::size_t pairs) {
  // The command, the input of the receiver, and the outcome.
  constexpr RunShape kThreeRecords{.records = 3, .record_bytes = 150, .history_bytes = 450};
  Gauge gauge(runs_per_second(pairs, kThreeRecords), runs_per_second(pairs, kThreeRecords));
  gauge.measure(settings);
  Figure figure{.name = name, .unit = "signals/s"};
  {
    TalkBench bench(settings);
    bench.start(pairs);
    measure_rate(settings, bench.heard, &figure);
    bench.stop();
  }
  gauge.measure(settings);
  figure.floors = gauge.floors();
  return {figure};
}

}  // namespace

void add_external_signal_loads(Loads& loads) {
  add_in_two_sizes(loads, "external_signals", 100, 1'000, measure);
}

}  // namespace reprise::bench
