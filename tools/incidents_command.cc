#include "tools/incidents_command.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/whole_number.h"
#include "runtime/control/client.h"
#include "runtime/control/limit_state.h"
#include "runtime/engine/troubles.h"
#include "tools/event_text.h"
#include "tools/run_text.h"
#include "tools/store_arguments.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

using nlohmann::json;
using runtime::Incident;

struct IncidentsOptions {
  IncidentsOptions(CLI::App& command, const base::Clock& now)
      : store(command, StoreArguments::About::kStore), clock(now) {}

  StoreArguments store;
  const base::Clock& clock;
  std::uint32_t failures = 5;
  bool json = false;
  ColourMode colour = ColourMode::kAuto;
};

bool is_of_run(const Incident& incident) {
  return incident.kind != Incident::Kind::kBreakerOpen;
}

json incident_json(const Incident& incident, const IncidentsOptions& options) {
  json line = {{"kind", to_string(incident.kind)},
               {"code", base::to_string(incident.code)},
               {"cause", incident.cause},
               {"task_queue", incident.task_queue},
               {"resolve", command_for(incident, options.store.directory())}};
  if (incident.since_ms != 0) line["since"] = utc_iso(incident.since_ms);
  if (!incident.place.empty()) line["place"] = incident.place;
  if (!incident.activity.empty()) {
    line["activity"] = incident.activity;
    line["failures"] = incident.failures;
  }
  if (incident.operation != 0) line["operation"] = incident.operation;
  if (is_of_run(incident)) {
    line["workflow_id"] = incident.workflow_id;
    line["run_id"] = incident.run_id.to_string();
    line["workflow"] = incident.workflow;
    return line;
  }
  line["held_back"] = incident.held_back;
  if (incident.until_ms != 0) line["until"] = utc_iso(incident.until_ms);
  return line;
}

std::string incident_title(const Incident& incident) {
  if (is_of_run(incident)) {
    return safe_text(incident.workflow_id) + " of workflow " + safe_text(incident.workflow);
  }
  return safe_text(incident.activity) + " on task queue " + safe_text(incident.task_queue);
}

// The first line of a report says what it is about.
std::string cause_line(const Incident& incident) {
  std::string text = incident.cause.substr(0, incident.cause.find('\n'));
  const std::string code = base::to_string(incident.code);
  if (text.starts_with(code + " ")) text.erase(0, code.size() + 1);
  switch (incident.kind) {
    case Incident::Kind::kQuarantined:
    case Incident::Kind::kParked:
      break;
    case Incident::Kind::kActivityFailing:
      return "activity #" + std::to_string(incident.operation) + " " +
             safe_text(incident.activity) + " has failed " + std::to_string(incident.failures) +
             " times, the last time with " + safe_text(text);
    case Incident::Kind::kBreakerOpen:
      return "it has failed " + std::to_string(incident.failures) +
             " times within the breaker's window, the last time with " + safe_text(text);
  }
  return safe_text(text);
}

std::string holds_text(const Incident& incident) {
  if (incident.held_back_by.empty()) return "no attempt";
  return std::to_string(incident.held_back) +
         (incident.held_back == 1 ? " attempt: " : " attempts: ") +
         safe_text(incident.held_back_by);
}

void print_text(const Incident& incident, const IncidentsOptions& options, const Paint& paint) {
  std::printf("%s %s: %s\n", paint(Colour::kRed, to_string(incident.kind)).c_str(),
              base::to_string(incident.code).c_str(), incident_title(incident).c_str());
  std::printf("  cause    %s\n", cause_line(incident).c_str());
  if (incident.since_ms != 0) {
    const std::int64_t ago = base::sub_sat(base::to_ms(options.clock.now()), incident.since_ms);
    std::printf("  since    %s (%s ago)\n", utc_millis(incident.since_ms).c_str(),
                duration_text(ago).c_str());
  }
  if (incident.until_ms != 0) {
    std::printf("  until    %s\n", utc_millis(incident.until_ms).c_str());
  }
  if (!is_of_run(incident)) std::printf("  holds    %s\n", holds_text(incident).c_str());
  if (!incident.place.empty()) std::printf("  at       %s\n", safe_text(incident.place).c_str());
  std::printf("  resolve  %s\n",
              safe_text(command_for(incident, options.store.directory())).c_str());
}

// Breakers are in the memory of the engine's workers. Without an engine there are none.
std::vector<Incident> open_breakers(const IncidentsOptions& options) {
  constexpr base::Duration kPatience{10'000};
  proto::ControlRequest request;
  request.mutable_limits();
  const auto answer = runtime::ask_engine(options.store.directory(), request, kPatience);
  if (answer && !*answer) return {};
  if (!answer || (*answer)->has_error()) {
    const base::Error why =
        answer ? base::Error{static_cast<base::ErrorCode>((*answer)->error().code()),
                             (*answer)->error().message()}
               : answer.error();
    std::fprintf(stderr, "reprise incidents: open breakers are not known: %s\n",
                 safe_text(why.text()).c_str());
    return {};
  }
  std::vector<runtime::LimitState> states;
  for (const auto& state : (*answer)->limits().states()) {
    states.push_back(runtime::limit_state_of(state));
  }
  return runtime::incidents_of(states, options.clock.now());
}

std::vector<Incident> find_incidents(const IncidentsOptions& options) {
  const auto reader = options.store.open();
  runtime::Troubles troubles;
  for (const auto& [number, run] : reader->recent()) {
    auto trouble =
        runtime::trouble_of(*run, reader->damage(number), reader->parked(*run), options.failures);
    if (trouble) troubles.by_number.emplace(number, std::move(*trouble));
  }
  std::vector<Incident> found =
      runtime::explain(reader->store(), reader->sealing(), troubles, /*limit=*/0);
  for (Incident& breaker : open_breakers(options)) found.push_back(std::move(breaker));
  return found;
}

void incidents(const IncidentsOptions& options) {
  const std::vector<Incident> found = find_incidents(options);
  const Paint paint(options.colour);
  for (const Incident& incident : found) {
    if (options.json) {
      std::printf("%s\n", dump(incident_json(incident, options)).c_str());
    } else {
      print_text(incident, options, paint);
    }
  }
  std::fflush(stdout);
  if (found.empty() && !options.json) std::fprintf(stderr, "no incident\n");
}

}  // namespace

void add_incidents_command(CLI::App& app, const base::Clock& clock) {
  CLI::App* const command = app.add_subcommand("incidents",
                                               "What is wrong now: parked and quarantined runs, "
                                               "activities that keep failing, open breakers");
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
      "Circuit breakers are those of the engine that has the store now.\n"
      "The last line of each is a command to give once the cause is gone, or to end the run.\n"
      "Exit codes: 0 listed, be it none; 2 the store cannot be read.");
  command->callback([options] { incidents(*options); });
}

}  // namespace reprise::tools
