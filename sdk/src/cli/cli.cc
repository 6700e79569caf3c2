#include "reprise/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "base/printable_text.h"
#include "reprise/error.h"
#include "sdk/src/cli/exit_status.h"
#include "sdk/src/cli/replay_command.h"
#include "sdk/src/cli/step_command.h"
#include "sdk/src/cli/verify_command.h"

namespace reprise {
namespace {

// Arguments may be foreign text too.
int explain(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  if (app.exit(error, out, err) == 0) {  // --help
    std::fputs(base::printable_text(out.str(), base::LineBreaks::kKept).c_str(), stdout);
    return 0;
  }
  std::string name = base::printable_text(app.get_name());
  for (const CLI::App* command : app.get_subcommands()) name += " " + command->get_name();
  std::fprintf(stderr, "%s: %s\n%s --help has all options\n", name.c_str(),
               base::printable_text(error.what()).c_str(), name.c_str());
  return internal::kCannot;
}

int serve(CLI::App& app, int argc, const char* const* argv, const int& exit_status) {
  try {
    app.parse(argc, argv);
    return exit_status;
  } catch (const CLI::ParseError& error) {
    return explain(app, error);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n",
                 base::printable_text(error.what(), base::LineBreaks::kIndented).c_str());
    return internal::kCannot;
  }
}

}  // namespace

std::optional<int> cli(int argc,
                       const char* const* argv,
                       const Worker& worker,
                       const PayloadCodecs& codecs) {
  const std::string program =
      argc > 0 ? std::filesystem::path(argv[0]).filename().string() : std::string("worker");
  CLI::App app("Replays histories with the code of this program", program);
  app.require_subcommand(1);
  int exit_status = 0;
  internal::add_replay_command(app, worker, codecs, &exit_status);
  internal::add_step_command(app, worker, codecs, &exit_status);
  internal::add_verify_command(app, program, worker, codecs, &exit_status);
  const auto commands = app.get_subcommands({});
  const bool ours =
      argc > 1 && std::any_of(commands.begin(), commands.end(), [&](const auto* known) {
        return known->get_name() == std::string_view(argv[1]);
      });
  if (!ours) return std::nullopt;
  return serve(app, argc, argv, exit_status);
}

}  // namespace reprise
