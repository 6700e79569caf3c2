#include "tools/show_command.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/place.h"
#include "event/payload_json.h"
#include "event/payload_text.h"
#include "tools/event_text.h"
#include "tools/run_text.h"
#include "tools/setting_text.h"
#include "tools/store_arguments.h"
#include "tools/table.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

struct ShowOptions {
  ShowOptions(CLI::App& command, const base::Clock& now)
      : store(command, StoreArguments::About::kRun), clock(now) {}

  StoreArguments store;
  const base::Clock& clock;
  bool payloads = false;
  bool full = false;
  bool json = false;
  ColourMode colour = ColourMode::kAuto;

  std::size_t longest() const { return full ? event::kWholePayload : event::kShortPayload; }
};

std::string operation_site(const Operation& operation) {
  if (operation.file.empty()) return {};
  return safe_text(base::place_text(operation.file, operation.line));
}

std::string name_of(const Operation& operation) {
  std::string text(to_string(operation.kind));
  if (operation.id != 0) text += " #" + std::to_string(operation.id);
  if (operation.kind == Operation::Kind::kTimer) {
    return text + " " + duration_text(base::sub_sat(operation.due_ms, operation.began_ms));
  }
  if (operation.kind == Operation::Kind::kSideEffect) {
    return text + " " + event::payload_text(operation.result);
  }
  if (operation.setting) return text + " " + setting_text(*operation.setting);
  if (!operation.name.empty()) text += " " + safe_text(operation.name);
  if (!operation.sender.empty()) text += " from " + safe_text(operation.sender);
  text += other_run_text(operation);
  if (operation.again) text += " (unread before)";
  return operation.outcome ? text + (*operation.outcome ? ": true" : ": false") : text;
}

std::string state_of(const Operation& operation) {
  const bool instant =
      operation.kind == Operation::Kind::kSignal ||
      operation.kind == Operation::Kind::kSideEffect || operation.kind == Operation::Kind::kPatch ||
      operation.kind == Operation::Kind::kDecision || operation.kind == Operation::Kind::kSetting ||
      operation.kind == Operation::Kind::kCancelRequest ||
      operation.kind == Operation::Kind::kCheckpoint;
  const bool shown = !instant || operation.state == Operation::State::kSetAside;
  return shown ? std::string(to_string(operation.state)) : "";
}

constexpr const char* kIndent = "            ";

void add_notes(Table& table, const Operation& operation, const ShowOptions& options) {
  for (const FailedAttempt& failed : operation.failures) {
    std::string text = kIndent;
    if (failed.number != 0) text += "attempt " + std::to_string(failed.number) + " ";
    text += "failed after " + duration_text(base::sub_sat(failed.at_ms, operation.began_ms)) +
            ": " + failure_text(failed.failure);
    if (failed.next_ms != 0)
      text += "; retry in " + duration_text(base::sub_sat(failed.next_ms, failed.at_ms));
    table.add_note(text, Colour::kRed);
  }
  const std::int64_t now_ms = base::to_ms(options.clock.now());
  if (operation.is_to_cancel()) {
    table.add_note(kIndent + cancel_text(operation, now_ms), Colour::kYellow);
  }
  if (operation.is_open()) {
    table.add_note(kIndent + ("waits to be completed elsewhere " + open_text(operation, now_ms)),
                   Colour::kYellow);
  }
  if (!operation.refused.empty()) {
    table.add_note(kIndent + safe_text(operation.refused), Colour::kRed);
  }
  if (!options.payloads) return;
  const std::string input = event::payload_text(operation.input, options.longest());
  const std::string result = event::payload_text(operation.result, options.longest());
  if (!input.empty()) table.add_note(kIndent + ("input  " + input), Colour::kFaint);
  if (!result.empty()) table.add_note(kIndent + ("result " + result), Colour::kFaint);
}

