#include "sdk/src/cli/replay_command.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>

#include "base/printable_text.h"
#include "base/shell_word.h"
#include "base/whole_number.h"
#include "reprise/error.h"
#include "runtime/history/history_replay.h"
#include "sdk/src/cli/debugged_replay.h"
#include "sdk/src/cli/event_text.h"
#include "sdk/src/cli/exit_status.h"
#include "sdk/src/cli/given_up_lines.h"
#include "sdk/src/cli/history_source.h"
#include "sdk/src/cli/replay_code.h"
#include "sdk/src/cli/replay_stacks.h"
#include "sdk/src/cli/strand_text.h"
#include "sdk/src/errors.h"

namespace reprise::internal {
namespace {

constexpr int kMatches = 0;
constexpr int kDiffers = 1;

struct ReplayCommand {
  HistorySource source;
  std::uint64_t until = 0;     // 0: to the end
  std::uint64_t break_at = 0;  // 0: nowhere
  bool strict = false;
};

unsigned long long count(std::uint64_t number) {
  return number;
}

// Ends the replay when everything that follows from an event has happened.
class UntilEvent final : public replay::ReplayObserver {
 public:
  explicit UntilEvent(std::uint64_t last) : last_(last) {}
  bool is_there() const { return there_; }

  void applying(std::uint64_t event, const proto::Event&) override { see(event); }
  bool resumed() override { return true; }
  bool asks(std::uint64_t event, const proto::Event&) override { return see(event), true; }
  void throws(const std::string&) override {}
  void differs(const replay::Trouble&) override { seen_ = false; }
  bool settled() override {
    there_ = seen_;
    return there_ ? kLeave : !kLeave;
  }

 private:
  void see(std::uint64_t event) { seen_ = seen_ || event == last_; }

  std::uint64_t last_;
  bool seen_ = false;
  bool there_ = false;
};

// A line for every turn, or for every twentieth of a long history.
class Progress {
 public:
  Progress(const proto::History& history, const runtime::HistoryReplay& replay)
      : step_((history.turns_size() - replay.began().turn) / 20 + 1), shown_(replay.events()) {}
  void replayed(const runtime::HistoryReplay& replay) {
    if ((replay.turns() - replay.began().turn) % step_ != 0) return;
    std::printf("events %llu-%llu match\n", count(shown_ + 1), count(replay.events()));
    shown_ = replay.events();
  }

