// The checks of a store after a power failure, whatever the disk kept.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "tests/power_fail/workload.h"

namespace reprise::testing {

// What had been acknowledged when the power failed.
class Expectation {
 public:
  void add(const Promise& promise);

  // The control: acknowledges each commit when it begins.
  static Expectation too_early() {
    Expectation expectation;
    expectation.too_early_ = true;
    return expectation;
  }

  struct Run {
    std::string run_id;
    std::uint64_t signals = 0;
    std::uint64_t attempted = 0;  // the highest operation
    std::optional<std::string> result;
  };
  const std::map<std::string, Run>& runs() const { return runs_; }
  std::uint64_t durable() const { return durable_; }

 private:
  bool too_early_ = false;
  std::uint64_t durable_ = 0;
  std::map<std::string, Run> runs_;
};

// Opens the store that the power failure has left at `path`, checks it against the expectations and
// makes it do new work; with `thorough`, brings all its runs to their end and opens it again.
// Returns what is wrong; empty: nothing.
std::string check_crashed(const std::string& path,
                          const Written& written,
                          const Expectation& expected,
                          bool thorough);

}  // namespace reprise::testing
