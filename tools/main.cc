// The reprise command. Each subcommand lies in a file of its own, tools/<name>_command.{h,cc},
// whose one function adds it to the app.
#include <CLI/CLI.hpp>

#include "tools/backup_command.h"

int main(int argc, char** argv) {
  CLI::App app("Looks after the stores of Reprise engines", "reprise");
  app.require_subcommand(1);
  reprise::tools::add_backup_command(app);
  CLI11_PARSE(app, argc, argv);
  return 0;
}
