#include "tools/reset_command.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "base/whole_number.h"
#include "sdk/src/history/json.h"
#include "sdk/src/history/payload_json.h"
#include "tools/engine_call.h"
#include "tools/event_text.h"
#include "tools/run_text.h"

namespace reprise::tools {
namespace {

struct ResetOptions {
  explicit ResetOptions(CLI::App& command)
      : store(command, StoreArguments::About::kRun), call(command) {
    command.add_option("--reason", reason, "why, for the history");
    command.add_flag("--rows-stay", rows_stay,
                     "accept that rows which its transactions have changed since then stay "
                     "changed, and that the new run may make the transactions again");
  }

  StoreArguments store;
  EngineCall call;
  std::string reason;
  bool rows_stay = false;
  std::uint64_t event = 0;
  std::string reapply = "signals";
  std::string id;
  std::vector<std::string> results;  // "7={...}"
};

void add_event(CLI::App& command, ResetOptions& options, bool required) {
  CLI::Option* const event = command.add_option(
      "--event", options.event,
      "its number in the history: reprise history has them. The new run goes on from the "
      "beginning of the turn that has it");
  event->check([](const std::string& text) { return base::fault_of_number(text, 1); });
  if (required) event->required();
}

void print_started(const EngineCall::Answer& answer, const char* what) {
  std::printf("%s: %s %s%s\n", title_of(*answer.run).c_str(), what,
              safe_text(answer.started).c_str(),
              answer.by_engine ? "" : "; its code goes on when an engine runs");
}

void reset_run(const ResetOptions& options) {
  proto::ControlRequest request;
  proto::ControlReset& reset = *request.mutable_reset();
  reset.set_event(options.event);
  reset.set_reapply(options.reapply == "none" ? 0 : options.reapply == "signals" ? 1 : 2);
  reset.set_reason(options.reason);
  reset.set_rows_stay(options.rows_stay);
  print_started(options.call.ask(options.store, std::move(request)), "goes on as run");
}

void restart_run(const ResetOptions& options) {
  proto::ControlRequest request;
  request.mutable_restart()->set_reason(options.reason);
  request.mutable_restart()->set_rows_stay(options.rows_stay);
  print_started(options.call.ask(options.store, std::move(request)), "goes on as run");
}

// "7={\"ok\":true}"
void add_result(const ResetOptions& options, const std::string& text, proto::ControlFork* fork) {
  const std::size_t equals = text.find('=');
  std::uint32_t operation = 0;
  const char* const end = text.data() + std::min(equals, text.size());
  const auto [read, fault] = std::from_chars(text.data(), end, operation);
  if (equals == std::string::npos || fault != std::errc() || read != end || operation == 0) {
    give_up(options.store.command(),
            "--set " + text + " is not OPERATION=JSON, such as 7='{\"ok\":true}'", kCannotRead);
  }
  const std::string value = text.substr(equals + 1);
  try {
    (*fork->mutable_results())[operation] =
        internal::payload_from_json(internal::parse_json(value, value));
  } catch (const std::exception& error) {
    give_up(options.store.command(),
            "--set " + text + ": what is after the = is no JSON: " + error.what() +
                ". A text has double quotes of its own: '7=\"done\"'",
            kCannotRead);
  }
}

void fork_run(const ResetOptions& options) {
  proto::ControlRequest request;
  proto::ControlFork& fork = *request.mutable_fork();
  fork.set_event(options.event);
  fork.set_id(options.id);
  fork.set_reason(options.reason);
  fork.set_rows_stay(options.rows_stay);
  for (const std::string& each : options.results) add_result(options, each, &fork);
  print_started(options.call.ask(options.store, std::move(request)), "forked as");
}

std::shared_ptr<ResetOptions> add_reset(CLI::App& app,
                                        const char* name,
                                        const char* description,
                                        const char* footer,
                                        void (*act)(const ResetOptions&)) {
  CLI::App* const command = app.add_subcommand(name, description);
  const auto options = std::make_shared<ResetOptions>(*command);
  command->footer(std::string(footer) + "\n" + kEngineCallExitCodes);
  command->callback([options, act] { act(*options); });
  return options;
}

}  // namespace

void add_reset_commands(CLI::App& app) {
  const auto reset = add_reset(
      app, "reset", "Has a run go on from an earlier event, as a new run",
      "The new run has the workflow id, and a copy of the history before the event; what is under\n"
      "way there begins anew. The old run is terminated in the same commit, if it is open.\n"
      "docs/language/reset.md says what cannot be reset.",
      reset_run);
  add_event(*app.get_subcommand("reset"), *reset, /*required=*/true);
  app.get_subcommand("reset")
      ->add_option("--reapply", reset->reapply,
                   "what it gets of what the old run was sent from the event on: none, signals, or "
                   "all (updates too)")
      ->check(CLI::IsMember({"none", "signals", "all"}))
      ->capture_default_str();
  (void)add_reset(app, "restart", "Has a failed run go on from where it failed, as a new run",
                  "The operation whose failure ended it is made again; if it was the code that\n"
                  "failed, its last turn is. The other results are kept.",
                  restart_run);
  const auto fork = add_reset(
      app, "fork", "Begins another run with the history of one, which goes on",
      "An experiment: reprise fork shop.db order-7 --event 15 --set 7='{\"ok\":true}' has "
      "operation\n"
      "7 return something else. Without --event it begins before the first of these operations.",
      fork_run);
  CLI::App* const command = app.get_subcommand("fork");
  add_event(*command, *fork, /*required=*/false);
  command->add_option("--id", fork->id, "the workflow id of the new run; none: its run id");
  command->add_option("--set", fork->results, "OPERATION=JSON: the result that it gets there")
      ->allow_extra_args(false);
}

}  // namespace reprise::tools
