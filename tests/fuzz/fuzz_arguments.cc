// The command line of `reprise`: parsed, not executed.
#include <CLI/CLI.hpp>

#include "tests/fuzz/targets.h"
#include "tools/commands.h"

namespace reprise::fuzz {
namespace {

// Requirements are checked after everything has been parsed and before any command is executed;
// this one can never be met. (Taking the commands' callbacks away would take their options with
// them.)
void keep_from_executing(CLI::App& app) {
  app.add_option("--executes")->required()->check([](const std::string&) {
    return "nothing is executed here";
  });
}

// An argument ends with a zero byte, as execve() has them.
std::vector<std::string> arguments_of(std::string_view input) {
  std::vector<std::string> arguments;
  while (!input.empty()) {
    const auto end = input.find('\0');
    arguments.emplace_back(input.substr(0, end));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  }
  return arguments;
}

}  // namespace

void fuzz_arguments(std::string_view input) {
  CLI::App app("fuzz", "reprise");
  const base::WallClock clock;
  tools::add_commands(app, clock);
  keep_from_executing(app);
  std::vector<std::string> arguments = arguments_of(input);
  std::reverse(arguments.begin(), arguments.end());  // as App::parse() wants them
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0 && std::string_view(error.what()).empty()) {
      throw Defect("arguments are refused without a reason");
    }
  }
}

std::vector<std::string> arguments_seeds() {
  using namespace std::string_literals;
  std::vector<std::string> seeds = {""s,   "--help"s, "-h"s,   "--help-all"s,
                                    "--"s, "-"s,      "--=x"s, "--help=x"s};
  CLI::App app("fuzz", "reprise");
  const base::WallClock clock;
  tools::add_commands(app, clock);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    seeds.push_back(command->get_name());
    seeds.push_back(command->get_name() + "\0--help"s);
    seeds.push_back(command->get_name() + "\0store"s);
    for (const CLI::Option* option : command->get_options()) {
      seeds.push_back(command->get_name() + "\0"s + option->get_name(false, true) + "\0"s + "7");
    }
  }
  return seeds;
}

}  // namespace reprise::fuzz
