// A real engine over a real store, with work drawn from a seed, and its acknowledgements.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/engine/engine.h"
#include "tests/support/manual_clock.h"
#include "tests/support/random.h"

namespace reprise::testing {

// A promise: something acknowledged that must hold for ever.
struct Promise {
  enum class Kind : std::uint8_t {
    kAppending,  // `number`: the last record of a commit that begins. Told to nobody
    kDurable,    // `number`: records up to here are durable
    kStarted,    // run `id` has started, with run id `text`
    kSignalled,  // `number` signals of run `id` are recorded
    kAttempted,  // operation `number` of run `id` was attempted: its schedule is recorded
    kEnded,      // run `id` has ended with result `text`
  };
  Kind kind{};
  std::uint64_t number = 0;
  std::string id{};
  std::string text{};
};

// What a store may contain after a workload, acknowledged or not.
struct Written {
  std::vector<std::uint64_t> chains;  // of each record, by sequence number from 1
  base::Time now{};                   // by the workload's clock
};

class Workload {
 public:
  // The store is `directory`/store. `told` is called with each promise.
  Workload(std::string directory, std::uint64_t seed, std::function<void(Promise)> told);

  // The control: a failed commit counts as durable.
  void swallow_errors() { swallow_errors_ = true; }

  // Opens the store, or closes and opens it.
  base::Status open();
  void close();
  // A request or some time, and a little work.
  void step();
  // Everything that can happen without time passing.
  void settle();

  // The engine has given up its log.
  const std::optional<base::Error>& fatal() const { return fatal_; }
  // Requests that were refused because the store had no room.
  std::uint64_t refused() const { return refused_; }
  // Requests that failed for any other reason; empty: none.
  const std::string& unexpected() const { return unexpected_; }
  Written written() const { return {chains_, clock_.now()}; }

 private:
  void start();
  void signal();
  void note_ends();
  void note_error(const base::Error& error);
  std::string payload();

  const std::string directory_;
  Random random_;
  const std::function<void(Promise)> told_;
  bool swallow_errors_ = false;
  std::vector<std::uint64_t> chains_;
  ManualClock clock_;
  std::size_t slice_ = 0;
  int runs_ = 0;
  std::vector<std::string> waiting_;
  std::map<std::string, std::uint64_t> signals_;
  std::vector<std::pair<std::string, std::shared_ptr<runtime::RunWatch>>> ends_;
  std::optional<base::Error> fatal_;
  std::uint64_t refused_ = 0;
  std::string unexpected_;
  std::unique_ptr<runtime::Engine> engine_;
  std::unique_ptr<runtime::WorkerSession> worker_;
};

// Runs of "calls" move money between accounts, whose rows begin with this, and count that in a row
// named like the run.
inline constexpr const char* kBank = "bank";
inline constexpr const char* kAccount = "account ";

// What the workload's workers implement. `attempted` is told of each attempt, if it is set.
runtime::WorkerCode workload_code(std::function<void(const runtime::ActivityAttempt&)> attempted);

// How many signals "go" a run with this workflow id takes before it ends.
int signals_of(const std::string& workflow_id);

}  // namespace reprise::testing
