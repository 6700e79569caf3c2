#include "tools/batch_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/printable_text.h"
#include "base/reserved.h"
#include "base/whole_number.h"
#include "reprise/error.h"
#include "sdk/src/batch/new_batch.h"
#include "sdk/src/settings.h"
#include "tools/batch_text.h"
#include "tools/engine_call.h"
#include "tools/own_run_arguments.h"
#include "tools/run_text.h"
#include "tools/table.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

constexpr OwnRuns kBatchRuns{"batch", internal::kBatchPrefix, /*closed_too=*/true};

struct BatchCommand {
  BatchCommand(CLI::App& command, std::string words)
      : arguments(command, kBatchRuns, std::move(words)) {}

  OwnRunArguments arguments;
  std::optional<EngineCall> call{};
  bool json = false;
  ColourMode colour = ColourMode::kAuto;
  // Of those that begin one:
  BatchVerb verb = BatchVerb::kSignal;
  std::string filter;
  BatchOptions options{};
  ResetOptions reset{};
  std::string reapply = "signals";
  bool dry_run = false;
  // Of wait:
  double seconds = 0;
};
using BatchCommandPtr = std::shared_ptr<BatchCommand>;

// ---- what is known of batches

ShownBatch description_of(const runtime::StoreReader& reader, const runtime::RunState& run) {
  ShownBatch shown;
  BatchDescription& batch = shown.batch;
  try {
    batch = internal::describe_batch(run.workflow_id, internal::to_public(run.settings().list()));
  } catch (const Error& error) {
    batch.id = run.workflow_id.substr(internal::kBatchPrefix.size());
    shown.unreadable = error.what();
  }
  batch.status = static_cast<RunStatus>(run.status);
  if (run.closed_ms() != 0) batch.closed = base::from_ms(run.closed_ms());
  if (batch.started == Time{}) batch.started = base::from_ms(run.started_ms);
  if (const base::Error* parked = reader.parked(run); parked != nullptr) {
    batch.parked = parked->text();
  }
  return shown;
}

ShownBatch look_at(const BatchCommand& asked) {
  const auto reader = asked.arguments.open();
  return description_of(*reader, *asked.arguments.find(*reader));
}

void say(const std::string& id, const std::string& what) {
  std::printf("batch %s: %s\n", safe_text(id).c_str(), what.c_str());
}

// ---- beginning one

// An error of a filter has several lines, which point at a character.
[[noreturn]] void give_up_batch(const BatchCommand& asked, const std::string& text, int code) {
  std::fflush(stdout);
  std::fprintf(stderr, "reprise %s: %s\n", asked.arguments.command().c_str(),
               base::printable_text(text, base::LineBreaks::kKept).c_str());
  throw CLI::RuntimeError(code);
}

std::uint64_t count_matching(const BatchCommand& asked) {
  const auto reader = asked.arguments.open();
  auto counts = reader->count_runs({asked.filter, "WorkflowType"});
  if (!counts) counts = reader->count_runs({asked.filter, {}});  // of too many workflows
  if (!counts) give_up_batch(asked, counts.error().text(), kCannotRead);
  std::uint64_t total = counts->total;
  for (const runtime::RunGroup& group : counts->groups) {
    if (base::is_reserved(group.value)) total -= group.count;
  }
  return total;
}

internal::NewBatch batch_of(const BatchCommand& asked, const std::string& signal) {
  internal::NewBatch batch{.verb = asked.verb,
                           .filter = asked.filter,
                           .reason = asked.reset.reason,
                           .signal = signal,
                           .input = {},
                           .reset = asked.reset};
  batch.reset.reapply = asked.reapply == "none"      ? Reapply::kNone
                        : asked.reapply == "signals" ? Reapply::kSignals
                                                     : Reapply::kSignalsAndUpdates;
  if (asked.verb == BatchVerb::kSignal) batch.input = asked.arguments.encoded_from(1);
  return batch;
}

runtime::StartRequest checked_start(const BatchCommand& asked) {
  const bool signals = asked.verb == BatchVerb::kSignal;
  const std::string signal = signals ? asked.arguments.word(0) : "";
  if (!signals && !asked.arguments.words_from(0).empty()) {
    asked.arguments.wrong("'" + asked.arguments.word(0) + "' is too much; which runs: --filter");
  }
  try {
    internal::check_batch_filter(asked.filter);
    return internal::start_of_batch(batch_of(asked, signal), asked.options,
                                    asked.call->principal());
  } catch (const Error& error) {
    give_up_batch(asked, error.what(), kCannotRead);
  }
}

proto::ControlRequest control_request(const runtime::StartRequest& start) {
  proto::ControlRequest request;
  request.set_workflow_id(start.workflow_id);
  auto& begin = *request.mutable_create_schedule();
  begin.set_workflow(start.workflow);
  begin.set_task_queue(start.task_queue);
  begin.set_input(start.input);
  begin.set_once(true);
  for (const auto& setting : start.settings) begin.add_settings(setting.SerializeAsString());
  return request;
}

