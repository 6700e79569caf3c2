#include "tools/why_command.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/shell_word.h"
#include "event/payload_text.h"
#include "tools/event_text.h"
#include "tools/live_attempts.h"
#include "tools/run_text.h"
#include "tools/setting_text.h"
#include "tools/store_arguments.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

using nlohmann::json;
using runtime::RunState;

struct WhyOptions {
  WhyOptions(CLI::App& command, const base::Clock& now)
      : store(command, StoreArguments::About::kRun), clock(now) {}

  StoreArguments store;
  const base::Clock& clock;
  bool json = false;
  ColourMode colour = ColourMode::kAuto;
};

struct Signals {
  std::size_t count = 0;
  std::int64_t last_ms = 0;
  std::size_t set_aside = 0;
  std::string refused{};  // what was wrong with the last of them
};

std::map<std::string, Signals> signals_of(const Timeline& timeline) {
  std::map<std::string, Signals> signals;
  for (const Operation& operation : timeline.operations()) {
    if (operation.kind != Operation::Kind::kSignal) continue;
    Signals& of_name = signals[operation.name];
    ++of_name.count;
    of_name.last_ms = operation.began_ms;
    if (operation.state != Operation::State::kSetAside) continue;
    ++of_name.set_aside;
    of_name.refused = operation.refused;
  }
  return signals;
}

class Explanation {
 public:
  Explanation(const Timeline& timeline,
              const RunState& run,
              const LiveAttempts& attempts,
              const base::Error* parked,
              const WhyOptions& options)
      : timeline_(timeline),
        run_(run),
        attempts_(attempts),
        parked_(parked),
        paint_(options.colour),
        now_ms_(base::to_ms(options.clock.now())),
        directory_(options.store.directory()) {}

  void print() const {
    std::printf("%s %s, started %s (%s)\n", paint_(Colour::kBold, title_of(run_)).c_str(),
                paint_(colour_of(run_.status), "is " + std::string(to_string(run_.status))).c_str(),
                utc_millis(run_.started_ms).c_str(), ago(run_.started_ms).c_str());
    print_settings();
    if (!run_.open()) return print_end();
    if (parked_ != nullptr) print_parked();
    if (run_.is_paused() && run_.paused() != nullptr) {
      print_paused();
    } else if (run_.delayed_until_ms() > 0) {
      print_delay();
    } else if (timeline_.unapplied() > 0) {
      print_unapplied();
    }
    print_operations();
    if (const auto limit = run_.run_timeout_due_ms()) {
      const runtime::RunTerms* const terms = run_.terms();
      const bool chain = terms != nullptr && terms->execution_due_ms == *limit;
      std::printf("  its %s ends it %s\n",
                  chain ? "execution_timeout, which is that of the whole chain," : "run_timeout",
                  when(*limit).c_str());
    }
    print_signals();
    print_advice();
  }

 private:
  std::string ago(std::int64_t ms) const { return duration_text(now_ms_ - ms) + " ago"; }
  std::string when(std::int64_t ms) const {
    const std::string at = ", at " + utc_millis(ms);
    if (ms > now_ms_) return "in " + duration_text(ms - now_ms_) + at;
    return "as soon as an engine runs it: it was due " + ago(ms) + at;
  }

  void print_end() const {
    if (run_.status == runtime::RunStatus::kCompleted) {
      std::printf("  it waits for nothing: it ended %s\n", ago(run_.closed_ms()).c_str());
      return;
    }
    if (run_.status == runtime::RunStatus::kContinuedAsNew) {
      std::printf("  it waits for nothing: it continued %s as run %s\n",
                  ago(run_.closed_ms()).c_str(), run_.continued_to().to_string().c_str());
      return;
    }
    std::printf("  it waits for nothing: it ended %s: %s\n", ago(run_.closed_ms()).c_str(),
                paint_(Colour::kRed, failure_text(timeline_.end().failure())).c_str());
    if (run_.continued_to() != base::RunId()) {
      std::printf("  it %s as run %s\n",
                  run_.status == runtime::RunStatus::kTerminated ? "goes on" : "was retried",
                  run_.continued_to().to_string().c_str());
    }
  }

  void print_settings() const {
    for (const auto& setting : run_.settings().list()) {
      std::printf("  it publishes %s\n", setting_text(setting).c_str());
    }
  }

