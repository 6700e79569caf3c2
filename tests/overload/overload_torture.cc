#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/overload/overload.h"

namespace reprise::overload {

LogSink Log::sink() {
  return [this](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex_);
    text_ += line;
    text_ += '\n';
  };
}

bool Log::contains(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  return text_.find(text) != std::string::npos;
}

std::string Log::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

std::uint64_t anonymous_mib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::uint64_t kib = 0;
  while (status >> word) {
    if (word == "RssAnon:") status >> kib;
  }
  return kib / 1024;
}

}  // namespace reprise::overload

int main(int argc, char** argv) {
  using namespace reprise::overload;
  reprise::testing::TortureOptions options(
      "overload", "More than the engine can take, and code that behaves badly.", {1, 1});
  Sizes sizes{.flood = std::chrono::seconds(2), .history = 200'000, .pending = 20'000};
  std::string store;
  options.add_option("--killing-activity", store, "");
  options.parse(argc, argv);
  if (options.is_long()) {
    sizes = {.flood = std::chrono::seconds(60), .history = 1'000'000, .pending = 100'000};
  }
  if (!store.empty()) return run_killing_activity(store);

  reprise::testing::TortureReport report(options);
  flood(sizes, &report);
  slow_beside_fast(&report);
  endless_loop(&report);
  endless_asking(&report);
  many_pending(sizes, &report);
  long_history(sizes, &report);
  thrown_numbers(&report);
  killing_activity(std::filesystem::canonical("/proc/self/exe"), &report);
  return report.finish();
}
