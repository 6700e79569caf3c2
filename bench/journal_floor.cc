// The reference floor by itself (floor.h): workflows with N steps, two events of the same size per
// step, LMDB and nothing else.
//
//   journal_floor [--json] DIRECTORY IN_FLIGHT STEPS EVENT_BYTES SECONDS
//
// DIRECTORY is created for the measurement and removed after it; it must not exist.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>

#include "bench/floor.h"

namespace {

using reprise::bench::FloorRate;

struct Setting {
  bool json = false;
  std::string directory;
  std::uint64_t in_flight = 0;
  std::uint64_t steps = 0;
  std::size_t event_bytes = 0;
  double seconds = 0;
};

void print(const Setting& setting, const FloorRate& rate) {
  const double commits = rate.per_second(rate.commits);
  const double workflows = rate.per_second(rate.runs);
  const double events = rate.per_second(2 * rate.records);
  if (setting.json) {
    const nlohmann::ordered_json line{
        {"in_flight", setting.in_flight},     {"steps", setting.steps},
        {"event_bytes", setting.event_bytes}, {"seconds", rate.seconds},
        {"commits_per_second", commits},      {"workflows_per_second", workflows},
        {"events_per_second", events}};
    std::printf("%s\n", line.dump().c_str());
    return;
  }
  std::printf(
      "in_flight=%llu steps=%llu event_bytes=%zu, %.1f s: %.0f commits/s, %.0f workflows/s, "
      "%.0f events/s\n",
      static_cast<unsigned long long>(setting.in_flight),
      static_cast<unsigned long long>(setting.steps), setting.event_bytes, rate.seconds, commits,
      workflows, events);
}

}  // namespace

int main(int argc, char** argv) {
  Setting setting;
  CLI::App app("What LMDB alone does for workflows of STEPS steps, IN_FLIGHT at a time");
  app.add_flag("--json", setting.json, "Print JSON");
  app.add_option("DIRECTORY", setting.directory, "Made and removed; must not exist")->required();
  app.add_option("IN_FLIGHT", setting.in_flight)->required()->check(CLI::PositiveNumber);
  app.add_option("STEPS", setting.steps)->required();
  app.add_option("EVENT_BYTES", setting.event_bytes)->required()->check(CLI::PositiveNumber);
  app.add_option("SECONDS", setting.seconds)->required()->check(CLI::PositiveNumber);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    print(setting,
          measure_floor(setting.directory, setting.in_flight,
                        reprise::bench::reference_shape(setting.steps, setting.event_bytes),
                        setting.seconds));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "journal_floor: %s\n", error.what());
    return 1;
  }
}