// Only a name that was given can belong to another batch. The batch has begun: what it publishes
// need not open here.
void check_is_ours(const BatchCommand& asked, const runtime::StartRequest& start) {
  const auto reader = asked.arguments.open();
  const auto run = reader->find(start.workflow_id);
  if (!run) give_up(asked.arguments.command(), run.error());
  try {
    internal::check_same_batch(start, internal::to_public((*run)->settings().list()),
                               (*run)->id.to_string());
  } catch (const AlreadyStarted& error) {
    give_up_batch(asked, error.what(), kNotThere);
  } catch (const Error& error) {
    std::fprintf(stderr, "reprise %s: whether that name is of another batch is not known: %s\n",
                 asked.arguments.command().c_str(), safe_text(error.what()).c_str());
  }
}

void begin(const BatchCommand& asked) {
  const auto start = checked_start(asked);
  const std::uint64_t runs = count_matching(asked);
  const std::string matching = std::to_string(runs) + (runs == 1 ? " run matches" : " runs match");
  if (asked.dry_run) {
    std::printf("%s\n", matching.c_str());
    return;
  }
  const auto answer = asked.call->ask_of(asked.arguments.directory(), asked.arguments.command(),
                                         asked.arguments.codecs(), control_request(start));
  if (!asked.options.id.empty()) check_is_ours(asked, start);
  say(start.workflow_id.substr(internal::kBatchPrefix.size()),
      (answer.by_engine ? "begun; " : "begins when an engine runs; ") + matching);
}

// ---- looking, waiting, stopping

void list(const BatchCommand& asked) {
  const auto reader = asked.arguments.open();
  std::vector<ShownBatch> all;
  for (int status = 1; status <= static_cast<int>(RunStatus::kTimedOut); ++status) {
    const auto add = [&](const runtime::StoreReader::Run& run) {
      if (!run->workflow_id.starts_with(internal::kBatchPrefix)) return;
      all.push_back(description_of(*reader, *run));
    };
    const auto read = reader->visit(static_cast<runtime::RunStatus>(status), false, add);
    if (!read) give_up(asked.arguments.command(), read.error());
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.batch.id < b.batch.id; });
  if (asked.json) {
    nlohmann::json out = nlohmann::json::array();
    for (const auto& batch : all) out.push_back(batch_json(batch));
    return print_json(out);
  }
  if (all.empty()) {
    std::fprintf(stderr, "there is no batch\n");
    return;
  }
  Table table({{"BATCH", false, true},
               {"DOES", false, true},
               {"STATE"},
               {"DONE", true},
               {"FAILED", true},
               {"TOTAL", true},
               {"SINCE"}});
  for (const ShownBatch& shown : all) {
    const BatchDescription& batch = shown.batch;
    const auto& progress = batch.progress;
    const auto known = [&](std::string text) { return shown.unreadable.empty() ? text : "?"; };
    table.add({safe_text(batch.id), known(batch_does(batch)), batch_state(batch),
               known(std::to_string(progress.done)), known(std::to_string(progress.failed)),
               known(progress.total ? std::to_string(*progress.total) : "-"),
               utc_seconds(base::to_ms(batch.started))});
  }
  table.print(Paint(asked.colour), terminal_width());
  const auto sealed = std::find_if(all.begin(), all.end(),
                                   [](const auto& each) { return !each.unreadable.empty(); });
  if (sealed == all.end()) return;
  std::fprintf(stderr, "batch %s: %s\n", safe_text(sealed->batch.id).c_str(),
               safe_text(sealed->unreadable).c_str());
}

void show(const BatchCommand& asked) {
  const ShownBatch batch = look_at(asked);
  if (asked.json) return print_json(batch_json(batch));
  print_batch(batch, Paint(asked.colour));
}

void wait(const BatchCommand& asked) {
  constexpr std::chrono::milliseconds kLook{200};
  const auto limit = std::chrono::duration<double>(asked.seconds);
  const auto begun = std::chrono::steady_clock::now();
  const auto look = [&asked] {
    ShownBatch shown = look_at(asked);
    if (shown.unreadable.empty()) return shown;
    give_up(asked.arguments.command(), shown.unreadable, kCannotRead);  // has anything failed?
  };
  ShownBatch shown = look();
  const BatchDescription& batch = shown.batch;
  while (batch.status == RunStatus::kRunning) {
    if (asked.seconds > 0 && std::chrono::steady_clock::now() - begun >= limit) break;
    std::this_thread::sleep_for(kLook);
    shown = look();
  }
  print_batch(shown, Paint(asked.colour));
  const bool well = batch.status == RunStatus::kCompleted && batch.progress.failed == 0;
  if (!well) throw CLI::RuntimeError(kNotThere);
}