  void print_parked() const {
    std::printf("  its code: the engine has %s it, until other code comes:\n",
                paint_(Colour::kRed, "parked").c_str());
    const std::string text = parked_->text();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      std::printf("      %s\n", safe_text(std::string_view(text).substr(at, end - at)).c_str());
      at = end + 1;
    }
  }

  void print_paused() const {
    std::printf("  its code: %s %s\n", paint_(Colour::kYellow, "paused").c_str(),
                paused_text(run_).c_str());
    std::printf(
        "  nothing of it begins until it is resumed: reprise resume %s %s. Inputs that its code "
        "has\n"
        "  not seen: %zu\n",
        base::shell_word(directory_).c_str(), run_.id.to_string().c_str(), timeline_.unapplied());
  }

  void print_delay() const {
    std::printf("  its code: %s runs %s\n",
                run_.attempt() > 1
                    ? ("attempt " + std::to_string(run_.attempt()) + ", after a failure,").c_str()
                    : "it was started with a delay and",
                when(run_.delayed_until_ms()).c_str());
  }

  void print_unapplied() const {
    std::printf(
        "  its code: inputs that it has not seen are recorded (%zu). No worker of task queue '%s'\n"
        "  was there that has workflow '%s', or the run was parked: its code met a bug, or did "
        "not\n"
        "  match the history\n",
        timeline_.unapplied(), safe_text(*run_.task_queue).c_str(),
        safe_text(*run_.workflow).c_str());
  }

  void print_operations() const {
    for (const Operation& operation : timeline_.operations()) {
      if (operation.has_ended()) continue;
      std::string text(to_string(operation.kind));
      if (operation.id != 0) text += " #" + std::to_string(operation.id);
      if (!operation.name.empty()) text += " " + safe_text(operation.name);
      text += other_run_text(operation);
      if (operation.kind == Operation::Kind::kTimer) {
        text += " of " + duration_text(base::sub_sat(operation.due_ms, operation.began_ms));
      }
      std::printf("  %s, asked for %s", paint_(Colour::kYellow, text).c_str(),
                  ago(operation.began_ms).c_str());
      if (!operation.file.empty()) {
        std::printf(", called at %s:%u", safe_text(operation.file).c_str(), operation.line);
      }
      std::printf("\n");
      print_state(operation);
    }
  }

  void print_state(const Operation& operation) const {
    if (operation.kind == Operation::Kind::kTimer) {
      const bool held = run_.is_paused() && operation.due_ms <= now_ms_;
      std::printf("      fires %s\n",
                  held ? "when the run is resumed" : when(operation.due_ms).c_str());
    }
    if (!operation.heartbeat.empty()) {
      std::printf("      last heartbeat: %s\n", event::payload_text(operation.heartbeat).c_str());
    }
    if (operation.is_attempted()) print_attempts(operation);
    if (operation.kind == Operation::Kind::kTransaction) print_transaction(operation);
    if (operation.kind == Operation::Kind::kChild) {
      std::printf("      %s; why it goes on: reprise why %s %s\n",
                  operation.started ? "it has begun, and has not ended"
                                    : "it is not known to have begun",
                  base::shell_word(directory_).c_str(),
                  base::shell_word(operation.receiver).c_str());
    }
  }

  void print_transaction(const Operation& operation) const {
    const FailedAttempt* const last = print_last_failure(operation);
    if (last != nullptr && last->next_ms > now_ms_) {
      std::printf("      is executed again %s\n", when(last->next_ms).c_str());
      return;
    }
    std::printf(
        "      is executed when the log is next written, if a worker of task queue '%s' is there\n",
        safe_text(*run_.task_queue).c_str());
  }

  // nullptr: there is none.
  const FailedAttempt* print_last_failure(const Operation& operation) const {
    if (operation.failures.empty()) return nullptr;
    const FailedAttempt& last = operation.failures.back();
    std::printf("      attempt %u failed %s: %s\n", last.number, ago(last.at_ms).c_str(),
                paint_(Colour::kRed, failure_text(last.failure)).c_str());
    return &last;
  }

  void print_attempts(const Operation& operation) const {
    if (operation.is_to_cancel()) {
      std::printf("      %s\n", paint_(Colour::kYellow, cancel_text(operation, now_ms_)).c_str());
    } else if (operation.limits.on_cancel() == proto::ActivityScheduled::ABANDON) {
      std::printf("      a cancellation does not stop it, and need not be in the log\n");
    }
    const FailedAttempt* const last = print_last_failure(operation);
    const unsigned next = last == nullptr ? 1 : last->number + 1;
    if (last != nullptr && last->next_ms > now_ms_) {
      std::printf("      attempt %u may begin %s\n", next, when(last->next_ms).c_str());
      return;
    }
    if (operation.is_open()) {
      std::printf("      waits to be %s %s\n",
                  paint_(Colour::kYellow, "completed elsewhere").c_str(),
                  open_text(operation, now_ms_).c_str());
      return;
    }
    if (const auto live = attempts_.find(operation.id); live != attempts_.end()) {
      if (live->second.under_way()) {
        std::printf("      attempt %u is under way\n", next);
        return;
      }
      if (!live->second.held_back().empty()) {
        std::printf("      attempt %u is %s: %s\n", next,
                    paint_(Colour::kYellow, "held back").c_str(),
                    safe_text(live->second.held_back()).c_str());
        return;
      }
    }
    const std::string& queue =
        operation.task_queue.empty() ? *run_.task_queue : operation.task_queue;
    std::printf("      attempt %u is under way, or waits for a worker of task queue '%s'\n", next,
                safe_text(queue).c_str());
  }

  bool something_pending() const {
    for (const Operation& operation : timeline_.operations()) {
      if (!operation.has_ended()) return true;
    }
    return timeline_.unapplied() > 0;
  }

  void print_signals() const {
    const auto signals = signals_of(timeline_);
    if (something_pending()) {
      std::printf(
          "  a signal, an update or a condition may be what it waits for as well: the log does "
          "not\n"
          "  say; signals received so far: ");
    } else {
      std::printf(
          "  %s: no activity, step, timer, message or child is under\n"
          "  way, so its code waits for one, for an update, or for a condition that these make "
          "true;\n"
          "  received so far: ",
          paint_(Colour::kYellow, "a signal that nobody has sent").c_str());
    }
    if (signals.empty()) std::printf("none");
    const char* separator = "";
    for (const auto& [name, received] : signals) {
      std::printf("%s%s (%zu, the last %s)", separator, safe_text(name).c_str(), received.count,
                  ago(received.last_ms).c_str());
      separator = ", ";
    }
    std::printf("\n");
    for (const auto& [name, received] : signals) {
      if (received.set_aside == 0) continue;
      std::printf("  %s of signal %s, which its code did not see; the last: %s\n",
                  paint_(Colour::kRed, std::to_string(received.set_aside) + " set aside").c_str(),
                  safe_text(name).c_str(), safe_text(received.refused).c_str());
    }
  }

  void print_advice() const {
    std::printf(
        "\nThe worker's own program shows what each strand of its code waits for:\n"
        "  WORKER replay --store %s --run %s --until %llu\n"
        "%s",
        base::shell_word(directory_).c_str(), run_.id.to_string().c_str(),
        static_cast<unsigned long long>(run_.events),
        parked_ != nullptr ? ""
                           : "The engine that has the store, or had it last, has not parked it.\n");
  }

  const Timeline& timeline_;
  const RunState& run_;
  const LiveAttempts& attempts_;
  const base::Error* const parked_;
  const Paint paint_;
  const std::int64_t now_ms_;
  const std::string directory_;
};

