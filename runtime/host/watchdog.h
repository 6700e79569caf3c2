// Reports workflow code that does not return: a blocking call, an endless loop, a deadlock. It
// holds up every run of its thread, and nothing else would show why.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runtime/host/code_mark.h"
#include "runtime/log.h"

namespace reprise::runtime {

class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;

  // `marks`, `transactions` (of the thread that executes their closures) and `log` outlive it. Code
  // is reported when it has run for `slow`, and again each time
  // that time has doubled.
  Watchdog(const std::vector<CodeMark*>& marks,
           CodeMark& transactions,
           base::Duration slow,
           const LogSink& log);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  base::Status start();  // its thread; without it look() does the work
  void look(Clock::time_point now);

 private:
  struct Watched {
    CodeMark* mark = nullptr;
    bool is_transactions = false;
    std::uint64_t entries = 0;  // when it was last looked at
    Clock::time_point since{};
    base::Duration report_after{};
  };
  void work();
  void report(const Watched& watched, Clock::duration for_long) const;

  const base::Duration slow_;
  const LogSink& log_;
  std::vector<Watched> watched_;

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace reprise::runtime
