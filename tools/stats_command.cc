#include "tools/stats_command.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/whole_number.h"
#include "tools/every_run.h"
#include "tools/run_filter.h"
#include "tools/run_text.h"
#include "tools/store_arguments.h"
#include "tools/store_stats.h"
#include "tools/table.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

using nlohmann::json;

struct StatsOptions {
  StatsOptions(CLI::App& command, const base::Clock& clock)
      : store(command, StoreArguments::About::kStore), filter(command, clock) {}

  StoreArguments store;
  RunFilter filter;
  std::size_t limit = 0;
  bool no_activities = false;
  bool json = false;
  ColourMode colour = ColourMode::kAuto;
};

// Only as much of a run as reading its history needs: there may be many runs.
struct Known {
  store::RunNumber number;
  store::Seq last;
};

// "12,345 of 100,000 histories" on stderr, where that is a terminal.
class Progress {
 public:
  explicit Progress(std::size_t all) : all_(all), on_(::isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (shown_) std::fprintf(stderr, "\r\x1b[K");
  }
  void at(std::size_t done) {
    constexpr std::chrono::milliseconds kEvery(200);
    const auto now = std::chrono::steady_clock::now();
    if (!on_ || now - last_ < kEvery) return;
    last_ = now;
    shown_ = true;
    std::fprintf(stderr, "\r%zu of %zu histories", done, all_);
  }

 private:
  const std::size_t all_;
  const bool on_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::vector<Known> count_runs(const StatsOptions& options,
                              runtime::StoreReader& reader,
                              StoreStats* stats) {
  std::vector<Known> runs;
  const auto take = [&](const runtime::StoreReader::Run& run) {
    stats->add_run(*run);
    if (reader.damage(run->number) == nullptr) runs.push_back({run->number, run->last_seq});
  };
  if (options.limit == 0) {
    if (const auto visited = options.filter.visit(reader, take); !visited) {
      give_up(options.store.command(), visited.error());
    }
    return runs;
  }
  const auto newest = options.filter.newest(reader, options.limit);
  if (!newest) give_up(options.store.command(), newest.error());
  for (const auto& run : *newest) take(run);
  return runs;
}

struct Unread {
  std::size_t removed = 0;  // meanwhile, by the engine's retention
  std::size_t damaged = 0;
};

Unread read_histories(const std::vector<Known>& runs,
                      const runtime::StoreReader& reader,
                      StoreStats* stats) {
  Progress progress(runs.size());
  Unread unread;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    progress.at(i);
    runtime::RunState run;
    run.number = runs[i].number;
    run.last_seq = runs[i].last;
    const auto read = reader.visit_turns(
        run, [&](store::Seq, const proto::Turn& turn) { stats->add_turn(turn); });
    stats->end_history();
    if (!read) {
      const bool removed = read.error().code == base::ErrorCode::kNotFound;
      ++(removed ? unread.removed : unread.damaged);
    }
  }
  return unread;
}

json durations_json(const DurationHistogram& durations) {
  return {{"count", durations.count()},
          {"mean_ms", durations.mean()},
          {"p99_ms", durations.quantile(0.99)},
          {"max_ms", durations.largest()}};
}

json describe(const StoreStats& stats, const Unread& unread) {
  json shown = {
      {"workflows", json::object()},
      {"operations", json::array()},
      {"settings",
       {{"runs", stats.settings().runs},
        {"settings", stats.settings().settings},
        {"bytes", stats.settings().bytes}}},
      {"retried_runs", stats.attempts().retried},
      {"delayed_runs", stats.attempts().delayed},
      {"checkpoints",
       {{"runs", stats.checkpoints().runs}, {"checkpoints", stats.checkpoints().checkpoints}}},
      {"signals_set_aside", json::object()},
      {"removed_histories", unread.removed},
      {"unreadable_histories", unread.damaged}};
  for (const auto& [name, of] : stats.workflows()) {
    json& workflow = shown["workflows"][name];
    workflow["runs"] = of.runs;
    for (const auto& [status, count] : of.by_status) {
      workflow["by_status"][std::string(to_string(status))] = count;
    }
    workflow["durations"] = durations_json(of.durations);
  }
  for (const auto& [key, of] : stats.operations()) {
    shown["operations"].push_back({{"kind", to_string(key.first)},
                                   {"name", key.second},
                                   {"calls", of.calls},
                                   {"done", of.done},
                                   {"failed", of.failed},
                                   {"cancelled", of.cancelled},
                                   {"waiting", of.waiting()},
                                   {"attempts", of.attempts()},
                                   {"failed_attempts", of.failed_attempts},
                                   {"durations", durations_json(of.durations)}});
  }
  for (const auto& [name, count] : stats.set_aside()) shown["signals_set_aside"][name] = count;
  return shown;
}

std::vector<Table::Cell> cells_of(const DurationHistogram& durations) {
  if (durations.count() == 0) return {{"-"}, {"-"}, {"-"}};
  return {{duration_text(durations.mean())},
          {duration_text(durations.quantile(0.99))},
          {duration_text(durations.largest())}};
}

// A count, coloured unless it is 0.
Table::Cell count_cell(std::uint64_t count, Colour colour = Colour::kNone) {
  return {std::to_string(count), count == 0 ? Colour::kNone : colour};
}

void append(std::vector<Table::Cell>* row, std::vector<Table::Cell> cells) {
  for (auto& cell : cells) row->push_back(std::move(cell));
}

