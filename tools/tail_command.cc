#include "tools/tail_command.h"

#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/whole_number.h"
#include "event/catalogue.h"
#include "event/text.h"
#include "event/turn.h"
#include "tools/event_text.h"
#include "tools/run_finder.h"
#include "tools/run_text.h"
#include "tools/store_arguments.h"
#include "tools/tail_reader.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

struct TailOptions {
  explicit TailOptions(CLI::App& command) : store(command, StoreArguments::About::kStore) {}

  StoreArguments store;
  std::string run;
  std::string type;
  double interval = 0.5;  // seconds
  bool runs = false;
  bool json = false;
  ColourMode colour = ColourMode::kAuto;
};

bool is_start_or_end(const proto::Event& event) {
  return event.has_run_started() || event::row_of(event).ends.has_value();
}

Colour event_colour(const proto::Event& event) {
  const event::Row& row = event::row_of(event);
  if (row.ends) return colour_of(*row.ends);
  const bool failed =
      row.answers == event::Answer::kFailure || row.answers == event::Answer::kAttemptFailed;
  return failed ? Colour::kRed : Colour::kNone;
}

// Waits, and notices Ctrl-C meanwhile.
class Wait {
 public:
  Wait() {
    ::sigemptyset(&ends_);
    ::sigaddset(&ends_, SIGINT);
    ::sigaddset(&ends_, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &ends_, nullptr);
  }
  // False: it is time to end.
  bool pass(double seconds) const {
    timespec limit{};
    limit.tv_sec = static_cast<std::time_t>(seconds);
    limit.tv_nsec = static_cast<long>((seconds - static_cast<double>(limit.tv_sec)) * 1e9);
    return ::sigtimedwait(&ends_, nullptr, &limit) < 0;
  }

 private:
  sigset_t ends_{};
};

class Tail {
 public:
  explicit Tail(const TailOptions& options)
      : options_(options), paint_(options.colour), reader_(options.store.open()) {}

  void follow() {
    auto tail = TailReader::from_now(*reader_);
    if (!tail) give_up(options_.store.command(), tail.error());
    if (!options_.run.empty() && !choose_run(&*tail)) return;
    if (::isatty(STDERR_FILENO) == 1) {
      std::fprintf(stderr, "what becomes durable from now on; Ctrl-C ends\n");
    }
    const Wait wait;
    const auto show = [this](store::Seq seq, const TailRun& run, const proto::Turn& turn) {
      print(seq, run, turn);
    };
    bool more = true;
    while (!ended_ && wait.pass(more ? 0 : options_.interval)) {
      const auto polled = tail->poll(show);
      if (!polled) give_up(options_.store.command(), polled.error());
      more = *polled;
      std::fflush(stdout);
      report_lost(*tail);
    }
  }

 private:
  // False: it has ended already.
  bool choose_run(TailReader* tail) {
    const auto run = find_run(*reader_, options_.run);
    if (!run) give_up(options_.store.command(), run.error().text(), kNotThere);
    tail->only((*run)->number);
    if ((*run)->open()) return true;
    std::fprintf(stderr, "%s has ended: reprise show\n", title_of(**run).c_str());
    return false;
  }

  void print(store::Seq seq, const TailRun& run, const proto::Turn& turn) {
    ended_ = ended_ || (!options_.run.empty() && event::closes(turn));
    if (!options_.type.empty() && run.workflow != options_.type) return;
    std::uint64_t number = run.events;
    for (const auto* events : {&turn.inputs(), &turn.commands()}) {
      for (const proto::Event& event : *events) {
        ++number;
        if (options_.runs && !is_start_or_end(event)) continue;
        options_.json ? print_as_json(seq, run, turn, event, number)
                      : print_as_text(run, turn, event, number);
      }
    }
  }

  void print_as_text(const TailRun& run,
                     const proto::Turn& turn,
                     const proto::Event& event,
                     std::uint64_t number) const {
    std::string line = utc_millis(turn.time_ms()) + "  " + safe_text(run.workflow_id) + "  " +
                       std::to_string(number) + " " + paint_(event_colour(event), kind_of(event));
    const std::string details = details_of(event);
    const std::string site = event::place_of(event);
    if (!details.empty()) line += " " + details;
    if (!site.empty()) line += "  " + paint_(Colour::kFaint, "at " + site);
    std::printf("%s\n", line.c_str());
  }

  static void print_as_json(store::Seq seq,
                            const TailRun& run,
                            const proto::Turn& turn,
                            const proto::Event& event,
                            std::uint64_t number) {
    nlohmann::json line = {{"time", utc_iso(turn.time_ms())}, {"record", seq},
                           {"workflow", run.workflow},        {"workflow_id", run.workflow_id},
                           {"run_id", run.id.to_string()},    {"event", number},
                           {"kind", kind_of(event)},          {"details", details_of(event)}};
    if (event.has_call_site()) line["call_site"] = event::place_of(event);
    std::printf("%s\n", dump(line).c_str());
  }

  void report_lost(const TailReader& tail) {
    if (tail.lost() == lost_) return;
    std::fprintf(stderr,
                 "%llu turns could not be read: their runs were removed meanwhile, or they are "
                 "damaged (reprise check)\n",
                 static_cast<unsigned long long>(tail.lost() - lost_));
    lost_ = tail.lost();
  }

  const TailOptions& options_;
  const Paint paint_;
  const std::unique_ptr<runtime::StoreReader> reader_;
  bool ended_ = false;
  std::uint64_t lost_ = 0;
};

}  // namespace

void add_tail_command(CLI::App& app) {
  CLI::App* const command = app.add_subcommand(
      "tail", "Follows a store: prints each event when it is durable, until Ctrl-C");
  const auto options = std::make_shared<TailOptions>(*command);
  command->add_option("--run", options->run, "of this run only, and no longer than it is open");
  command->add_option("--type", options->type, "of runs of this workflow only");
  command->add_flag("--runs", options->runs, "starts and ends of runs only");
  command->add_option("--interval", options->interval, "seconds between two looks at the store")
      ->capture_default_str()
      ->check([](const std::string& text) { return base::fault_of_seconds(text, 0.01, 3600); });
  command->add_flag("--json", options->json, "a JSON object on each line");
  add_colour_option(*command, options->colour);
  command->footer(
      "Nothing is left out between two looks, however long they are apart, unless the engine's\n"
      "retention has removed the run.\n"
      "Exit codes: 0 ended by Ctrl-C, or with the run; 1 no such run; 2 the store cannot be read.");
  command->callback([options] { Tail(*options).follow(); });
}

}  // namespace reprise::tools
