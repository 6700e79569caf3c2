#include "tools/retry_command.h"

#include <cstdio>
#include <memory>
#include <string>

#include "tools/engine_call.h"
#include "tools/run_text.h"

namespace reprise::tools {
namespace {

struct RetryOptions {
  explicit RetryOptions(CLI::App& command)
      : store(command, StoreArguments::About::kRun), call(command) {}

  StoreArguments store;
  EngineCall call;
};

void retry_run(const RetryOptions& options) {
  proto::ControlRequest request;
  request.mutable_retry();
  const auto answer = options.call.ask(options.store, std::move(request));
  std::printf(
      "%s: %s\n", title_of(*answer.run).c_str(),
      answer.by_engine ? "asked to try again" : "will be tried again when an engine has its code");
}

}  // namespace

void add_retry_command(CLI::App& app) {
  CLI::App* const command =
      app.add_subcommand("retry", "Has the code of a parked run tried again, set aside or not");
  const auto options = std::make_shared<RetryOptions>(*command);
  command->footer(
      std::string(
          "A run whose code has ended its process twice (RP2010) is not run any more. When\n"
          "that was no fault of the code's, or it is mended without a new build, this lets\n"
          "it run. While no engine runs, what is known of it is forgotten for the next one.\n") +
      kEngineCallExitCodes);
  command->callback([options] { retry_run(*options); });
}

}  // namespace reprise::tools
