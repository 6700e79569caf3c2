// A simulated machine as those see it who operate it: the public API over an engine, without
// threads, on a simulated disk, which dies in any commit and whose clock is set forward and back.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reprise/reprise.h"
#include "runtime/engine/embedded_engine.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/disk.h"
#include "tests/support/random.h"

namespace reprise::simulation {

inline constexpr Workflow<void(int)> kTick{"tick"};  // what schedules start
inline constexpr Topic<int> kNews{"news"};
inline constexpr Workflow<void(std::string)> kReader{"reader"};  // of that key, for ever
inline constexpr Value<std::vector<int>> kGot{"got"};            // what a reader has received
inline constexpr Workflow<std::string(int)> kLedger{"ledger"};   // takes so many entries
inline constexpr Signal<std::string> kEntry{"entry"};
inline constexpr Activity<std::string(int)> kBook{"book"};

// The code of them. `fresh` makes values that were never seen before.
void tick(Context& ctx, int minutes);
void read_news(Context& ctx, const std::string& key);
std::string keep_ledger(Context& ctx, int entries, const std::function<int()>& fresh);

// The process has ended in the middle of a call of a client, who will not hear of it.
struct Died {};

class OperatorsMachine {
 public:
  // `archives`: records are moved from the journal to the archive.
  OperatorsMachine(testing::Random& random, bool archives);
  ~OperatorsMachine();
  OperatorsMachine(const OperatorsMachine&) = delete;
  OperatorsMachine& operator=(const OperatorsMachine&) = delete;

  const Client& client() const { return *client_; }
  SimDisk& disk() { return disk_; }
  const SimClock& clock() const { return clock_; }

  // Another process takes over.
  void restart();
  // Throws Died if the process does.
  void move_clock(base::Duration by);
  void archive();
  bool work();  // some of what can be done now; false: there is nothing
  void work_off();
  // No process dies from now on, and the clock shows what it has shown at the latest.
  void calm_down();
  std::uint64_t deaths() const { return deaths_; }

 private:
  class Driven;
  void boot();
  void stop();
  void acknowledge_the_rest();

  testing::Random& random_;
  const bool archives_;
  SimClock clock_;
  SimDisk disk_;
  bool may_die_ = true;
  int fresh_ = 0;
  std::uint64_t deaths_ = 0;
  SimStore* store_ = nullptr;  // the engine's
  std::unique_ptr<runtime::Engine> engine_;
  std::vector<std::unique_ptr<runtime::WorkerSession>> sessions_;
  std::unique_ptr<Driven> driven_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Client> client_;
};

}  // namespace reprise::simulation
