// Timers: a million are set, and then they fire at 100,000 per second. Measures how late the code
// after a timer runs, and how much memory a pending timer takes.
//
// timers/N: 1,000 runs hold them together. sleeping/N: every timer has a run of its own, and all
// but a few of the runs are out of memory when it fires.
#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

using Micros = std::chrono::microseconds;

// When the timers of one run are due: the first, and the time from one to the next.
constexpr Workflow<void(Time, Duration, int)> kSleeper{"sleeper"};
constexpr double kTimersPerSecond = 100'000;

struct Size {
  std::size_t runs;
  std::size_t timers_per_run;
  std::size_t timers() const { return runs * timers_per_run; }
};

Time now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

// The times that the workflow code saw.
class Observed {
 public:
  void set_timers(std::size_t count) { pending_ += count; }
  void add_lag(Time due) {
    const auto late = std::chrono::system_clock::now() - due;
    const std::lock_guard lock(mutex_);
    lags_ms_.add(1e-3 * static_cast<double>(std::chrono::duration_cast<Micros>(late).count()));
    ++fired_;
  }
  std::size_t pending() const { return pending_; }  // ever set
  std::size_t fired() const { return fired_; }
  Samples lags_ms() {
    const std::lock_guard lock(mutex_);
    return lags_ms_;
  }

 private:
  std::atomic<std::size_t> pending_ = 0;
  std::atomic<std::size_t> fired_ = 0;
  std::mutex mutex_;
  Samples lags_ms_;
};

void sleep_often(Context& ctx, Observed& observed, Time first, Duration interval, int count) {
  std::vector<Pending<void>> timers;
  for (int i = 0; i < count; ++i) {
    timers.push_back(ctx.timer(first + i * interval - ctx.now()));
  }
  if (!ctx.replaying()) observed.set_timers(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    timers[static_cast<std::size_t>(i)].get();
    if (!ctx.replaying()) observed.add_lag(first + i * interval);
  }
}

// Consecutive timers belong to consecutive runs, and in the time between two timers of a run every
// run has one. No handles are kept: they would count as memory of the timers.
void start_all(const Client& client, const Size& size, Time first_due) {
  constexpr std::size_t kAtOnce = 10'000;
  const auto offset = [](std::size_t timers) {
    return Duration(
        static_cast<Duration::rep>(1e3 * static_cast<double>(timers) / kTimersPerSecond));
  };
  std::deque<Handle<void>> starting;
  for (std::size_t i = 0; i < size.runs; ++i) {
    starting.push_back(client.submit(
        kSleeper(first_due + offset(i), offset(size.runs), static_cast<int>(size.timers_per_run))));
    if (starting.size() < kAtOnce) continue;
    starting.front().started();
    starting.pop_front();
  }
  for (const auto& run : starting) run.started();
}

template <class Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

// The memory of a timer while its run is out of memory, as most long-waiting runs are: the growth
// from half of the timers to all of them.
double bytes_per_timer(const Settings& settings, const Size& size) {
  Observed observed;
  Workbench bench(settings, {.cached_runs = 1});
  bench.worker.implement(
      kSleeper, [&](Context& ctx, const Time& first, const Duration& interval, const int& count) {
        sleep_often(ctx, observed, first, interval, count);
      });
  bench.worker.start();
  const Time first_due = now() + std::chrono::hours(1);
  const Size half{size.runs / 2, size.timers_per_run};
  start_all(bench.client, half, first_due);
  const std::size_t before = settled_resident_bytes();
  start_all(bench.client, half, first_due);
  const std::size_t after = settled_resident_bytes();
  return (static_cast<double>(after) - static_cast<double>(before)) /
         static_cast<double>(half.timers());
}

Figures measure(const Settings& settings, const std::string& name, const Size& size) {
  Observed observed;
  Workbench bench(settings, {.cached_runs = 1'000});
  bench.worker.implement(
      kSleeper, [&](Context& ctx, const Time& first, const Duration& interval, const int& count) {
        sleep_often(ctx, observed, first, interval, count);
      });
  bench.worker.start();

  const auto setting_up = Duration(20'000 + size.timers() / 100 + size.runs / 15);
  const Time first_due = now() + setting_up;
  start_all(bench.client, size, first_due);
  wait_until([&] { return observed.pending() == size.timers(); });
  if (now() >= first_due) {
    throw std::runtime_error("setting the timers took longer than until the first was due");
  }

  std::this_thread::sleep_until(first_due);
  const CpuTime cpu;
  const Stopwatch time;
  wait_until([&] { return observed.fired() == size.timers(); });
  const double seconds = time.seconds();
  const auto timers = static_cast<double>(size.timers());
  Samples lags = observed.lags_ms();
  return {
      {.name = name + "/lag_p50", .value = lags.percentile(0.5), .unit = "ms"},
      {.name = name + "/lag_p99", .value = lags.percentile(0.99), .unit = "ms"},
      {.name = name + "/fired",
       .value = timers / seconds,
       .unit = "timers/s",
       .cpu_us = 1e6 * cpu.process_seconds() / timers},
      {.name = name + "/memory", .value = bytes_per_timer(settings, size), .unit = "bytes/timer"}};
}

}  // namespace

void add_timer_loads(Loads& loads) {
  const auto add = [&](const std::string& family, const Size& size, Runs runs) {
    const std::string name = family + "/" + std::to_string(size.timers());
    loads.push_back({.name = name, .runs = runs, .measure = [=](const Settings& settings) {
                       return measure(settings, name, size);
                     }});
  };
  add("timers", {.runs = 1'000, .timers_per_run = 100}, Runs::kQuick);
  add("timers", {.runs = 1'000, .timers_per_run = 1'000}, Runs::kFull);
  add("sleeping", {.runs = 1'000'000, .timers_per_run = 1}, Runs::kFull);
}

}  // namespace reprise::bench
