#include "tools/check_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "runtime/engine/second_look.h"
#include "runtime/engine/store_audit.h"
#include "tools/console.h"
#include "tools/reader_process.h"
#include "tools/run_text.h"

namespace reprise::tools {
namespace {

using nlohmann::json;

constexpr int kSound = 0;
constexpr int kDamaged = 1;
constexpr int kUnreadable = 2;

json describe(const runtime::RecoveredRun& run) {
  json shown = {{"number", run.state.number}, {"why", run.why}};
  if (!run.state.workflow_id.empty()) shown["workflow_id"] = run.state.workflow_id;
  if (run.state.id != base::RunId()) shown["run_id"] = run.state.id.to_string();
  return shown;
}

json describe(const runtime::StoreAudit& audit) {
  json result;
  std::vector<const runtime::RecoveredRun*> damaged;
  std::size_t open = 0;
  for (const auto& [number, run] : audit.runs()) {
    open += run.state.open() ? 1 : 0;
    if (run.damaged) damaged.push_back(&run);
  }
  std::sort(damaged.begin(), damaged.end(),
            [](const auto* a, const auto* b) { return a->state.number < b->state.number; });
  result["runs"] = audit.runs().size();
  result["open_runs"] = open;
  result["records"] = audit.records();
  result["bytes"] = audit.inspected().bytes;
  result["sound"] = audit.sound();
  result["rows_complete"] = !audit.lost_rows();
  result["problems"] = audit.problems();
  result["damaged_runs"] = json::array();
  for (const auto* run : damaged) result["damaged_runs"].push_back(describe(*run));
  result["notes"] = audit.notes();
  for (const auto& [number, run] : audit.runs()) {
    if (run.released_from == 0 || run.damaged) continue;
    result["notes"].push_back(runtime::released_text(run) + " once an engine opens the store");
  }
  return result;
}

void check(const std::string& directory, ReaderReport& report) {
  runtime::Names names;
  runtime::StoreAudit audit(names, [&](const std::string& place) { report.reading(place); });
  const auto read = audit.run(directory, store::InspectMode::kBesideEngine);
  report.finish(read ? describe(audit) : json{{"error", read.error().text()}});
}

void print(const std::string& directory, const json& result) {
  std::printf(
      "%s: %llu runs (%llu open), %llu records, %llu bytes read\n", safe_text(directory).c_str(),
      result["runs"].get<unsigned long long>(), result["open_runs"].get<unsigned long long>(),
      result["records"].get<unsigned long long>(), result["bytes"].get<unsigned long long>());
  for (const auto& problem : result["problems"]) {
    std::printf("damaged: %s\n", safe_text(problem.get<std::string>()).c_str());
  }
  for (const auto& run : result["damaged_runs"]) {
    std::printf("damaged: run %llu, '%s': %s\n", run["number"].get<unsigned long long>(),
                safe_text(run.value("workflow_id", "(unknown)"), kLongestUnverifiedId).c_str(),
                safe_text(run["why"].get<std::string>()).c_str());
  }
  for (const auto& note : result["notes"]) {
    std::printf("note: %s\n", safe_text(note.get<std::string>()).c_str());
  }
  if (result["sound"].get<bool>() && !result["rows_complete"].get<bool>()) {
    std::printf("sound, except for the tables: rows may be missing or old\n");
  } else if (result["sound"].get<bool>()) {
    std::printf("sound: every page, record, checksum and index entry is as it was written\n");
  } else {
    std::printf(
        "the store is damaged: copy the directory before anything else, then restore a "
        "backup, or make a new store of what verifies with: reprise repair %s NEWDIR\n",
        safe_text(directory).c_str());
  }
}

int run(const std::string& directory, bool as_json) {
  ReaderOutcome outcome = run_reader([&](ReaderReport& report) { check(directory, report); });
  json result = std::move(outcome.result);
  // A store that makes its reader crash is a damaged one.
  if (result.is_null()) {
    result = {{"runs", 0},
              {"open_runs", 0},
              {"records", 0},
              {"bytes", 0},
              {"sound", false},
              {"problems", {outcome.crash}},
              {"damaged_runs", json::array()},
              {"notes", json::array()}};
  }
  if (as_json) {
    print_json(result);
  } else if (!result.contains("error")) {
    print(directory, result);
  }
  if (result.contains("error")) {
    if (!as_json) {
      std::fprintf(stderr, "reprise check: %s\n",
                   safe_text(result["error"].get<std::string>()).c_str());
    }
    return kUnreadable;
  }
  return result["sound"].get<bool>() ? kSound : kDamaged;
}

}  // namespace

void add_check_command(CLI::App& app) {
  struct Options {
    std::string directory;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand(
      "check",
      "Reads everything in a store and says what is damaged. Changes nothing, and may run "
      "beside an engine. Exit code 0: sound, 1: damaged, 2: cannot be read");
  command->add_option("DIR", options->directory, "the store's directory")->required();
  command->add_flag("--json", options->json, "print the result as JSON");
  command->callback([options] { throw CLI::RuntimeError(run(options->directory, options->json)); });
}

}  // namespace reprise::tools
