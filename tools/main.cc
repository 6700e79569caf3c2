// The reprise command. Each subcommand has a file of its own, tools/<name>_command.{h,cc}, with one
// function that adds it to the app; add_commands() calls them all.
#include <clocale>

#include "tools/run_command.h"

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // how many columns a character takes
  const reprise::base::WallClock clock;
  return reprise::tools::run_command(argc, argv, clock);
}