void print_workflows(const StoreStats& stats, const Paint& paint) {
  std::map<runtime::RunStatus, std::uint64_t> all;
  for (const auto& [name, of] : stats.workflows()) {
    for (const auto& [status, count] : of.by_status) all[status] += count;
  }
  std::vector<Column> columns{{"WORKFLOW", false, true}, {"RUNS", true}};
  for (const auto& [status, count] : all) {
    std::string heading(to_string(status));
    for (char& c : heading) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    columns.push_back({heading, true});
  }
  for (const char* name : {"MEAN", "P99", "MAX"}) columns.push_back({name, true});
  Table table(std::move(columns));
  for (const auto& [name, of] : stats.workflows()) {
    std::vector<Table::Cell> row{safe_text(name), std::to_string(of.runs)};
    for (const auto& [status, count] : all) {
      const auto known = of.by_status.find(status);
      row.push_back(count_cell(known == of.by_status.end() ? 0 : known->second, colour_of(status)));
    }
    append(&row, cells_of(of.durations));
    table.add(std::move(row));
  }
  table.print(paint, terminal_width());
}

void print_operations(const StoreStats& stats, const Paint& paint) {
  Table table({{"OPERATION", false, true},
               {"CALLS", true},
               {"DONE", true},
               {"FAILED", true},
               {"CANCELLED", true, false, true},
               {"WAITING", true},
               {"ATTEMPTS", true},
               {"OF THEM FAILED", true},
               {"MEAN", true},
               {"P99", true},
               {"MAX", true}});
  for (const auto& [key, of] : stats.operations()) {
    const bool timers = key.first == event::Operation::kTimer;
    const bool attempted =
        key.first == event::Operation::kActivity || key.first == event::Operation::kStep;
    std::string name(to_string(key.first));
    if (!key.second.empty()) name += " " + safe_text(key.second);
    std::vector<Table::Cell> row{timers ? "timers" : name,
                                 std::to_string(of.calls),
                                 std::to_string(of.done),
                                 count_cell(of.failed, Colour::kRed),
                                 std::to_string(of.cancelled),
                                 count_cell(of.waiting(), Colour::kYellow),
                                 attempted ? std::to_string(of.attempts()) : "",
                                 attempted ? std::to_string(of.failed_attempts) : ""};
    append(&row, cells_of(of.durations));
    table.add(std::move(row));
  }
  if (table.empty()) return;
  std::printf("\n");
  table.print(paint, terminal_width());
}

void print_settings(const StoreStats& stats) {
  const SettingStats& of = stats.settings();
  if (of.runs == 0) return;
  std::printf("\n%llu of these runs publish %llu settings, %llu bytes\n",
              static_cast<unsigned long long>(of.runs),
              static_cast<unsigned long long>(of.settings),
              static_cast<unsigned long long>(of.bytes));
}

void print_attempts(const AttemptStats& of) {
  if (of.retried + of.delayed == 0) return;
  std::printf("\n%llu of these runs were tried again as others, %llu wait for their time\n",
              static_cast<unsigned long long>(of.retried),
              static_cast<unsigned long long>(of.delayed));
}

void print_checkpoints(const CheckpointStats& of) {
  if (of.runs == 0) return;
  std::printf("\n%llu of these runs have taken %llu checkpoints\n",
              static_cast<unsigned long long>(of.runs),
              static_cast<unsigned long long>(of.checkpoints));
}

void print_set_aside(const StoreStats& stats, const Paint& paint) {
  if (stats.set_aside().empty()) return;
  std::printf("\n");
  for (const auto& [name, count] : stats.set_aside()) {
    std::printf("%s of signal %s, which do not decode (RP3013)\n",
                paint(Colour::kRed, std::to_string(count) + " set aside").c_str(),
                safe_text(name).c_str());
  }
}

void show_stats(const StatsOptions& options) {
  const auto reader = options.store.open();
  StoreStats stats;
  const std::vector<Known> runs = count_runs(options, *reader, &stats);
  const Unread unread = options.no_activities ? Unread{} : read_histories(runs, *reader, &stats);
  if (options.json) return print_json(describe(stats, unread));
  if (stats.workflows().empty()) {
    std::fprintf(stderr, "no run matches\n");
    return;
  }
  const Paint paint(options.colour);
  print_workflows(stats, paint);
  print_operations(stats, paint);
  print_settings(stats);
  print_attempts(stats.attempts());
  if (!options.no_activities) print_checkpoints(stats.checkpoints());
  print_set_aside(stats, paint);
  std::fflush(stdout);
  if (unread.removed > 0) {
    std::fprintf(stderr, "%zu histories were removed meanwhile, and count as runs only\n",
                 unread.removed);
  }
  if (unread.damaged > 0) {
    std::fprintf(stderr, "%zu histories could not be read: damaged; see reprise check\n",
                 unread.damaged);
  }
}

}  // namespace

void add_stats_command(CLI::App& app, const base::Clock& clock) {
  CLI::App* const command = app.add_subcommand(
      "stats", "Counts runs by workflow and status, and says how long their activities take");
  const auto options = std::make_shared<StatsOptions>(*command, clock);
  command->add_option("--limit", options->limit, "the newest runs only, so many of them; 0: all")
      ->capture_default_str()
      ->check([](const std::string& text) { return base::fault_of_number(text, 0); });
  command->add_flag("--no-activities", options->no_activities,
                    "counts of runs only, which needs no histories and is quick");
  command->add_flag("--json", options->json, "one JSON object");
  add_colour_option(*command, options->colour);
  command->footer(
      "The duration of a run is that from its start to its end, of those that have ended. The\n"
      "duration of an activity or step is that from the turn that asked for it to the turn that\n"
      "took its result or final failure: waiting for a worker, retries and the pauses between "
      "them\n"
      "included. Attempts are those that came to an end. Mean and maximum are exact, the 99th\n"
      "percentile is at most 1.6 % too high.\n"
      "Exit codes: 0 counted; 2 the store cannot be read.");
  command->callback([options] { show_stats(*options); });
}

}  // namespace reprise::tools
