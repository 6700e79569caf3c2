// Too much of everything, through the public interface: each scenario gives an engine more than it
// can take, or code that behaves badly, and checks that it stays bounded and fair and says what is
// wrong.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <reprise/reprise.h>
#include <string>
#include <string_view>

#include "tests/support/temporary_directory.h"
#include "tests/support/torture.h"

namespace reprise::overload {

using testing::TortureReport;

struct Sizes {
  std::chrono::seconds flood;  // how long starts exceed what can be done
  std::uint64_t history = 0;   // events of a long history
  std::uint64_t pending = 0;   // activities of one run that wait at the same time
};

// Each scenario has its own.
class Directory {
 public:
  std::string store() const { return directory_ / "store"; }

 private:
  testing::TemporaryDirectory directory_{testing::TemporaryDirectory::Place::kDisk};
};

// Keeps what an engine logs. Thread-safe; outlives the engine.
class Log {
 public:
  LogSink sink();
  bool contains(std::string_view text) const;
  std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

// Memory of this process that is no file's, in MiB.
std::uint64_t anonymous_mib();

// How long a scenario waits for what must happen: far longer than necessary, so that only something
// that never happens is reported.
inline constexpr std::chrono::milliseconds kPatience{120'000};

// Polls for a state that has no event of its own. False: it never came.
template <class Condition>
bool eventually(const Condition& condition) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::yield();
  }
  return true;
}

void flood(const Sizes& sizes, TortureReport* report);
void slow_beside_fast(TortureReport* report);
void endless_loop(TortureReport* report);
void endless_asking(TortureReport* report);
void many_pending(const Sizes& sizes, TortureReport* report);
void long_history(const Sizes& sizes, TortureReport* report);
void thrown_numbers(TortureReport* report);
void killing_activity(const std::string& program, TortureReport* report);
// What killing_activity() runs in a process of its own.
int run_killing_activity(const std::string& store);

}  // namespace reprise::overload
