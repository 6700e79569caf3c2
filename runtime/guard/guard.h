// Catches workflow code that uses clocks, random numbers, files, sockets, threads or locks instead
// of the Context. Such code runs, but may act differently on replay, and then its run cannot go on.
// The guard finds it at the call, before a history exists that cannot be replayed.
//
// Two nets. Wrapped symbols: stand-ins for functions of the C and C++ libraries, put into the
// tables through which the program calls them when the first guard is made. System calls:
// intercepted by the kernel on threads while they run workflow code. A call that is caught is made
// nevertheless.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "replay/code_guard.h"
#include "runtime/guard/guard_mode.h"
#include "runtime/guard/thread_watch.h"
#include "runtime/log.h"

namespace reprise::runtime {

// Which nets to use; for measuring one without the other.
struct GuardNets {
  bool symbols = true;
  bool system_calls = true;
};

// One per engine. begin_turn(), watch() and end_turn() by the thread that runs the code, which may
// be several threads at once.
class Guard final : public replay::CodeGuard {
 public:
  // `mode` is not kOff. Logs what it cannot catch here.
  Guard(GuardMode mode, LogSink log, GuardNets nets = {});
  ~Guard() override;  // with kReport: logs how much was found, if anything was

  void begin_turn() override;
  bool watch(bool on) override { return guard::watch_this_thread(on); }
  std::optional<std::string> end_turn(const replay::RunInfo& run, bool live) override;

 private:
  using Place = std::pair<std::string, const void*>;  // what is called, and from where
  // Empty: nothing more to report.
  std::string report_finds(bool every_time);
  void warn_of_expressions();

  const std::uint64_t id_;  // never used again in this process
  const GuardMode mode_;
  const LogSink log_;
  GuardNets nets_;

  std::mutex mutex_;
  std::map<Place, std::uint64_t> calls_;
  std::set<std::pair<std::string, std::uint32_t>> expressions_;
};

}  // namespace reprise::runtime
