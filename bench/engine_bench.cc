// engine_bench: the engine under whole loads, through the public interface, next to what LMDB alone
// does. docs/performance.md says what each figure means.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <unistd.h>

#include "bench/child_process.h"
#include "bench/loads/loads.h"
#include "bench/temporary_store.h"

namespace {

using namespace reprise::bench;
using Json = nlohmann::ordered_json;

constexpr double kSeconds = 10;
constexpr double kQuickSeconds = 2;
constexpr int kUsage = 2;

struct Options {
  std::string filter;
  double seconds = 0;  // 0: each load's own
  bool quick = false;
  std::string directory = default_parent();
  std::string json;
  bool list = false;
  // Not for people: with this the program starts itself.
  std::string only;
  std::size_t leave_runs = 0;

  double seconds_of(const Load& load) const {
    if (seconds > 0) return seconds;
    if (load.default_seconds > 0) return load.default_seconds;
    return quick ? kQuickSeconds : kSeconds;
  }
};

bool chosen(const Load& load, const Options& options) {
  const bool named =
      !options.filter.empty() && std::regex_search(load.name, std::regex(options.filter));
  if (load.runs == Runs::kNamed) return named;
  if (load.runs == (options.quick ? Runs::kFull : Runs::kQuick)) return false;
  return options.filter.empty() || named;
}

Loads chosen_loads(const Options& options) {
  Loads loads = all_loads();
  std::erase_if(loads, [&](const Load& load) { return !chosen(load, options); });
  return loads;
}

// In this process; the figures go to the parent, one line each. A load that hangs is ended.
int measure_here(const Options& options) {
  constexpr double kPatience = 600;
  alarm(static_cast<unsigned>(kPatience + 2 * options.seconds));
  for (const Load& load : all_loads()) {
    if (load.name != options.only) continue;
    std::ofstream out(options.json);
    for (const Figure& figure : load.measure({options.seconds, options.directory})) {
      out << to_json(figure) << '\n';
    }
    return 0;
  }
  return kUsage;
}

// In a process of its own, so that memory that a load leaves behind, or its crash, does not affect
// the others.
Figures measure_apart(const Load& load, const Options& options) {
  const TemporaryStore directory(options.directory);  // removed even if the load is killed
  ChildProcess child({"--only", load.name, "--seconds", std::to_string(options.seconds_of(load)),
                      "--dir", directory.path(), "--json", kToParent});
  Figures figures;
  while (const auto line = child.read_line()) {
    figures.push_back(figure_from_json(Json::parse(*line)));
  }
  if (const std::string failure = child.wait(); !failure.empty()) {
    throw std::runtime_error(load.name + " was not measured: " + failure);
  }
  return figures;
}

int measure_all(const Loads& loads, const Options& options) {
  Json all = Json::array();
  int exit_code = 0;
  std::printf("%s\n", table_head().c_str());
  for (const Load& load : loads) {
    try {
      for (const Figure& figure : measure_apart(load, options)) {
        std::printf("%s\n", table_line(figure).c_str());
        all.push_back(to_json(figure));
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "engine_bench: %s\n", error.what());
      exit_code = 1;
    }
    std::fflush(stdout);
  }
  if (options.json.empty()) return exit_code;
  std::ofstream out(options.json);
  out << all.dump(2) << '\n' << std::flush;
  if (out) return exit_code;
  std::fprintf(stderr, "engine_bench: %s cannot be written\n", options.json.c_str());
  return 1;
}

int usage_error(const std::string& text) {
  std::fprintf(stderr, "engine_bench: %s\n", text.c_str());
  return kUsage;
}

int run(const Options& options) {
  if (options.leave_runs > 0) leave_runs_in_flight(options.directory, options.leave_runs);
  if (!std::filesystem::is_directory(options.directory)) {
    return usage_error("--dir: " + options.directory + " is no directory");
  }
  if (!options.only.empty()) return measure_here(options);
  Loads loads;
  try {
    loads = chosen_loads(options);
  } catch (const std::regex_error&) {
    return usage_error("--filter: " + options.filter + " is no regular expression");
  }
  if (loads.empty()) return usage_error("--filter: no load's name matches; see --list");
  if (!options.list) return measure_all(loads, options);
  for (const Load& load : loads) std::printf("%s\n", load.name.c_str());
  return 0;
}

void add_options(CLI::App& app, Options& options) {
  app.add_option("--filter", options.filter,
                 "Only loads whose name this regular expression matches; the only way to 'soak'");
  app.add_option("--seconds", options.seconds,
                 "Of steady state per load, at least (default: 10, quick 2, soak 600)")
      ->check(CLI::Range(0.1, 86'400.0));
  app.add_flag("--quick", options.quick, "Fewer and smaller loads, for a shorter time");
  app.add_option("--dir", options.directory, "Where stores are made: the disk that is measured")
      ->capture_default_str();
  app.add_option("--json", options.json, "Write the figures to this file, too");
  app.add_flag("--list", options.list, "Print the names of the loads instead of running them");
  app.add_option("--only", options.only)->group("");
  app.add_option("--leave-runs", options.leave_runs)->group("");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Measures the engine under load, next to what LMDB alone does on the same disk");
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "engine_bench: %s\n", error.what());
    return 1;
  }
}
