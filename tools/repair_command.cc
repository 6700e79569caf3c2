#include "tools/repair_command.h"

#include <cstdio>
#include <memory>

#include "runtime/engine/repair.h"
#include "tools/console.h"
#include "tools/reader_process.h"
#include "tools/run_text.h"

namespace reprise::tools {
namespace {

using nlohmann::json;
using Fate = runtime::RepairedRun::Fate;

constexpr int kAllSaved = 0;
constexpr int kSomeLost = 1;
constexpr int kNotDone = 2;

struct RepairOptions {
  std::string from;
  std::string to;
  bool release_suspects = false;
  bool json = false;
};

const char* name_of(Fate fate) {
  switch (fate) {
    case Fate::kLeftOut:
      return "left out";
    case Fate::kCut:
      return "cut short, quarantined";
    case Fate::kSuspect:
      return "may lack its newest records, quarantined";
    case Fate::kOvertaken:
      return "another run has its id, quarantined";
  }
  return "";
}

json describe(const runtime::Repaired& repaired) {
  json result = {{"whole_runs", repaired.whole},
                 {"records", repaired.records},
                 {"problems", repaired.problems},
                 {"runs", json::array()}};
  for (const auto& run : repaired.runs) {
    result["runs"].push_back({{"number", run.number},
                              {"workflow_id", run.workflow_id},
                              {"run_id", run.run_id},
                              {"fate", name_of(run.fate)},
                              {"why", run.why}});
  }
  return result;
}

void repair(const RepairOptions& options, ReaderReport& report) {
  const auto repaired = runtime::repair_store(
      options.from, options.to, {.release_suspects = options.release_suspects},
      [&](const std::string& place) { report.reading(place); });
  report.finish(repaired ? describe(*repaired) : json{{"error", repaired.error().text()}});
}

void print(const RepairOptions& options, const json& result) {
  for (const auto& problem : result["problems"]) {
    std::printf("damaged: %s\n", safe_text(problem.get<std::string>()).c_str());
  }
  for (const auto& run : result["runs"]) {
    const std::string id = safe_text(run["workflow_id"].get<std::string>(), kLongestUnverifiedId);
    std::printf("run %llu, '%s': %s: %s\n", run["number"].get<unsigned long long>(),
                id.empty() ? "(unknown)" : id.c_str(), run["fate"].get<std::string>().c_str(),
                safe_text(run["why"].get<std::string>()).c_str());
  }
  std::printf("%s: %llu runs are whole, %zu are not, %llu records\n", safe_text(options.to).c_str(),
              result["whole_runs"].get<unsigned long long>(), result["runs"].size(),
              result["records"].get<unsigned long long>());
  if (!result["runs"].empty()) {
    std::printf(
        "quarantined runs keep their workflow ids and do not go on; the id of a run that was "
        "left out is free again\n");
  }
}

int run(const RepairOptions& options) {
  const ReaderOutcome outcome = run_reader([&](ReaderReport& report) { repair(options, report); });
  json result = outcome.result;
  if (result.is_null()) result = {{"error", outcome.crash + "; " + options.to + " was not made"}};
  const bool failed = result.contains("error");
  if (options.json) {
    print_json(result);
  } else if (failed) {
    std::fprintf(stderr, "reprise repair: %s\n",
                 safe_text(result["error"].get<std::string>()).c_str());
  } else {
    print(options, result);
  }
  if (failed) return kNotDone;
  return result["runs"].empty() ? kAllSaved : kSomeLost;
}

}  // namespace

void add_repair_command(CLI::App& app) {
  const auto options = std::make_shared<RepairOptions>();
  CLI::App* const command = app.add_subcommand(
      "repair",
      "Makes a new store of everything that verifies in a damaged one, which is not "
      "changed and which no engine may have open. Exit code 0: every run is whole, 1: "
      "some are not, 2: nothing was made");
  command->add_option("DIR", options->from, "the damaged store")->required();
  command->add_option("NEWDIR", options->to, "the new store; must not exist")->required();
  command->add_flag("--release-suspects", options->release_suspects,
                    "let open runs go on that verify, though they may have lost their newest "
                    "records: what they did since then is done again");
  command->add_flag("--json", options->json, "print the result as JSON");
  command->callback([options] { throw CLI::RuntimeError(run(*options)); });
}

}  // namespace reprise::tools
