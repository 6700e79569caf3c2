#include "tools/commands.h"

#include "tools/backup_command.h"
#include "tools/check_command.h"
#include "tools/repair_command.h"

namespace reprise::tools {

void add_commands(CLI::App& app) {
  app.require_subcommand(1);
  add_backup_command(app);
  add_check_command(app);
  add_repair_command(app);
}

}  // namespace reprise::tools
