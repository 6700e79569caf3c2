#include "tools/export_command.h"

#include <memory>

#include "tools/history_file.h"
#include "tools/history_form.h"
#include "tools/store_arguments.h"

namespace reprise::tools {
namespace {

struct ExportOptions {
  explicit ExportOptions(CLI::App& command) : store(command, StoreArguments::About::kRun) {}

  StoreArguments store;
  std::string output;
  HistoryForm form;
};

void export_history(const ExportOptions& options) {
  if (const std::string why = objection_to(options.form, options.output); !why.empty()) {
    give_up(options.store.command(), why, kCannotRead);
  }
  const auto reader = options.store.open();
  const auto run = options.store.find(*reader);
  const auto history = reader->history(*run);
  if (!history) give_up(options.store.command(), history.error().text(), kNotThere);
  const auto written = write_file(options.output, encode(*history, options.form));
  if (!written) give_up(options.store.command(), written.error());
}

}  // namespace

void add_export_command(CLI::App& app) {
  CLI::App* const command = app.add_subcommand(
      "export", "Writes a run's history to a file: to replay it elsewhere, or to keep it");
  const auto options = std::make_shared<ExportOptions>(*command);
  command->add_option("-o,--output", options->output, "the file; without it, stdout");
  add_form_options(*command, options->form);
  command->footer(
      "Exit codes: 0 written; 1 no such run, or its history does not verify; 2 the store cannot "
      "be\n"
      "read, or the file not be written.");
  command->callback([options] { export_history(*options); });
}

}  // namespace reprise::tools
