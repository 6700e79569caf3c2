// The reprise command. Each subcommand lies in a file of its own, tools/<name>_command.{h,cc},
// whose one function adds it to the app; add_commands() calls them all.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>

#include "tools/commands.h"

namespace {

// What could not be printed (a full disk) must not pass for a result.
int finish_output(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  constexpr int kNotPrinted = 2;
  std::fprintf(stderr, "reprise: cannot write to stdout: %s\n", std::strerror(errno));
  return kNotPrinted;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // how many columns a character takes
  const reprise::base::WallClock clock;
  CLI::App app("Looks into the stores of Reprise engines and after them, and talks to their runs", "reprise");
  reprise::tools::add_commands(app, clock);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& error) {
    return finish_output(error.get_exit_code());  // of the subcommand
  } catch (const CLI::ParseError& error) {
    constexpr int kUsage = 2;
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return finish_output(0);
}
