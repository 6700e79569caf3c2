// The reprise command. Each subcommand lies in a file of its own, tools/<name>_command.{h,cc},
// whose one function adds it to the app; add_commands() calls them all.
#include <CLI/CLI.hpp>

#include "tools/commands.h"

int main(int argc, char** argv) {
  CLI::App app("Looks after the stores of Reprise engines", "reprise");
  reprise::tools::add_commands(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& error) {
    return error.get_exit_code();  // of the subcommand
  } catch (const CLI::ParseError& error) {
    constexpr int kUsage = 2;
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return 0;
}
