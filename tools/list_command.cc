#include "tools/list_command.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/whole_number.h"
#include "tools/console.h"
#include "tools/list_search.h"
#include "tools/run_filter.h"
#include "tools/run_finder.h"
#include "tools/run_text.h"
#include "tools/store_arguments.h"
#include "tools/table.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

using Runs = std::vector<runtime::StoreReader::Run>;

struct ListOptions {
  ListOptions(CLI::App& command, const base::Clock& now)
      : store(command, StoreArguments::About::kStore),
        filter(command, now),
        search(command),
        clock(now) {}

  StoreArguments store;
  RunFilter filter;
  ListSearch search;
  const base::Clock& clock;
  std::size_t limit = 50;
  bool json = false;
  ColourMode colour = ColourMode::kAuto;
};

// One line for each, so that it can be read line by line.
void print_as_json(const runtime::StoreReader& reader, const Runs& runs, const char* before = "[") {
  std::printf("%s", before);
  const char* separator = "\n";
  for (const auto& run : runs) {
    const auto shown = run_json(*run, reader.damage(run->number), reader.parked(*run));
    std::printf("%s%s", separator, dump(shown).c_str());
    separator = ",\n";
  }
  std::printf("\n]");
}

std::vector<Table::Cell> row(const runtime::StoreReader& reader,
                             const runtime::RunState& run,
                             std::int64_t now_ms) {
  const bool damaged = reader.damage(run.number) != nullptr;
  const bool parked = reader.parked(run) != nullptr;
  const char* const trouble = damaged ? "quarantined" : parked ? "parked" : nullptr;
  const std::string status =
      run.delayed_until_ms() > 0 ? "Delayed" : std::string(to_string(run.status));
  const bool known = run.started_ms != 0;
  const std::int64_t until = run.closed_ms() != 0 ? run.closed_ms() : now_ms;
  return {{trouble != nullptr ? trouble : status,
           trouble != nullptr ? Colour::kRed : colour_of(run.status)},
          safe_text(*run.workflow),
          title_of(run),
          known ? utc_seconds(run.started_ms) : "-",
          known ? duration_text(base::sub_sat(until, run.started_ms)) : "-",
          std::to_string(run.events),
          {run.id == base::RunId() ? "-" : short_run_id(run.id), Colour::kFaint}};
}

void print_as_table(const runtime::StoreReader& reader,
                    const Runs& runs,
                    const ListOptions& options) {
  Table table({{"STATUS"},
               {"WORKFLOW", false, true},
               {"WORKFLOW ID", false, true},
               {"STARTED"},
               {"DURATION", true},
               {"EVENTS", true},
               {"RUN ID", false, false, true}});
  const std::int64_t now_ms = base::to_ms(options.clock.now());
  for (const auto& run : runs) {
    table.add(row(reader, *run, now_ms));
    if (run->is_paused() && run->paused() != nullptr) {
      table.add_note("    paused " + paused_text(*run), Colour::kYellow);
    }
  }
  if (table.empty()) {
    std::fprintf(stderr, "no run matches\n");
  } else {
    table.print(Paint(options.colour), terminal_width());
  }
}

void search(const ListOptions& options) {
  const auto reader = options.store.open();
  if (options.search.counts()) {
    return options.search.print_counts(*reader, options.json, Paint(options.colour));
  }
  Runs runs;
  const runtime::FoundRuns found = options.search.find(*reader, &runs);
  if (options.json) {
    print_as_json(*reader, runs, "{\"runs\": [");
    return ListSearch::print_json_tail(found);
  }
  print_as_table(*reader, runs, options);
  std::fflush(stdout);
  ListSearch::print_tail(found);
}

void list(const ListOptions& options) {
  if (options.search.given()) return search(options);
  const auto reader = options.store.open();
  // One more, to know whether there are more.
  const auto found = options.filter.newest(*reader, options.limit == 0 ? 0 : options.limit + 1);
  if (!found) give_up(options.store.command(), found.error());
  Runs runs = *found;
  const bool more = options.limit != 0 && runs.size() > options.limit;
  if (more) runs.resize(options.limit);
  if (options.json) {
    print_as_json(*reader, runs);
    std::printf("\n");
    return;
  }
  print_as_table(*reader, runs, options);
  std::fflush(stdout);
  if (more) {
    std::fprintf(stderr, "the newest %zu; there are more: --limit 0 shows them all\n",
                 options.limit);
  }
}

}  // namespace

void add_list_command(CLI::App& app, const base::Clock& clock) {
  CLI::App* const command =
      app.add_subcommand("list", "Lists runs, the newest first; an engine may use the store");
  const auto options = std::make_shared<ListOptions>(*command, clock);
  command->add_option("--limit", options->limit, "how many at most; 0: all")
      ->capture_default_str()
      ->check([](const std::string& text) { return base::fault_of_number(text, 0); });
  command->add_flag("--json", options->json, "a JSON array, with a line for each run");
  add_colour_option(*command, options->colour);
  command->footer(
      "Delayed: a running run whose code does not run yet. Times are UTC. The duration of a run "
      "that is open is its age. A run id is shown by its "
      "last\n"
      "digits, which name the run in other commands.\n"
      "A filter is in the language of Temporal's list filters: \"WorkflowType = 'checkout' AND\n"
      "Status = 'Running' ORDER BY StartTime DESC\" (docs/visibility.md).\n"
      "Exit codes: 0 listed, be it none; 2 the store, or the filter, cannot be read.");
  command->callback([options] { list(*options); });
}

}  // namespace reprise::tools
