// The common parts of the torture harnesses: number of trials, seed, and the printed result. A
// harness is a program of its own; ctest runs it in its quick size, a person or a night's run in
// its long one.
//
//   $ power_fail_torture --long --seed 7
//   power_fail: states=1000000 bad=0 controls=2/2 seed=7: ok
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reprise::testing {

// How many trials a harness makes by default.
struct TortureSizes {
  std::uint64_t quick = 0;
  std::uint64_t full = 0;
};

// The command line of a harness: --quick (the default), --long, --count N, --seed N. Add options of
// one's own to `app` before parse().
class TortureOptions {
 public:
  TortureOptions(std::string name, const std::string& what, TortureSizes sizes)
      : app(what, name), name_(std::move(name)), count_(sizes.quick) {
    app.add_flag_callback(
        "--quick", [this, sizes] { count_ = sizes.quick; }, "the size for every change (default)");
    app.add_flag_callback(
        "--long", [this, sizes] { count_ = sizes.full; }, "the size for a night");
    app.add_option("--count", count_, "trials to make, instead of the size's own number");
    app.add_option("--seed", seed, "of the first trial")->capture_default_str();
  }

  // Ends the process when the arguments are wrong or ask for help.
  void parse(int argc, char** argv) {
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      std::exit(app.exit(error));
    }
  }

  std::uint64_t count() const { return count_; }
  const std::string& name() const { return name_; }

  CLI::App app;
  std::uint64_t seed = 1;

 private:
  std::string name_;
  std::uint64_t count_;
};

// Counts in the order in which they were added, printed as one line at the end.
class TortureReport {
 public:
  explicit TortureReport(const TortureOptions& options)
      : name_(options.name()), seed_(options.seed) {}

  void add(std::string_view what, std::uint64_t count) {
    line_ += " " + std::string(what) + "=" + std::to_string(count);
  }
  void add(std::string_view what, std::string_view text) {
    line_ += " " + std::string(what) + "=" + std::string(text);
  }
  // Prints what went wrong at once, in case the harness is killed later.
  void fail(std::string_view why) {
    failed_ = true;
    std::fprintf(stderr, "%s: %.*s\n", name_.c_str(), static_cast<int>(why.size()), why.data());
  }
  bool failed() const { return failed_; }

  // Prints the line; what main() returns.
  int finish() const {
    std::printf("%s:%s seed=%llu: %s\n", name_.c_str(), line_.c_str(),
                static_cast<unsigned long long>(seed_), failed_ ? "FAILED" : "ok");
    return failed_ ? 1 : 0;
  }

 private:
  std::string name_;
  std::uint64_t seed_;
  std::string line_;
  bool failed_ = false;
};

}  // namespace reprise::testing
