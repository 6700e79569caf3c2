#include "tools/run_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <sstream>
#include <utility>
#include <vector>

#include "base/printable_text.h"
#include "tools/commands.h"

namespace reprise::tools {
namespace {

constexpr int kUsage = 2;

// The least number of characters to add, remove or change.
std::size_t distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < one.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t changed = diagonal + (one[i] == other[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, changed});
    }
  }
  return row.back();
}

// Empty: none is near.
std::string nearest(const CLI::App& app, std::string_view word) {
  constexpr std::size_t kFurthest = 2;
  std::string found;
  std::size_t least = kFurthest + 1;
  for (const CLI::App* command : app.get_subcommands({})) {
    const std::string& name = command->get_name();
    const std::size_t away = name.starts_with(word) ? 0 : distance(word, name);
    if (away < least) found = name;
    least = std::min(least, away);
  }
  return found;
}

bool knows(const CLI::App& app, std::string_view word) {
  const auto commands = app.get_subcommands({});
  return std::any_of(commands.begin(), commands.end(),
                     [&](const CLI::App* known) { return known->get_name() == word; });
}

int refuse(const CLI::App& app, const std::string& kind, std::string_view word) {
  std::string text = "there is no " + kind + " '" + base::printable_text(word) + "'";
  const std::string near = word.empty() || word.starts_with('-') ? "" : nearest(app, word);
  if (!near.empty()) {
    text += "; is '" + near + "' meant?";
  }
  std::fprintf(stderr, "reprise: %s\nreprise --help lists them all\n", text.c_str());
  return kUsage;
}

// What is wrong with the words after `reprise`, and for which command.
int explain(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  if (app.exit(error, out, err) == 0) {  // --help, --version
    std::fputs(base::printable_text(out.str(), base::LineBreaks::kKept).c_str(), stdout);
    return 0;
  }
  const auto parsed = app.get_subcommands();
  const std::string name = "reprise" + (parsed.empty() ? "" : " " + parsed.front()->get_name());
  std::fprintf(stderr, "%s: %s\n%s --help has all options\n", name.c_str(),
               base::printable_text(error.what()).c_str(), name.c_str());
  return kUsage;
}

int help(const CLI::App& app, std::string_view command) {
  const CLI::App& about = knows(app, command) ? *app.get_subcommand(std::string(command)) : app;
  std::fputs(about.help().c_str(), stdout);
  return 0;
}

int serve_command(int argc, const char* const* argv, const base::Clock& clock) {
  CLI::App app("Looks into the stores of Reprise engines and after them, and talks to their runs",
               "reprise");
  add_commands(app, clock);
  app.set_version_flag("--version", "reprise " REPRISE_VERSION);
  if (argc < 2) {
    std::fprintf(stderr, "reprise: which command?\n\n%s", app.help().c_str());
    return kUsage;
  }
  const std::string_view first = argv[1];
  if (first == "help") return help(app, argc > 2 ? argv[2] : "");
  if (!first.starts_with('-') && !knows(app, first)) return refuse(app, "command", first);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& error) {
    return error.get_exit_code();  // of the subcommand
  } catch (const CLI::ParseError& error) {
    if (app.get_subcommands().empty() && error.get_name() == "RequiredError") {
      return refuse(app, "option", first);  // no command, so this is the unknown option
    }
    return explain(app, error);
  }
  return 0;
}

}  // namespace

int run_command(int argc, const char* const* argv, const base::Clock& clock) {
  const int code = serve_command(argc, argv, clock);
  // Output that could not be written (a full disk) must not look like a result.
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  constexpr int kNotPrinted = 2;
  std::fprintf(stderr, "reprise: cannot write to stdout: %s\n", std::strerror(errno));
  return kNotPrinted;
}

}  // namespace reprise::tools
