// The reprise command. Each subcommand lies in a file of its own, tools/<name>_command.{h,cc},
// whose one function adds it to the app.
#include <CLI/CLI.hpp>

#include "tools/backup_command.h"
#include "tools/check_command.h"
#include "tools/repair_command.h"

int main(int argc, char** argv) {
  CLI::App app("Looks after the stores of Reprise engines", "reprise");
  app.require_subcommand(1);
  reprise::tools::add_backup_command(app);
  reprise::tools::add_check_command(app);
  reprise::tools::add_repair_command(app);
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