void print_timeline(const Timeline& timeline,
                    const runtime::RunState& run,
                    const ShowOptions& options,
                    const Paint& paint) {
  Table table({{"AT", true},
               {"TOOK", true},
               {"STATE"},
               {"WHAT"},
               {"ATTEMPTS", true},
               {"CALLED AT", false, false, true}});
  const std::int64_t now_ms = base::to_ms(options.clock.now());
  for (const Operation& operation : timeline.operations()) {
    const std::string state = state_of(operation);
    const std::int64_t until = operation.has_ended() ? operation.ended_ms : now_ms;
    const bool attempted = operation.is_attempted();
    table.add({"+" + duration_text(base::sub_sat(operation.began_ms, run.started_ms)),
               state.empty() || operation.kind == Operation::Kind::kSignal
                   ? ""
                   : duration_text(base::sub_sat(until, operation.began_ms)),
               {state, colour_of(operation.state)},
               name_of(operation),
               attempted ? std::to_string(operation.attempts()) : "",
               {operation_site(operation), Colour::kFaint}});
    add_notes(table, operation, options);
  }
  if (!table.empty()) {
    std::printf("\n");
    table.print(paint, terminal_width());
  }
}

void print_terms(const runtime::RunState& run, const Paint& paint) {
  const runtime::RunTerms* const terms = run.terms();
  if (terms == nullptr) return;
  if (terms->attempt > 1 || terms->retry != nullptr) {
    const int most = terms->retry == nullptr ? 0 : terms->retry->maximum_attempts();
    print_field(paint, "attempt",
                std::to_string(terms->attempt) + (most > 0 ? " of " + std::to_string(most) : ""));
  }
  if (run.delayed_until_ms() > 0) {
    print_field(paint, "delayed", "until " + utc_millis(run.delayed_until_ms()), Colour::kYellow);
  }
  if (terms->execution_due_ms > 0) {
    print_field(paint, "limit", utc_millis(terms->execution_due_ms) + ", of the whole chain");
  }
  if (!terms->request_id.empty()) print_field(paint, "request", safe_text(terms->request_id));
}

std::string events_text(const runtime::RunState& run) {
  const std::string text = std::to_string(run.events);
  if (run.checkpoint() == nullptr) return text;
  return text + ", replayed from event " + std::to_string(run.checkpoint()->events + 1);
}

void print_head(const Timeline& timeline,
                const runtime::RunState& run,
                bool damaged,
                const ShowOptions& options,
                const Paint& paint) {
  print_field(paint, "run", title_of(run), Colour::kBold);
  print_field(paint, "workflow", safe_text(*run.workflow));
  print_field(paint, "run id", run.id.to_string());
  std::string status(to_string(run.status));
  if (run.open())
    status +=
        " for " + duration_text(base::sub_sat(base::to_ms(options.clock.now()), run.started_ms));
  if (run.closed_ms() != 0)
    status += " after " + duration_text(base::sub_sat(run.closed_ms(), run.started_ms));
  if (damaged) status += ", quarantined";
  print_field(paint, "status", status, damaged ? Colour::kRed : colour_of(run.status));
  if (run.continued_from() != base::RunId()) {
    const std::string first =
        run.first_of_chain() == run.continued_from()
            ? ", the first of its chain"
            : "; the first of its chain is " + run.first_of_chain().to_string();
    const bool retries = run.attempt() > 1;
    print_field(paint, retries ? "retries" : "continues",
                "run " + run.continued_from().to_string() + first);
  }
  if (const runtime::Parent* const parent = run.parent(); parent != nullptr) {
    print_field(paint, "parent", parent_text(*parent));
  }
  if (run.is_paused() && run.paused() != nullptr) {
    print_field(paint, "paused", paused_text(run), Colour::kYellow);
  }
  if (run.origin() != nullptr) {
    print_field(paint, run.origin()->fork ? "forked" : "reset",
                "from " + origin_text(*run.origin()));
  }
  print_terms(run, paint);
  print_field(paint, "started", utc_millis(run.started_ms));
  if (run.closed_ms() != 0) print_field(paint, "ended", utc_millis(run.closed_ms()));
  print_field(paint, "queue", safe_text(*run.task_queue));
  print_field(paint, "events", events_text(run));
  const std::string input = event::payload_text(timeline.input(), options.longest());
  if (!input.empty()) print_field(paint, "input", input);
  for (const auto& setting : run.settings().list()) {
    print_field(paint, "publishes", setting_text(setting, options.longest()));
  }
}

