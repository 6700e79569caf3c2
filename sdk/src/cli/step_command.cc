#include "sdk/src/cli/step_command.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <unistd.h>

#include "base/printable_text.h"
#include "sdk/src/cli/history_source.h"
#include "sdk/src/cli/replay_code.h"
#include "sdk/src/cli/stepper.h"

namespace reprise::internal {
namespace {

constexpr const char* kHelp =
    "n       next: replay one turn          (also: an empty line)\n"
    "b       back: to the turn before\n"
    "g N     go to the turn of event N\n"
    "c       continue: to the end, or to where code and history differ\n"
    "p N     print event N with its payload\n"
    "w       where: show this turn again\n"
    "q       quit\n";

struct StepCommand {
  HistorySource source;
  bool strict = false;
};

// The argument of a command; 0, which is no event's number, if it is missing.
std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::string obey(Stepper& stepper, std::string_view line) {
  const auto space = line.find(' ');
  const std::string_view name = line.substr(0, space);
  const auto argument = space == std::string_view::npos ? "" : line.substr(space + 1);
  const bool needs_event = name == "g" || name == "goto" || name == "p" || name == "print";
  if (needs_event && number_in(argument) == 0) {
    return std::string(name) + " needs the number of an event, from 1\n";
  }
  if (name.empty() || name == "n" || name == "next") return stepper.next();
  if (name == "b" || name == "back") return stepper.back();
  if (name == "g" || name == "goto") return stepper.go_to(number_in(argument));
  if (name == "c" || name == "continue") return stepper.run_on();
  if (name == "p" || name == "print") return stepper.print(number_in(argument));
  if (name == "w" || name == "where") return stepper.where();
  if (name == "h" || name == "help") return kHelp;
  return "there is no command '" + base::printable_text(name) + "'\n" + kHelp;
}

bool next_line(bool prompt, std::string* line) {
  if (prompt) std::cout << "(step) " << std::flush;
  if (!std::getline(std::cin, *line)) return false;
  const auto first = line->find_first_not_of(" \t\r");
  const auto last = line->find_last_not_of(" \t\r");
  *line = first == std::string::npos ? "" : line->substr(first, last - first + 1);
  return *line != "q" && *line != "quit";
}

int run_step(const Worker& worker, const StepCommand& options) {
  const History history = options.source.read();
  const runtime::WorkerCode code = replay_code(worker);
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  const char* const no_colour = std::getenv("NO_COLOR");
  const bool coloured = terminal && (no_colour == nullptr || *no_colour == '\0');
  Stepper stepper(code, history.data(),
                  {.strict = options.strict, .whole = options.source.whole, .coloured = coloured});
  const bool prompt = terminal && ::isatty(STDIN_FILENO) != 0;
  std::cout << "run " << base::printable_text(history.workflow_id()) << " of workflow '"
            << base::printable_text(history.workflow()) << "', " << history.events()
            << " events in " << history.data().turns_size() << " turns; h for help\n";
  for (std::string line; next_line(prompt, &line);) std::cout << obey(stepper, line) << std::flush;
  return stepper.differs() ? 1 : 0;
}

}  // namespace

void add_step_command(CLI::App& app,
                      const Worker& worker,
                      const PayloadCodecs& codecs,
                      int* exit_status) {
  const auto options = std::make_shared<StepCommand>();
  CLI::App* const command = app.add_subcommand(
      "step",
      "Steps through one history with this program's code, turn by turn; commands come from the "
      "terminal or from standard input. Exit status 1: it ended where code and history differ");
  options->source.codecs.own = codecs;
  options->source.add_options(*command);
  command->add_flag("--strict", options->strict,
                    "compare all that commands carry, not kinds and names alone");
  command->final_callback(
      [options, &worker, exit_status] { *exit_status = run_step(worker, *options); });
}

}  // namespace reprise::internal
