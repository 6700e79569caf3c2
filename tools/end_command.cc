#include "tools/end_command.h"

#include <cstdio>
#include <memory>
#include <string>

#include "tools/engine_call.h"
#include "tools/run_text.h"

namespace reprise::tools {
namespace {

struct EndOptions {
  explicit EndOptions(CLI::App& command)
      : store(command, StoreArguments::About::kRun), call(command) {
    command.add_option("--reason", reason, "why, for the history");
  }

  StoreArguments store;
  EngineCall call;
  std::string reason;
};

void cancel_run(const EndOptions& options) {
  proto::ControlRequest request;
  request.mutable_cancel()->set_reason(options.reason);
  const auto answer = options.call.ask(options.store, std::move(request));
  std::printf("%s: asked to cancel%s\n", title_of(*answer.run).c_str(),
              answer.by_engine ? "" : "; the run's code learns of it when an engine runs");
}

void terminate_run(const EndOptions& options) {
  proto::ControlRequest request;
  request.mutable_terminate()->set_reason(options.reason);
  const auto answer = options.call.ask(options.store, std::move(request));
  std::printf("%s: terminated\n", title_of(*answer.run).c_str());
}

void add_end(CLI::App& app,
             const char* name,
             const char* description,
             const char* footer,
             void (*end)(const EndOptions&)) {
  CLI::App* const command = app.add_subcommand(name, description);
  const auto options = std::make_shared<EndOptions>(*command);
  command->footer(std::string(footer) + "\n" + kEngineCallExitCodes);
  command->callback([options, end] { end(*options); });
}

}  // namespace

void add_end_commands(CLI::App& app) {
  add_end(app, "cancel", "Asks a run to cancel: its code cleans up and ends it",
          "The request is recorded when the command ends, whether an engine runs or not.",
          cancel_run);
  add_end(
      app, "terminate", "Ends a run at once; its code is not asked and cleans nothing up",
      "Needs neither the run's code nor an engine: a run that takes its process down with it can\n"
      "be ended while no process runs.",
      terminate_run);
}

}  // namespace reprise::tools