void print_end(const Timeline& timeline,
               const runtime::RunState& run,
               const ShowOptions& options,
               const Paint& paint) {
  const runtime::RunEnd& end = timeline.end();
  if (end.status == runtime::RunStatus::kRunning) return;
  std::printf("\n");
  if (end.status == runtime::RunStatus::kCompleted) {
    const std::string result = event::payload_text(end.result, options.longest());
    print_field(paint, "result", result.empty() ? "none" : result, Colour::kGreen);
  } else if (end.status == runtime::RunStatus::kContinuedAsNew) {
    print_field(paint, "continued", "as run " + run.continued_to().to_string(), Colour::kGreen);
  } else {
    print_field(paint, "failure", failure_text(end.failure()), Colour::kRed);
    if (run.continued_to() != base::RunId()) {
      const bool reset = end.status == runtime::RunStatus::kTerminated;
      print_field(paint, reset ? "goes on" : "retried", "as run " + run.continued_to().to_string(),
                  Colour::kYellow);
    }
  }
}

nlohmann::json describe(const Timeline& timeline,
                        const runtime::RunState& run,
                        const std::string* damage) {
  nlohmann::json shown = run_json(run, damage);
  shown["input"] = event::payload_json(timeline.input());
  shown["operations"] = nlohmann::json::array();
  for (const Operation& operation : timeline.operations()) {
    shown["operations"].push_back(operation_json(operation));
  }
  const runtime::RunEnd& end = timeline.end();
  if (end.status == runtime::RunStatus::kCompleted) {
    shown["result"] = event::payload_json(end.result);
  } else if (end.status != runtime::RunStatus::kRunning &&
             end.status != runtime::RunStatus::kContinuedAsNew) {
    shown["failure"] = failure_text(end.failure());
  }
  return shown;
}

void show(const ShowOptions& options) {
  const auto reader = options.store.open();
  const auto run = options.store.find(*reader);
  Timeline timeline;
  const auto read =
      reader->visit_turns(*run, [&](store::Seq, const proto::Turn& turn) { timeline.add(turn); });
  // Of a damaged run the part before the damage is shown.
  if (options.json) {
    const std::string why = read ? "" : read.error().message;
    print_json(describe(timeline, *run, read ? reader->damage(run->number) : &why));
  } else {
    const Paint paint(options.colour);
    print_head(timeline, *run, reader->damage(run->number) != nullptr, options, paint);
    print_timeline(timeline, *run, options, paint);
    print_end(timeline, *run, options, paint);
    if (timeline.unapplied() > 0) {
      std::printf("\n%zu inputs are recorded and wait for the workflow's code: see reprise why\n",
                  timeline.unapplied());
    }
  }
  if (!read) give_up(options.store.command(), read.error().text(), kNotThere);
}

}  // namespace

void add_show_command(CLI::App& app, const base::Clock& clock) {
  CLI::App* const command =
      app.add_subcommand("show", "Shows what a run did: each operation, when, how long, how often");
  const auto options = std::make_shared<ShowOptions>(*command, clock);
  CLI::Option* const as_json =
      command->add_flag("--json", options->json, "one JSON object, with whole payloads");
  command->add_flag("--payloads", options->payloads, "inputs and results of each operation too")
      ->excludes(as_json);
  command->add_flag("--full", options->full, "payloads whole, however long they are")
      ->excludes(as_json);
  add_colour_option(*command, options->colour);
  command->footer(
      "AT counts from the start of the run. What took time took it between two turns of the log:\n"
      "from the turn that asked for it to the turn that took its end, waiting for a worker\n"
      "included. Green: done. Yellow: waiting. Red: failed.\n"
      "Exit codes: 0 shown; 1 no such run, or its history does not verify; 2 the store cannot be\n"
      "read.");
  command->callback([options] { show(*options); });
}

}  // namespace reprise::tools
