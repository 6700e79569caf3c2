#include "tools/commands.h"

namespace reprise::tools {

void add_commands(CLI::App& app) {
  app.require_subcommand(1);
}

}  // namespace reprise::tools
