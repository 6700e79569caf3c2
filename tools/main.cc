// The reprise command. Each subcommand lies in a file of its own, tools/<name>_command.{h,cc},
// whose one function adds it to the app; add_commands() calls them all.
#include <CLI/CLI.hpp>

#include "tools/commands.h"

int main(int argc, char** argv) {
  CLI::App app("Looks after the stores of Reprise engines", "reprise");
  reprise::tools::add_commands(app);
  CLI11_PARSE(app, argc, argv);
  return 0;
}
