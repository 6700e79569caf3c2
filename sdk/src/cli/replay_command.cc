#include "sdk/src/cli/replay_command.h"

#include <cstdio>
#include <memory>

#include "reprise/replayer.h"
#include "sdk/src/cli/history_source.h"

namespace reprise::internal {
namespace {

struct Options {
  HistorySource source;
  bool strict = false;
};

int run(const Worker& worker, const Options& options) {
  const History history = options.source.read();
  const ReplayReport report = Replayer(worker, {.strict = options.strict}).replay(history);
  if (!report.matched) {
    std::fprintf(stderr, "%s\n", report.text.c_str());
    return 1;
  }
  std::printf("replayed: run %s of workflow '%s', all %llu events match\n",
              history.workflow_id().c_str(), history.workflow().c_str(),
              static_cast<unsigned long long>(report.events));
  return 0;
}

}  // namespace

void add_replay_command(CLI::App& app, const Worker& worker, int* exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand(
      "replay",
      "Replays one history with this program's code. Exit status 0: it matches, 1: it does not, "
      "2: it cannot be read");
  options->source.add_options(*command);
  command->add_flag("--strict", options->strict, "compare the inputs of commands too");
  command->final_callback(
      [options, &worker, exit_status] { *exit_status = run(worker, *options); });
}

}  // namespace reprise::internal
