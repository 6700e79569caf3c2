// The closed loop: one client thread keeps N runs in flight. It awaits the oldest one's result and
// submits the next. Runs of the same age finish in the same commits, so waiting in order costs
// almost nothing.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>

#include "bench/load.h"
#include "bench/measure.h"
#include "reprise/reprise.h"

namespace reprise::bench {

struct LoopResult {
  std::uint64_t finished = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  double client_cpu_seconds = 0;
  Samples latencies_us{};  // from submit to result

  double per_second() const { return static_cast<double>(finished) / seconds; }
  double cpu_us() const { return 1e6 * cpu_seconds / static_cast<double>(finished); }
  double client_cpu_us() const { return 1e6 * client_cpu_seconds / static_cast<double>(finished); }
};

template <class R>
class ClosedLoop {
 public:
  using Submit = std::function<Handle<R>()>;

  ClosedLoop(std::size_t in_flight, Submit submit) : submit_(std::move(submit)) {
    for (std::size_t i = 0; i < in_flight; ++i) add();
  }
  // Waits for all runs still in flight: an engine that closes with them would delay the next load.
  ~ClosedLoop() {
    try {
      while (!in_flight_.empty()) take();
    } catch (...) {  // an exception is already being thrown, or the load has its figures
    }
  }
  ClosedLoop(const ClosedLoop&) = delete;
  ClosedLoop& operator=(const ClosedLoop&) = delete;

  // Until every run of the first wave has ended, runs start together and not one after another.
  void warm_up(double seconds) {
    const Stopwatch time;
    for (std::size_t i = 0; i < in_flight_.size() || time.seconds() < seconds; ++i) turn_over();
  }

  LoopResult run(double seconds) {
    LoopResult result;
    const CpuTime cpu;
    const Stopwatch time;
    while (result.seconds < seconds) {
      result.latencies_us.add(1e6 * turn_over());
      ++result.finished;
      result.seconds = time.seconds();
    }
    result.cpu_seconds = cpu.process_seconds();
    result.client_cpu_seconds = cpu.thread_seconds();
    return result;
  }

 private:
  struct Run {
    Stopwatch since{};
    Handle<R> handle;
  };

  void add() {
    const Stopwatch since;
    in_flight_.push_back({since, submit_()});
  }
  double take() {
    const Run& oldest = in_flight_.front();
    (void)oldest.handle.result();
    const double seconds = oldest.since.seconds();
    in_flight_.pop_front();
    return seconds;
  }
  double turn_over() {
    const double seconds = take();
    add();
    return seconds;
  }

  const Submit submit_;
  std::deque<Run> in_flight_;
};

}  // namespace reprise::bench
