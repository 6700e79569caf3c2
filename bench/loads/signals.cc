// Signals: how many per second are delivered to runs and read by their code. One client thread
// sends without waiting for each, with a limited number of them not yet durable.
#include <atomic>
#include <deque>

#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/workbench.h"
#include "proto/history.pb.h"
#include "store/record.h"

namespace reprise::bench {
namespace {

constexpr Workflow<void()> kConsumer{"consumer"};
constexpr Signal<int> kNumber{"number"};
constexpr std::size_t kOnTheirWay = 10'000;
// Runs do not end here. The floor writes a history after this many records, as the archive writes
// its chunks.
constexpr std::uint64_t kRecordsPerChunk = 100;

class Sender {
 public:
  Sender(const Client& client, std::size_t runs) {
    for (std::size_t i = 0; i < runs; ++i) runs_.push_back(client.submit(kConsumer()));
    for (const auto& run : runs_) run.started();
  }
  void send() {
    if (sent_.size() == kOnTheirWay) {
      sent_.front().delivered();
      sent_.pop_front();
    }
    sent_.push_back(runs_[next_].submit_signal(kNumber(7)));
    if (++next_ == runs_.size()) next_ = 0;
  }
  void wait_for_all() {
    for (const SentSignal& signal : sent_) signal.delivered();
    sent_.clear();
  }
  const RunHandle& any_run() const { return runs_.front(); }

 private:
  std::vector<Handle<void>> runs_;
  std::deque<SentSignal> sent_;
  std::size_t next_ = 0;
};

struct SignalBench : Workbench {
  explicit SignalBench(const Settings& settings) : Workbench(settings) {
    worker.implement(kConsumer, [this](Context& ctx) {
      for (auto inbox = ctx.inbox(kNumber);;) {
        (void)inbox.next().get();
        if (!ctx.replaying()) ++consumed;
      }
    });
    worker.start();
  }
  std::atomic<std::uint64_t> consumed = 0;
};

std::size_t bytes_of_one_signal(const Settings& settings) {
  SignalBench bench(settings);
  Sender sender(bench.client, 1);
  sender.send();
  sender.wait_for_all();
  const History history = sender.any_run().history();
  return store::kRecordHeaderBytes + history.data().turns().rbegin()->ByteSizeLong();
}

RunShape shape_with(std::size_t record_bytes) {
  return {.records = kRecordsPerChunk,
          .record_bytes = record_bytes,
          .history_bytes = kRecordsPerChunk * record_bytes};
}

Figures measure(const Settings& settings, const std::string& name, std::size_t runs) {
  constexpr std::size_t kReferenceEventBytes = 200;
  Gauge gauge(records_per_second(kOnTheirWay, shape_with(kReferenceEventBytes)),
              records_per_second(kOnTheirWay, shape_with(bytes_of_one_signal(settings))));
  gauge.measure(settings);
  Figure figure{.name = name, .unit = "signals/s"};
  {
    SignalBench bench(settings);
    Sender sender(bench.client, runs);
    for (const Stopwatch warm; warm.seconds() < settings.warm_up_seconds();) sender.send();
    const std::uint64_t before = bench.consumed;
    const CpuTime cpu;
    const Stopwatch time;
    while (time.seconds() < settings.seconds) sender.send();
    const double seconds = time.seconds();
    const auto consumed = static_cast<double>(bench.consumed - before);
    figure.value = consumed / seconds;
    figure.cpu_us = 1e6 * cpu.process_seconds() / consumed;
    figure.client_cpu_us = 1e6 * cpu.thread_seconds() / consumed;
    sender.wait_for_all();
  }
  gauge.measure(settings);
  figure.floors = gauge.floors();
  return {figure};
}

}  // namespace

void add_signal_loads(Loads& loads) {
  const auto add = [&](const std::string& name, std::size_t runs) {
    loads.push_back({.name = name, .measure = [=](const Settings& settings) {
                       return measure(settings, name, runs);
                     }});
  };
  add("signals/one_run", 1);
  add("signals/10000_runs", 10'000);
}

}  // namespace reprise::bench
