#include "tools/tables_command.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "event/payload_json.h"
#include "event/payload_text.h"
#include "tools/run_text.h"
#include "tools/store_arguments.h"

namespace reprise::tools {
namespace {

using nlohmann::json;

struct TablesOptions {
  explicit TablesOptions(CLI::App& command) : store(command, StoreArguments::About::kStore) {}

  StoreArguments store;
  std::string table;
  bool json = false;
};

// The key is encoded (docs/language/transactions.md), and what it encodes is not known here.
void print_row(std::string_view table, std::string_view key, std::string_view value, bool as_json) {
  if (as_json) {
    const json row = {{"table", std::string(table)},
                      {"key", event::bytes_text(key)},
                      {"value", event::payload_json(value)}};
    std::printf("%s\n", dump(row, -1).c_str());
    return;
  }
  std::printf("%s  %s  %s\n", safe_text(table).c_str(), event::bytes_text(key).c_str(),
              event::payload_text(value).c_str());
}

void print_tables(const TablesOptions& options) {
  const auto reader = options.store.open();
  const base::Status read = reader->visit_rows(
      options.table, [&](std::string_view table, std::string_view key, std::string_view value) {
        print_row(table, key, value, options.json);
      });
  if (!read) give_up(options.store.command(), read.error());
}

}  // namespace

void add_tables_command(CLI::App& app) {
  CLI::App* const command = app.add_subcommand(
      "tables",
      "Prints the rows of tables, in the order of their keys; an engine may use the store");
  const auto options = std::make_shared<TablesOptions>(*command);
  command->add_option("--table", options->table, "only those of this table");
  command->add_flag("--json", options->json, "a JSON object for each row");
  command->footer(
      "A line for each row: table, encoded key, value. It shows the tables as of one moment.\n"
      "Exit codes: 0 printed, be it nothing; 2 the store cannot be read, or a row does not "
      "verify.");
  command->callback([options] { print_tables(*options); });
}

}  // namespace reprise::tools
