#include "tools/import_command.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "event/turn.h"
#include "runtime/fold/chain.h"
#include "runtime/history/history.h"
#include "tools/history_file.h"
#include "tools/history_form.h"
#include "tools/run_text.h"
#include "tools/store_arguments.h"

namespace reprise::tools {
namespace {

constexpr const char* kName = "import";

struct ImportOptions {
  std::string input;
  std::string output;
  HistoryForm form;
  bool json = false;
  const CLI::App* command = nullptr;

  bool converts() const {
    return !output.empty() || command->count("--format") > 0 || form.compact;
  }
};

// Empty: it begins with its only start, goes on from its checkpoints, and nothing comes after an
// end.
std::string fault_of(const proto::History& history) {
  runtime::TurnPlace place{.first = true};
  for (int i = 0; i < history.turns_size(); ++i) {
    const auto fault = runtime::check_turn(history.turns(i), place);
    if (fault != runtime::ChainFault::kNone) {
      const std::string turn = i == 0 ? "its first turn" : "turn " + std::to_string(i + 1);
      return turn + " " + std::string(to_string(fault));
    }
    place = {.first = false,
             .after_end = event::closes(history.turns(i)),
             .after_checkpoint = event::ends_segment(history.turns(i)),
             .events = place.events + runtime::count_events(history.turns(i))};
  }
  return history.turns_size() == 0 ? "it has no turns" : "";
}

// As an engine would see the run.
void describe(const proto::History& history, const ImportOptions& options) {
  runtime::Names names;
  runtime::RunState run;
  for (const proto::Turn& turn : history.turns()) run.apply(turn, names);
  if (options.json) {
    nlohmann::json shown = run_json(run, nullptr);
    shown["turns"] = history.turns_size();
    return print_json(shown);
  }
  std::printf("%s: run %s (%s) of workflow %s, %s, %d turns with %llu events\n",
              safe_text(options.input).c_str(), title_of(run).c_str(), run.id.to_string().c_str(),
              safe_text(*run.workflow).c_str(), std::string(to_string(run.status)).c_str(),
              history.turns_size(), static_cast<unsigned long long>(run.events));
}

void import_history(const ImportOptions& options) {
  if (const std::string why = objection_to(options.form, options.output); !why.empty()) {
    give_up(kName, why, kCannotRead);
  }
  const auto bytes = read_file(options.input);
  if (!bytes) give_up(kName, bytes.error());
  const auto parsed = decode(*bytes);
  if (!parsed) give_up(kName, options.input + ": " + parsed.error().text(), kNotThere);
  const proto::History& history = parsed->data();
  if (const std::string fault = fault_of(history); !fault.empty()) {
    const base::Error error{base::ErrorCode::kNoHistory, "this is no history of a run: " + fault};
    give_up(kName, options.input + ": " + error.text(), kNotThere);
  }
  if (!options.converts()) return describe(history, options);
  const auto written = write_file(options.output, encode(history, options.form));
  if (!written) give_up(kName, written.error());
}

}  // namespace

void add_import_command(CLI::App& app) {
  CLI::App* const command = app.add_subcommand(
      kName, "Says whose history a file is, or converts it between the JSON and the binary form");
  const auto options = std::make_shared<ImportOptions>();
  options->command = command;
  command->add_option("FILE", options->input, "what export wrote, in either form; -: stdin")
      ->required();
  CLI::Option* const json =
      command->add_flag("--json", options->json, "what the file is as a JSON object");
  command->add_option("-o,--output", options->output, "convert it, to this file; -: stdout")
      ->excludes(json);
  add_form_options(*command, options->form);
  for (const char* converts : {"--format", "--compact"}) {
    command->get_option(converts)->excludes(json);
  }
  command->footer(
      "Converts where --output, --format or --compact says so; otherwise describes the file. The\n"
      "same history has the same bytes, however often it is exported and converted.\n"
      "Exit codes: 0 done; 1 the file is no history of a run; 2 it cannot be read or written.");
  command->callback([options] { import_history(*options); });
}

}  // namespace reprise::tools
