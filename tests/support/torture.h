// The common parts of the torture harnesses: number of trials, seed, and the printed result. A
// harness is a program of its own; ctest runs it in its quick size, a person or a night's run in
// its long one.
//
//   $ power_fail_torture --long --seed 7
//   power_fail: states=1000000 bad=0 controls=2/2 seed=7: ok
#pragma once
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace reprise::testing {

// How many trials a harness makes by default.
struct TortureSizes {
  std::uint64_t quick = 0;
  std::uint64_t full = 0;
};

// The command line of a harness: --quick (the default), --long, --count N, --seed N, and what the
// harness adds before parse(). The values outlive it.
class TortureOptions {
 public:
  TortureOptions(std::string name, const std::string& what, TortureSizes sizes);
  ~TortureOptions();
  TortureOptions(const TortureOptions&) = delete;
  TortureOptions& operator=(const TortureOptions&) = delete;

  // `needs`: another option without which this one is refused. An option without help is hidden.
  void add_flag(const char* option, bool& value, const char* help, const char* needs = nullptr);
  void add_option(const char* option,
                  std::string& value,
                  const char* help,
                  const char* needs = nullptr);
  void add_option(const char* option,
                  std::uint64_t& value,
                  const char* help,
                  const char* needs = nullptr);

  // Ends the process when the arguments are wrong or ask for help.
  void parse(int argc, char** argv);

  std::uint64_t count() const { return count_; }
  bool is_long() const { return is_long_; }
  const std::string& name() const { return name_; }

  std::uint64_t seed = 1;

 private:
  struct App;  // the library that parses takes seconds to compile
  const std::unique_ptr<App> app_;
  const std::string name_;
  std::uint64_t count_;
  bool is_long_ = false;
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
