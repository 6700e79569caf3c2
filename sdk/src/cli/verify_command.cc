#include "sdk/src/cli/verify_command.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/printable_text.h"
#include "base/shell_word.h"
#include "base/whole_number.h"
#include "reprise/verify.h"
#include "sdk/src/cli/command_codecs.h"
#include "sdk/src/cli/exit_status.h"
#include "sdk/src/cli/replay_stacks.h"
#include "sdk/src/verify/crash_note.h"
#include "sdk/src/verify/report_text.h"

namespace reprise::internal {
namespace {

using nlohmann::json;

struct VerifyCommand {
  std::string store;
  VerifyOptions verify;
  CommandCodecs codecs;
  bool json = false;
};

json json_of(const VerifyGroup& group) {
  json runs = json::array();
  for (const VerifyExample& example : group.examples) {
    runs.push_back({{"workflow_id", example.workflow_id},
                    {"run_id", example.run_id},
                    {"event", example.event}});
  }
  return {{"workflow", group.workflow},
          {"code", group.code},
          {"what", group.what},
          {"runs", group.runs},
          {"recorded", group.recorded},
          {"recorded_at", group.recorded_at},
          {"attempted", group.attempted},
          {"attempted_at", group.attempted_at},
          {"examples", std::move(runs)},
          {"report", group.report},
          {"edit", group.edit},
          {"edit_at", group.edit_at},
          {"note", group.note}};
}

json json_of(const VerifyPatch& patch) {
  return {{"workflow", patch.workflow},     {"change_id", patch.change_id},
          {"old_branch", patch.old_branch}, {"new_branch", patch.new_branch},
          {"deprecated", patch.deprecated}, {"unmarked", patch.unmarked},
          {"advice", patch.advice()}};
}

json json_of(const VerifyGivenUp& given_up) {
  return {
      {"workflow", given_up.workflow}, {"strands", given_up.strands}, {"report", given_up.report}};
}

json json_of(const VerifyReport& report) {
  json groups = json::array();
  for (const VerifyGroup& group : report.groups) groups.push_back(json_of(group));
  json patches = json::array();
  for (const VerifyPatch& patch : report.patches) patches.push_back(json_of(patch));
  json given_up = json::array();
  for (const VerifyGivenUp& one : report.given_up) given_up.push_back(json_of(one));
  return {{"exit_status", report.exit_status()},
          {"checked", report.checked},
          {"safe", report.safe},
          {"diverged", report.diverged},
          {"unreadable", report.unreadable},
          {"events", report.events},
          {"not_checked",
           {{"other_task_queues", report.other_task_queues},
            {"quarantined", report.quarantined},
            {"ended", report.ended},
            {"beyond_limit", report.beyond_limit}}},
          {"groups", std::move(groups)},
          {"patches", std::move(patches)},
          {"given_up", std::move(given_up)}};
}

void show_progress(const VerifyProgress& progress) {
  std::fprintf(stderr, "\r%llu of %llu runs replayed, %llu diverge",
               static_cast<unsigned long long>(progress.done),
               static_cast<unsigned long long>(progress.runs),
               static_cast<unsigned long long>(progress.diverged));
  if (progress.done == progress.runs) std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

int run_verify(const std::string& program, const Worker& worker, const VerifyCommand& options) {
  const std::string replay =
      base::shell_word(program) + " replay --store " + base::shell_word(options.store);
  VerifyOptions verifying = options.verify;
  verifying.stack_bytes = kReplayStackBytes;
  verifying.codecs = options.codecs.all();
  if (::isatty(STDERR_FILENO) == 1) verifying.progress = show_progress;
  const VerifyReport report = [&] {
    const CrashNotes notes(replay);
    return verify(options.store, worker, verifying);
  }();
  const std::string text = options.json ? base::printable_json(json_of(report).dump(
                                              2, ' ', false, json::error_handler_t::replace)) +
                                              "\n"
                                        : report_text(report, options.store, replay);
  std::fputs(text.c_str(), stdout);
  // A report that could not be written must not look like a success.
  if (std::fflush(stdout) == 0) return report.exit_status();
  std::fprintf(stderr, "verify: the report cannot be written: %s\n", std::strerror(errno));
  return kCannot;
}

}  // namespace

void add_verify_command(CLI::App& app,
                        const std::string& program,
                        const Worker& worker,
                        const PayloadCodecs& codecs,
                        int* exit_status) {
  const auto options = std::make_shared<VerifyCommand>();
  VerifyOptions& verifying = options->verify;
  CLI::App* const command = app.add_subcommand(
      "verify",
      "Replays the open runs of a store with this program's code, beside the engine that may be "
      "using it, and changes nothing. Exit status 0: all are safe, 1: some would be parked, 2: "
      "some could not be checked, anything else: the code crashed");
  command->add_option("--store", options->store, "the store's directory")->required();
  options->codecs.own = codecs;
  options->codecs.add_option(*command);
  command->add_option("--workflow", verifying.workflow, "only runs of this workflow");
  command->add_option("--limit", verifying.limit, "at most so many runs, those that started first")
      ->check([](const std::string& text) { return base::fault_of_number(text, 1); });
  command->add_option("--threads", verifying.threads, "that replay; one per processor if not given")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--all", verifying.closed_runs,
                    "closed runs too: their code runs again when they are queried");
  command->add_flag("--all-queues", verifying.every_task_queue,
                    "runs of every task queue, not only of the one that this worker serves");
  command->add_flag("--strict", verifying.strict,
                    "compare all that commands carry, not kinds and names alone");
  command->add_flag("--json", options->json, "print the report as JSON");
  command->final_callback([options, program, &worker, exit_status] {
    *exit_status = run_verify(program, worker, *options);
  });
}

}  // namespace reprise::internal
