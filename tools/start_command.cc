#include "tools/start_command.h"

#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "base/whole_number.h"
#include "sdk/src/history/json.h"
#include "sdk/src/history/payload_json.h"
#include "tools/engine_call.h"
#include "tools/event_text.h"
#include "tools/run_finder.h"

namespace reprise::tools {
namespace {

using internal::Json;

struct StartOptions {
  explicit StartOptions(CLI::App& command)
      : store(command, StoreArguments::About::kStore), call(command) {}

  StoreArguments store;
  EngineCall call;
  std::string like;
  std::string id;
  std::string merge;
  std::size_t argument = 1;
};

[[noreturn]] void refuse(const StartOptions& options, const std::string& why) {
  give_up(options.store.command(), why, kCannotRead);
}

runtime::StoreReader::Run find_like(const StartOptions& options, runtime::StoreReader& reader) {
  auto found = find_run(reader, options.like);
  if (found) return *found;
  give_up(options.store.command(), found.error().text(), kNotThere);
}

std::string input_of(const StartOptions& options,
                     const runtime::StoreReader& reader,
                     const runtime::RunState& run) {
  std::string input;
  const base::Status read = reader.read_turns(run, [&](const proto::Turn& turn) {
    if (turn.inputs_size() > 0) input = turn.inputs(0).run_started().input();
    return base::Next::kStop;
  });
  if (!read) give_up(options.store.command(), read.error().text(), kNotThere);
  return input;
}

// RFC 7396. Members of objects keep their order.
void merge(const Json& patch, Json* target) {
  if (!patch.is_object()) {
    *target = patch;
    return;
  }
  if (!target->is_object()) *target = Json::object();
  for (const auto& [key, value] : patch.items()) {
    if (value.is_null()) {
      target->erase(key);
    } else {
      merge(value, &(*target)[key]);
    }
  }
}

// The arguments are an array, of which one is changed.
std::string merged(const StartOptions& options, const std::string& input) {
  Json all = internal::payload_to_json(input);
  if (!all.is_array()) refuse(options, "the arguments of that run cannot be read as JSON");
  if (options.argument > all.size()) {
    refuse(options, "--argument " + std::to_string(options.argument) +
                        ": that run was started with " + std::to_string(all.size()) +
                        (all.size() == 1 ? " argument" : " arguments"));
  }
  try {
    merge(internal::parse_json(options.merge, options.merge), &all[options.argument - 1]);
  } catch (const std::exception& error) {
    refuse(options, "--merge is no JSON: " + std::string(error.what()));
  }
  try {
    return internal::payload_from_json(all);
  } catch (const std::exception& error) {
    refuse(options, "the merged argument is no payload: " + std::string(error.what()));
  }
}

void start(const StartOptions& options) {
  proto::ControlRequest request;
  {
    // Closed before the store is opened for writing.
    const auto reader = options.store.open();
    const auto run = find_like(options, *reader);
    const std::string input = input_of(options, *reader, *run);
    proto::ControlStart& start = *request.mutable_start();
    start.set_workflow(*run->workflow);
    start.set_task_queue(*run->task_queue);
    start.set_input(options.merge.empty() ? input : merged(options, input));
  }
  request.set_workflow_id(options.id);
  const auto answer = options.call.ask_as_it_is(options.store, request);
  std::printf("started %s%s\n", safe_text(answer.started).c_str(),
              answer.by_engine ? "" : "; its code runs when an engine does");
}

}  // namespace

void add_start_command(CLI::App& app) {
  CLI::App* const command =
      app.add_subcommand("start", "Starts a run like an earlier one: reprise start DIR --like RUN");
  const auto options = std::make_shared<StartOptions>(*command);
  command
      ->add_option("--like", options->like,
                   "the run whose workflow, task queue and arguments it gets: a workflow id (the "
                   "newest run that has it), a run id, or the last digits of that")
      ->required();
  command->add_option("--id", options->id, "its workflow id; none: its run id");
  command->add_option(
      "--merge", options->merge,
      "a JSON merge patch (RFC 7396) of the argument: '{\"amount\":5,\"note\":null}' "
      "sets one member and removes another");
  command
      ->add_option("--argument", options->argument,
                   "which of the arguments --merge changes, from 1")
      ->check([](const std::string& text) { return base::fault_of_number(text, 1); })
      ->capture_default_str();
  command->footer(std::string("Its limits, retries and settings are those of a plain start. It is "
                              "recorded when the\ncommand ends, whether an engine runs or not.\n") +
                  kEngineCallExitCodes);
  command->callback([options] { start(*options); });
}

}  // namespace reprise::tools