json describe(const Timeline& timeline,
              const RunState& run,
              const LiveAttempts& attempts,
              const base::Error* parked) {
  json shown = run_json(run, nullptr, parked);
  shown["unapplied_inputs"] = timeline.unapplied();
  shown["waits_for"] = json::array();
  for (const Operation& operation : timeline.operations()) {
    if (operation.has_ended()) continue;
    json waits_for = operation_json(operation);
    if (const auto live = attempts.find(operation.id); live != attempts.end()) {
      if (live->second.under_way()) waits_for["under_way"] = true;
      if (!live->second.held_back().empty()) {
        waits_for["held_back"] = live->second.held_back();
      }
    }
    shown["waits_for"].push_back(std::move(waits_for));
  }
  shown["signals"] = json::object();
  for (const auto& [name, received] : signals_of(timeline)) {
    json& signal = shown["signals"][name];
    signal = {{"count", received.count}, {"last", utc_iso(received.last_ms)}};
    if (received.set_aside == 0) continue;
    signal["set_aside"] = received.set_aside;
    signal["refused"] = received.refused;
  }
  if (const auto limit = run.run_timeout_due_ms()) shown["times_out"] = utc_iso(*limit);
  if (!run.open() && run.status != runtime::RunStatus::kCompleted &&
      run.status != runtime::RunStatus::kContinuedAsNew) {
    shown["failure"] = failure_text(timeline.end().failure());
  }
  return shown;
}

void why(const WhyOptions& options) {
  const auto reader = options.store.open();
  const auto run = options.store.find(*reader);
  if (const std::string* const damage = reader->damage(run->number)) {
    if (options.json) return print_json(run_json(*run, damage));
    std::printf("%s is %s and does not go on: %s\n", title_of(*run).c_str(),
                Paint(options.colour)(Colour::kRed, "quarantined").c_str(),
                safe_text(*damage).c_str());
    return;
  }
  Timeline timeline;
  const auto read =
      reader->visit_turns(*run, [&](store::Seq, const proto::Turn& turn) { timeline.add(turn); });
  if (!read) give_up(options.store.command(), read.error().text(), kNotThere);
  const base::Error* const parked = reader->parked(*run);
  const std::string* const released = reader->released(run->number);
  const LiveAttempts attempts = ask_for_attempts(*run, timeline, options.store.directory());
  if (options.json) {
    json shown = describe(timeline, *run, attempts, parked);
    if (released != nullptr) shown["note"] = *released;
    return print_json(shown);
  }
  if (released != nullptr) std::printf("note: %s\n", safe_text(*released).c_str());
  Explanation(timeline, *run, attempts, parked, options).print();
}

}  // namespace

void add_why_command(CLI::App& app, const base::Clock& clock) {
  CLI::App* const command = app.add_subcommand("why", "Says what a run waits for");
  const auto options = std::make_shared<WhyOptions>(*command, clock);
  command->add_flag("--json", options->json, "one JSON object");
  add_colour_option(*command, options->colour);
  command->footer(
      "Exit codes: 0 said; 1 no such run, or its history does not verify; 2 the store cannot be\n"
      "read.");
  command->callback([options] { why(*options); });
}

}  // namespace reprise::tools
