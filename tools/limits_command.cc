#include "tools/limits_command.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "runtime/control/client.h"
#include "tools/event_text.h"
#include "tools/run_text.h"
#include "tools/store_arguments.h"
#include "tools/table.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

using nlohmann::json;
using LimitState = proto::ControlLimitState;

struct LimitsOptions {
  explicit LimitsOptions(CLI::App& command) : store(command, StoreArguments::About::kStore) {}

  StoreArguments store;
  ColourMode colour = ColourMode::kAuto;
  bool json = false;
};

const char* breaker_name(const LimitState& state) {
  switch (state.breaker()) {
    case LimitState::CLOSED:
      return "closed";
    case LimitState::OPEN:
      return "open";
    case LimitState::HALF_OPEN:
      return "half-open";
    case LimitState::NONE:
    default:  // of a newer version
      return "none";
  }
}

json limits_json(const LimitState& state) {
  json shown = {{"task_queue", state.task_queue()}, {"activity", state.activity()},
                {"in_flight", state.in_flight()},   {"most_in_flight", state.most_in_flight()},
                {"per_second", state.per_second()}, {"waiting", state.waiting()},
                {"breaker", breaker_name(state)}};
  if (!state.held_back().empty()) shown["held_back"] = state.held_back();
  if (state.breaker() == LimitState::NONE) return shown;
  shown["failures"] = state.failures();
  shown["most_failures"] = state.breaker_failures();
  shown["window_ms"] = state.breaker_window_ms();
  shown["open_for_ms"] = state.breaker_open_for_ms();
  shown["times_opened"] = state.times_opened();
  if (state.opened_ms() != 0) {
    shown["opened"] = utc_iso(state.opened_ms());
    shown["open_for_another_ms"] = state.open_for_another_ms();
  }
  if (!state.last_failure().empty()) shown["last_failure"] = state.last_failure();
  return shown;
}

std::string of_most(std::uint64_t count, std::uint64_t most) {
  return most == 0 ? std::to_string(count) : std::to_string(count) + " of " + std::to_string(most);
}

std::string breaker_text(const LimitState& state) {
  if (state.breaker() == LimitState::NONE) return "-";
  return std::string(breaker_name(state)) + ", " +
         of_most(state.failures(), state.breaker_failures()) + " failures within " +
         duration_text(state.breaker_window_ms());
}

std::string rate_text(const LimitState& state) {
  if (state.per_second() == 0) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%g", state.per_second());
  return text;
}

void print_limits(const proto::ControlLimitStates& limits, const LimitsOptions& options) {
  Table table({{.heading = "QUEUE", .shrinks = true},
               {.heading = "ACTIVITY", .shrinks = true},
               {.heading = "IN FLIGHT", .right = true},
               {.heading = "PER SECOND", .right = true},
               {.heading = "WAITING", .right = true},
               {.heading = "BREAKER"}});
  for (const LimitState& state : limits.states()) {
    const bool open =
        state.breaker() == LimitState::OPEN || state.breaker() == LimitState::HALF_OPEN;
    table.add({safe_text(state.task_queue()),
               safe_text(state.activity()),
               of_most(state.in_flight(), state.most_in_flight()),
               rate_text(state),
               std::to_string(state.waiting()),
               {breaker_text(state), open ? Colour::kRed : Colour::kNone}});
    if (!state.held_back().empty()) {
      table.add_note("  held back: " + safe_text(state.held_back()), Colour::kYellow);
    }
    if (open && !state.last_failure().empty()) {
      table.add_note("  the last failure: " + safe_text(state.last_failure()));
    }
  }
  if (table.empty()) {
    std::printf("no activity of the workers that run now has limits\n");
    return;
  }
  table.print(Paint(options.colour), terminal_width());
}

void show_limits(const LimitsOptions& options) {
  constexpr base::Duration kPatience{10'000};
  (void)options.store.open();  // errors of the store come first
  proto::ControlRequest request;
  request.mutable_limits();
  const auto answer = runtime::ask_engine(options.store.directory(), request, kPatience);
  if (!answer) give_up(options.store.command(), answer.error().text(), kCannotRead);
  if (!*answer) {
    give_up(options.store.command(),
            "no engine serves " + options.store.directory() +
                "/control: limits are of workers that run, and the store does not have them",
            kCannotRead);
  }
  const proto::ControlReply& reply = **answer;
  if (reply.has_error()) {
    give_up(options.store.command(),
            base::Error{static_cast<base::ErrorCode>(reply.error().code()), reply.error().message()}
                .text(),
            kCannotRead);
  }
  if (!options.json) return print_limits(reply.limits(), options);
  json all = json::array();
  for (const LimitState& state : reply.limits().states()) all.push_back(limits_json(state));
  print_json(all);
}

}  // namespace

void add_limits_command(CLI::App& app) {
  CLI::App* const command = app.add_subcommand(
      "limits", "Shows what the limits of activities do now, in the engine that has the store");
  const auto options = std::make_shared<LimitsOptions>(*command);
  command->add_flag("--json", options->json, "one JSON array");
  add_colour_option(*command, options->colour);
  command->footer(
      "Exit codes: 0 shown, be it that there are none; 2 no engine has the store, or it "
      "does not answer.");
  command->callback([options] { show_limits(*options); });
}

}  // namespace reprise::tools
