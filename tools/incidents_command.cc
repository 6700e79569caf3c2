#include "tools/incidents_command.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/whole_number.h"
#include "tools/incidents.h"
#include "tools/run_text.h"
#include "tools/store_arguments.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

using nlohmann::json;

struct IncidentsOptions {
  IncidentsOptions(CLI::App& command, const base::Clock& now)
      : store(command, StoreArguments::About::kStore), clock(now) {}

  StoreArguments store;
  const base::Clock& clock;
  std::uint32_t failures = 5;
  bool json = false;
  ColourMode colour = ColourMode::kAuto;
};

json incident_json(const Incident& incident) {
  const runtime::RunState& run = *incident.run;
  json line = {{"kind", to_string(incident.kind)}, {"code", base::to_string(incident.code)},
               {"cause", incident.cause},          {"workflow_id", run.workflow_id},
               {"run_id", run.id.to_string()},     {"workflow", *run.workflow},
               {"task_queue", *run.task_queue},    {"resolve", incident.resolve}};
  if (incident.since_ms != 0) line["since"] = utc_iso(incident.since_ms);
  if (!incident.place.empty()) line["place"] = incident.place;
  if (incident.kind == Incident::Kind::kActivityFailing) {
    line["activity"] = incident.operation;
    line["operation"] = incident.id;
    line["failures"] = incident.failures;
  }
  return line;
}

// The first line of a report says what it is about.
std::string cause_line(const Incident& incident) {
  std::string text = incident.cause.substr(0, incident.cause.find('\n'));
  const std::string code = base::to_string(incident.code);
  if (text.starts_with(code + " ")) text.erase(0, code.size() + 1);
  if (incident.kind != Incident::Kind::kActivityFailing) return safe_text(text);
  return "activity #" + std::to_string(incident.id) + " " + safe_text(incident.operation) +
         " has failed " + std::to_string(incident.failures) + " times, the last time with " +
         safe_text(text);
}

void print_text(const Incident& incident, const IncidentsOptions& options, const Paint& paint) {
  std::printf("%s %s: %s of workflow %s\n", paint(Colour::kRed, to_string(incident.kind)).c_str(),
              base::to_string(incident.code).c_str(), title_of(*incident.run).c_str(),
              safe_text(*incident.run->workflow).c_str());
  std::printf("  cause    %s\n", cause_line(incident).c_str());
  if (incident.since_ms != 0) {
    const std::int64_t ago = base::sub_sat(base::to_ms(options.clock.now()), incident.since_ms);
    std::printf("  since    %s (%s ago)\n", utc_millis(incident.since_ms).c_str(),
                duration_text(ago).c_str());
  }
  if (!incident.place.empty()) std::printf("  at       %s\n", safe_text(incident.place).c_str());
  std::printf("  resolve  %s\n", safe_text(incident.resolve).c_str());
}

void incidents(const IncidentsOptions& options) {
  const auto reader = options.store.open();
  const auto found = find_incidents(*reader, options.store.directory(), options.failures);
  const Paint paint(options.colour);
  for (const Incident& incident : found) {
    if (options.json) {
      std::printf("%s\n", dump(incident_json(incident)).c_str());
    } else {
      print_text(incident, options, paint);
    }
  }
  std::fflush(stdout);
  if (found.empty() && !options.json) std::fprintf(stderr, "no incident\n");
}

}  // namespace

void add_incidents_command(CLI::App& app, const base::Clock& clock) {
  CLI::App* const command = app.add_subcommand(
      "incidents", "What is wrong now: parked and quarantined runs, activities that keep failing");
  const auto options = std::make_shared<IncidentsOptions>(*command, clock);
  command->add_flag("--json", options->json, "JSON lines: an object for each, with whole reports");
  command
      ->add_option("--failures", options->failures,
                   "an activity counts from this many failed attempts on")
      ->capture_default_str()
      ->check([](const std::string& text) { return base::fault_of_number(text, 1); });
  add_colour_option(*command, options->colour);
  command->footer(
      "Which runs are parked is what the engine that has the store, or had it last, has noted.\n"
      "The last line of each is a command to give once the cause is gone, or to end the run.\n"
      "Exit codes: 0 listed, be it none; 2 the store cannot be read.");
  command->callback([options] { incidents(*options); });
}

}  // namespace reprise::tools