void stop(const BatchCommand& asked) {
  if (look_at(asked).batch.status != RunStatus::kRunning) {
    return say(asked.arguments.id(), "has ended already");
  }
  proto::ControlRequest request;
  request.set_workflow_id(std::string(internal::kBatchPrefix) + asked.arguments.id());
  request.mutable_signal()->set_name(std::string(internal::kStopBatch.name()));
  request.mutable_signal()->set_input(internal::encode_arguments(internal::kStopBatch().args));
  (void)asked.call->ask_of(asked.arguments.directory(), asked.arguments.command(),
                           asked.arguments.codecs(), request);
  say(asked.arguments.id(), "stops");
}

// ---- the command line

BatchCommandPtr add(CLI::App& group,
                    const char* name,
                    const char* description,
                    const char* words,
                    void (*act)(const BatchCommand&)) {
  CLI::App* const command = group.add_subcommand(name, description);
  const auto asked = std::make_shared<BatchCommand>(*command, words);
  command->callback([asked, act] { act(*asked); });
  return asked;
}

void add_call(CLI::App& group, const char* name, BatchCommand& asked) {
  CLI::App& command = *group.get_subcommand(name);
  asked.call.emplace(command);
  command.footer(kEngineCallExitCodes);
}

void add_verb(CLI::App& group, BatchVerb verb, const char* description) {
  const std::string name(to_string(verb));
  const bool signals = verb == BatchVerb::kSignal;
  const auto asked =
      add(group, name.c_str(), description, signals ? "NAME [ARGUMENT]..." : "", begin);
  asked->verb = verb;
  add_call(group, name.c_str(), *asked);
  CLI::App& command = *group.get_subcommand(name);
  command.add_option("--filter", asked->filter, "which runs (docs/visibility.md); required");
  command.add_option("--id", asked->options.id,
                     "its name: the same call with the same id is one batch; if not given: new");
  command.add_option("--rate", asked->options.rate, "runs a second at most; 0: no limit")
      ->capture_default_str();
  command.add_flag("--dry-run", asked->dry_run, "only says how many runs match");
  if (!signals) command.add_option("--reason", asked->reset.reason, "why, for the histories");
  if (verb == BatchVerb::kReset) {
    command.add_option("--event", asked->reset.event, "of each run's history; 1: it begins anew")
        ->required()
        ->check([](const std::string& text) { return base::fault_of_number(text, 1); });
    command.add_option("--reapply", asked->reapply, "what came after the event is applied again")
        ->check(CLI::IsMember({"none", "signals", "all"}))
        ->capture_default_str();
  }
  if (verb == BatchVerb::kReset || verb == BatchVerb::kRestart) {
    command.add_flag("--rows-stay", asked->reset.rows_stay,
                     "accept that rows which transactions have changed since then stay changed");
  }
}

}  // namespace

void add_batch_command(CLI::App& app) {
  CLI::App& group =
      *app.add_subcommand("batch", "Batches: one operation on every run that a filter finds");
  group.require_subcommand(1);
  add_verb(group, BatchVerb::kSignal, "Sends each run a signal, whose arguments are JSON");
  add_verb(group, BatchVerb::kCancel, "Asks each run to cancel");
  add_verb(group, BatchVerb::kTerminate, "Ends each run at once");
  add_verb(group, BatchVerb::kPause, "Pauses each run");
  add_verb(group, BatchVerb::kResume, "Resumes each run that is paused");
  add_verb(group, BatchVerb::kReset, "Has each run go on from an event of its history");
  add_verb(group, BatchVerb::kRestart, "Has each run go on from where it failed");
  const auto listed = add(group, "list", "Lists batches", "", list);
  const auto shown = add(group, "show", "What is known of a batch", "ID", show);
  const auto waiting = add(group, "wait", "Waits until a batch has ended", "ID", wait);
  for (const auto& [name, asked] :
       {std::pair("list", listed), std::pair("show", shown), std::pair("wait", waiting)}) {
    CLI::App& command = *group.get_subcommand(name);
    if (asked != waiting) command.add_flag("--json", asked->json, "for programs");
    add_colour_option(command, asked->colour);
  }
  CLI::App& wait_command = *group.get_subcommand("wait");
  wait_command.add_option("--for", waiting->seconds, "seconds at most; 0: as long as it takes")
      ->check([](const std::string& text) { return base::fault_of_seconds(text, 0, 1e9); });
  wait_command.footer(
      "Exit codes: 0 it has ended, and nothing has failed; 1 something has failed, it has not\n"
      "ended, or there is no such batch; 2 the store cannot be read.");
  const auto stopped = add(group, "stop", "Has a batch reach no more runs", "ID", stop);
  add_call(group, "stop", *stopped);
}

}  // namespace reprise::tools
