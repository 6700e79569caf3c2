#include "tools/pause_command.h"

#include <cstdio>
#include <memory>
#include <string>

#include "tools/engine_call.h"
#include "tools/run_text.h"

namespace reprise::tools {
namespace {

struct PauseOptions {
  explicit PauseOptions(CLI::App& command)
      : store(command, StoreArguments::About::kRun), call(command) {
    command.add_option("--reason", reason, "why, for the history");
  }

  StoreArguments store;
  EngineCall call;
  std::string reason;
};

void pause_run(const PauseOptions& options) {
  proto::ControlRequest request;
  request.mutable_pause()->set_reason(options.reason);
  const auto answer = options.call.ask(options.store, std::move(request));
  std::printf("%s: paused\n", title_of(*answer.run).c_str());
}

void resume_run(const PauseOptions& options) {
  proto::ControlRequest request;
  request.mutable_resume()->set_reason(options.reason);
  const auto answer = options.call.ask(options.store, std::move(request));
  std::printf("%s: resumed%s\n", title_of(*answer.run).c_str(),
              answer.by_engine ? "" : "; it goes on when an engine runs");
}

void add_pause(CLI::App& app,
               const char* name,
               const char* description,
               const char* footer,
               void (*act)(const PauseOptions&)) {
  CLI::App* const command = app.add_subcommand(name, description);
  const auto options = std::make_shared<PauseOptions>(*command);
  command->footer(std::string(footer) + "\n" + kEngineCallExitCodes);
  command->callback([options, act] { act(*options); });
}

}  // namespace

void add_pause_commands(CLI::App& app) {
  add_pause(app, "pause", "Stops a run until it is resumed",
            "None of its code runs. What it is sent is recorded and waits, as do its timers;\n"
            "attempts under way end, and no other one begins. Its time limits still end it.",
            pause_run);
  add_pause(app, "resume", "Has a paused run go on",
            "It sees first what it was sent while it was paused, then timers that are due.",
            resume_run);
}

}  // namespace reprise::tools