 private:
  int step_;
  std::uint64_t shown_;
};

void print_position(const History& history,
                    std::uint64_t event,
                    const replay::Execution& execution,
                    base::Symbols& symbols) {
  const auto events = numbered_events(history.data());
  std::printf("stopped after event %llu: %s\n", count(event),
              event_line(*events[event - 1].event).c_str());
  for (const std::string& line : strand_lines(execution, symbols))
    std::printf("  %s\n", line.c_str());
}

int report_end(const History& history,
               std::uint64_t first_event,
               const std::optional<std::string>& report) {
  std::fflush(stdout);
  if (report) {
    std::fprintf(stderr, "%s\n",
                 base::printable_text(*report, base::LineBreaks::kIndented).c_str());
    return kDiffers;
  }
  const std::string since =
      first_event == 1 ? "" : " since the checkpoint at event " + std::to_string(first_event);
  std::printf("replayed: run %s of workflow '%s', all %llu events%s match\n",
              base::printable_text(history.workflow_id()).c_str(),
              base::printable_text(history.workflow()).c_str(),
              count(history.events() - first_event + 1), since.c_str());
  return kMatches;
}

int run_alone(const runtime::WorkerCode& code,
              const History& history,
              const ReplayCommand& options) {
  replay::StackPool stacks(replay_stacks());
  base::Symbols symbols;
  UntilEvent until(options.until);
  GivenUpLines given_up(symbols);
  runtime::HistoryReplay replay(code, stacks, history.data(),
                                {.strict = options.strict,
                                 .symbols = &symbols,
                                 .observer = &until,
                                 .given_up = given_up.teller(),
                                 .whole = options.source.whole});
  Progress progress(history.data(), replay);
  while (replay.next()) progress.replayed(replay);
  if (until.is_there()) {
    print_position(history, options.until, *replay.execution(), symbols);
    return kMatches;
  }
  if (options.until != 0 && replay.trouble() == nullptr) {
    std::fprintf(stderr, "event %llu was not reached: no code of this program meets it\n",
                 count(options.until));
    return kCannot;
  }
  return report_end(history, replay.began().event,
                    replay.trouble() == nullptr
                        ? std::nullopt
                        : std::optional<std::string>(replay.trouble()->report));
}

std::string own_command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string line;
  for (std::string argument; std::getline(file, argument, '\0');) {
    line += (line.empty() ? "" : " ") + base::shell_word(argument);
  }
  return line;
}

int explain_debugger(std::uint64_t event) {
  std::fprintf(stderr,
               "--break stops in a debugger, and none is attached. Start the same command in one:\n"
               "  gdb --args %s\n"
               "  (gdb) run\n"
               "It stops at event %llu with the workflow's own frames on the stack (bt, up, info "
               "locals).\n"
               "Without a debugger, --until %llu shows what the run waits for there.\n",
               own_command_line().c_str(), count(event), count(event));
  return kCannot;
}

void require_event(const History& history,
                   std::uint64_t first,
                   const char* option,
                   std::uint64_t event) {
  if (event == 0) return;
  if (event < first) {
    throw InvalidOption(code_text(base::ErrorCode::kInvalidOption),
                        std::string(option) + " " + std::to_string(event) +
                            ": the replay begins at the checkpoint at event " +
                            std::to_string(first) + "; add --whole");
  }
  if (event <= history.events()) return;
  throw InvalidOption(code_text(base::ErrorCode::kInvalidOption),
                      std::string(option) + " " + std::to_string(event) + ": the history has " +
                          std::to_string(history.events()) + " events");
}

int run_replay(const Worker& worker, const ReplayCommand& options) {
  const History history = options.source.read();
  const std::uint64_t first =
      runtime::HistoryReplay::beginning(history.data(), options.source.whole).event;
  require_event(history, first, "--until", options.until);
  require_event(history, first, "--break", options.break_at);
  const runtime::WorkerCode code = replay_code(worker);
  if (!debugger_attached()) {
    if (options.break_at != 0) return explain_debugger(options.break_at);
    return run_alone(code, history, options);
  }
  if (options.until != 0) return run_alone(code, history, options);
  DebuggedReplay replay(code, history.data(), options.strict, options.source.whole);
  return report_end(history, first, replay.run(options.break_at));
}

}  // namespace

void add_replay_command(CLI::App& app,
                        const Worker& worker,
                        const PayloadCodecs& codecs,
                        int* exit_status) {
  const auto options = std::make_shared<ReplayCommand>();
  CLI::App* const command = app.add_subcommand(
      "replay",
      "Replays one history with this program's code. Exit status 0: it matches, 1: it does not, "
      "2: it cannot be read. In a debugger it stops where code and history differ");
  options->source.codecs.own = codecs;
  options->source.add_options(*command);
  auto* const until = command->add_option(
      "--until", options->until,
      "stop after this event (from 1) and show what each strand of the run waits for");
  auto* const break_at = command->add_option(
      "--break", options->break_at,
      "in a debugger: stop (SIGTRAP) where the code meets this event, on its own stack");
  const auto from_one = [](const std::string& text) { return base::fault_of_number(text, 1); };
  until->check(from_one)->excludes(break_at);
  break_at->check(from_one);
  command->add_flag("--strict", options->strict,
                    "compare all that commands carry, not kinds and names alone");
  command->final_callback(
      [options, &worker, exit_status] { *exit_status = run_replay(worker, *options); });
}

}  // namespace reprise::internal
