// Every value that the public interface takes, with hostile contents, is written by a process that
// is killed, and must be there: read by another process, exported, imported, replayed, archived,
// backed up and checked.
//
//   $ round_trip_torture --quick
//   round_trip: kills=12 runs=48 acknowledged=... : ok
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <reprise/replayer.h>
#include <set>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "proto/history.pb.h"
#include "runtime/engine/store_audit.h"
#include "tests/round_trip/keeper.h"
#include "tests/support/odd_text.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/torture.h"

namespace reprise::round_trip {
namespace {

constexpr int kRuns = 4;  // of a store

// Deliberate faults of the killed process, to show that they are noticed.
enum class Lie : std::uint8_t { kNone, kSaysWhatItDidNot, kChangesAByte };

// The calls of one run, in order.
enum class Call : std::uint8_t { kStart, kUpdate, kSignal, kEnd };
constexpr int kCalls = 4;

using Acknowledged = std::set<std::pair<int, Call>>;

std::vector<Plan> plans_of(std::uint64_t seed) {
  std::vector<Plan> plans;
  for (int i = 0; i < kRuns; ++i) plans.push_back(plan_of(seed * kRuns + i, i));
  return plans;
}

// ---- what both processes do -------------------------------------------------------------------

Handle<std::string> start(Program& program, const Plan& plan, int number) {
  return program.client().start(workflow_of(plan)(plan.seed, number, plan.text),
                                {.id = plan.id, .task_queue = plan.queue});
}

// Empty: it was answered as it must be.
std::string update(const RunHandle& run, const Plan& plan) {
  try {
    const std::string answer = run.update(update_of(plan)(plan.text));
    return !plan.update_fails && answer == plan.text ? "" : "an update has another answer";
  } catch (const ApplicationFailure& failure) {
    const bool right = plan.update_fails && testing::is_text_of(failure.type(), plan.type) &&
                       testing::is_text_of(failure.what(), plan.message);
    return right ? ""
                 : "an update has another failure: " +
                       nlohmann::json({failure.type(), failure.what()}).dump().substr(0, 200);
  }
}

void end(const RunHandle& run, const Plan& plan) {
  switch (plan.end) {
    case End::kCompletes:
    case End::kFails:
      return run.signal(signal_of(plan)("end"));
    case End::kIsCancelled:
      return run.cancel(plan.reason);
    case End::kIsTerminated:
      return run.terminate(plan.reason);
  }
}

std::string refusal_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return std::string(error.code());
  }
  return "taken";
}

// ---- the process that is killed ---------------------------------------------------------------

class Writer {
 public:
  Writer(const std::string& directory, std::uint64_t seed, Lie lie, int answers)
      : random_(seed ^ 0x77),
        lie_(lie),
        until_(1 + static_cast<int>(random_.below(kRuns * kCalls))),
        answers_(answers),
        plans_(plans_of(seed)),
        program_(directory, plans_) {
    if (lie != Lie::kNone) until_ = kRuns * kCalls;
  }

  void go() {
    for (int i = 0; i < kRuns; ++i) {
      const Plan& plan = plans_[static_cast<std::size_t>(i)];
      refuse(plan);
      if (lie_ == Lie::kSaysWhatItDidNot && i == kRuns - 1) {
        say("did", i, Call::kStart);
        break;
      }
      const auto run = start(program_, plan, i);
      say("did", i, Call::kStart);
      if (const auto wrong = update(run, plan); !wrong.empty()) say_wrong(wrong);
      say("did", i, Call::kUpdate);
      if (run.query(query_of(plan)(plan.text)) != plan.text) say_wrong("a query changes its value");
      std::string value = plan.signalled;
      if (lie_ == Lie::kChangesAByte) value += "x";
      if (value.size() <= kMaxPayloadBytes - 6) run.signal(signal_of(plan)(value));
      say("did", i, Call::kSignal);
      end(run, plan);
      say("did", i, Call::kEnd);
    }
    ::kill(::getpid(), SIGKILL);
  }

 private:
  void refuse(const Plan& plan) {
    const std::string bad = testing::refused_name(random_);
    Plan wrong = plan;
    wrong.workflow = bad;
    const auto with = [&](const Plan& odd, const StartOptions& options) {
      return refusal_of([&] { program_.client().start(workflow_of(odd)(0, 0, ""), options); });
    };
    const std::string too_large(kMaxPayloadBytes, 'x');
    const std::string answers[] = {with(wrong, {.task_queue = plan.queue}), with(plan, {.id = bad}),
                                   with(plan, {.task_queue = bad}), refusal_of([&] {
                                     program_.client().start(workflow_of(plan)(0, 0, too_large),
                                                             {.task_queue = plan.queue});
                                   })};
    const char* expected[] = {"RP3003", "RP3003", "RP3003", "RP3002"};
    for (int i = 0; i < 4; ++i) {
      if (answers[i] != expected[i]) say_wrong("a refusal is " + answers[i]);
    }
  }

  void say_wrong(const std::string& what) { write_line("wrong " + what); }
  void say(const char* what, int run, Call call) {
    write_line(std::string(what) + " " + std::to_string(run) + " " +
               std::to_string(static_cast<int>(call)));
    if (--until_ == 0) ::kill(::getpid(), SIGKILL);
  }
  void write_line(const std::string& line) {
    const std::string whole = line + "\n";
    if (::write(answers_, whole.data(), whole.size()) < 0) ::_exit(1);
  }

  Random random_;
  const Lie lie_;
  int until_;  // acknowledgements
  const int answers_;
  const std::vector<Plan> plans_;
  Program program_;
};

// ---- the process that reads -------------------------------------------------------------------

class Trial {
 public:
  Trial(std::uint64_t seed, Lie lie) : seed_(seed), lie_(lie), plans_(plans_of(seed)) {}

  void run() {
    write();
    if (wrong_.empty()) read();
    if (wrong_.empty()) check(directory_.path() + "/store");
    if (wrong_.empty()) check(directory_.path() + "/copy");
    if (wrong_.empty()) read_again(directory_.path() + "/store");
    if (wrong_.empty()) read_again(directory_.path() + "/copy");
  }

  const std::string& wrong() const { return wrong_; }
  std::size_t acknowledged() const { return acknowledged_.size(); }

 private:
  void wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }
  void wrong(int run, const std::string& what) {
    wrong("run " + std::to_string(run) + ": " + what);
  }

  void write() {
    int ends[2];
    if (::pipe(ends) != 0) return wrong("no pipe");
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      try {
        Writer(directory_.path() + "/store", seed_, lie_, ends[1]).go();
      } catch (const std::exception& error) {
        std::fprintf(stderr, "round_trip: the writer met %s\n", error.what());
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    std::string said;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
      said.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
      wrong("the writer ended with status " + std::to_string(status) + ", not by the kill");
    }
    hear(said);
  }

  void hear(const std::string& said) {
    std::istringstream lines(said);
    for (std::string line; std::getline(lines, line);) {
      int run = 0;
      int call = 0;
      if (std::sscanf(line.c_str(), "did %d %d", &run, &call) == 2) {
        acknowledged_.insert({run, static_cast<Call>(call)});
      } else {
        wrong(line);
      }
    }
  }

  bool did(int run, Call call) const { return acknowledged_.contains({run, call}); }

  // What was acknowledged is there; then every run goes to its end.
  void read() {
    Program program(directory_.path() + "/store", plans_);
    for (int i = 0; i < kRuns; ++i) {
      try {
        read_run(program, i);
      } catch (const std::exception& error) {
        wrong(i, error.what());
      }
      if (!wrong_.empty()) return;
    }
    program.backup(directory_.path() + "/copy");
    if (!program.errors().empty()) wrong("the engine says " + program.errors());
  }

  void read_run(Program& program, int i) {
    const Plan& plan = plans_[static_cast<std::size_t>(i)];
    const auto kept = program.client().find(workflow_of(plan), plan.id);
    if (did(i, Call::kStart)) {
      if (!kept) return wrong(i, "its start was acknowledged, and it is gone");
      const auto again = refusal_of([&] {
        program.client().start(
            workflow_of(plan)(0, 0, ""),
            {.id = plan.id, .task_queue = plan.queue, .id_reuse = IdReuse::kReject});
      });
      if (again != "RP3004") return wrong(i, "its id was taken again: " + again);
    }
    const auto run = kept ? *kept : start(program, plan, i);
    const auto described = run.describe();
    if (described.workflow_id != plan.id || described.workflow != plan.workflow ||
        described.task_queue != plan.queue) {
      return wrong(i, "its names have changed");
    }
    finish(run, plan, i);
    if (wrong_.empty()) compare(run, plan, i);
    if (wrong_.empty()) histories_.push_back(carry(program, run, plan, i));
  }

  void finish(const Handle<std::string>& run, const Plan& plan, int i) {
    try {
      drive(run, plan, i);
    } catch (const RunClosed&) {
      // The killed process had come that far, and the run has just gone on.
    }
  }

  void drive(const Handle<std::string>& run, const Plan& plan, int i) {
    const bool ended = run.describe().status != RunStatus::kRunning;
    if (did(i, Call::kEnd) && !ended && plan.end == End::kIsTerminated) {
      return wrong(i, "its end was acknowledged, and it runs");
    }
    if (ended) return;
    if (const auto bad = update(run, plan); !bad.empty()) return wrong(i, bad);
    // The signal that says what to keep, then the one that ends it; a cancellation instead of that.
    const auto sent = signals(run);
    if (did(i, Call::kSignal) && sent < 1) return wrong(i, "its signal is gone");
    if (sent < 1) run.signal(signal_of(plan)(plan.signalled));
    if (did(i, Call::kEnd)) return;
    while (run.query(met_query()).size() < expected(plan).size()) {
      const auto now = run.describe();
      if (now.parked) return wrong(i, now.parked->report);
      if (now.status != RunStatus::kRunning) return;  // cancelled by the process that was killed
    }
    end(run, plan);
  }

  static int signals(const RunHandle& run) {
    const History history = run.history();
    int count = 0;
    for (const auto& turn : history.data().turns()) {
      for (const auto& input : turn.inputs()) count += input.has_signal_received() ? 1 : 0;
    }
    return count;
  }

  void compare(const Handle<std::string>& run, const Plan& plan, int i) {
    compare_end(run, plan, i);
    if (!wrong_.empty()) return;
    // A run that was ended from outside may not have come so far.
    const Met met = run.query(met_query());
    const Met whole = expected(plan);
    if (met.size() > whole.size()) return wrong(i, "it has met too much");
    for (std::size_t n = 0; n < met.size(); ++n) {
      const auto& [exact, value] = met[n];
      const bool same =
          exact == whole[n].first &&
          (exact ? value == whole[n].second : testing::is_text_of(value, whole[n].second));
      if (!same) return wrong(i, "value " + std::to_string(n) + " has changed");
    }
  }

  void compare_end(const Handle<std::string>& run, const Plan& plan, int i) {
    try {
      const std::string result = run.result();
      if (plan.end != End::kCompletes || result != plan.text) wrong(i, "it has another result");
    } catch (const ApplicationFailure& failure) {
      if (plan.end != End::kFails || plan.causes != 0 ||
          !testing::is_text_of(failure.type(), plan.type) ||
          !testing::is_text_of(failure.what(), plan.message)) {
        wrong(i, std::string("it has another failure: ") + failure.what());
      }
    } catch (const ActivityFailure& failure) {
      if (plan.end != End::kFails || plan.causes == 0) wrong(i, "it has another failure");
      if (!testing::is_utf8(failure.what())) wrong(i, "its failure is no text");
    } catch (const CancelledFailure&) {
      if (plan.end != End::kIsCancelled) wrong(i, "it was cancelled");
    } catch (const TerminatedFailure&) {
      if (plan.end != End::kIsTerminated) wrong(i, "it was terminated");
    }
  }

  // Exported and imported in each form; and the code replays it.
  std::string carry(Program& program, const RunHandle& run, const Plan& plan, int i) {
    const History history = run.history();
    const std::string bytes = history.to_bytes();
    if (History::parse(bytes).to_bytes() != bytes) wrong(i, "its binary history changes");
    for (const auto layout : {JsonLayout::kIndented, JsonLayout::kCompact}) {
      const std::string json = history.to_json(layout);
      if (!testing::is_utf8(json)) wrong(i, "its JSON is no UTF-8");
      if (History::parse(json).to_bytes() != bytes) wrong(i, "its JSON says something else");
    }
    for (const auto& turn : history.data().turns()) {
      for (const auto& input : turn.inputs()) see_reason(input, plan, i);
    }
    const Replayer replayer(program.worker_of(plan),
                            {.strict = true, .stack_bytes = std::size_t{256} << 10});
    if (const auto report = replayer.replay(history); !report) wrong(i, report.text);
    return bytes;
  }

  void see_reason(const proto::Event& input, const Plan& plan, int i) {
    const bool kept = (!input.has_cancel_requested() ||
                       testing::is_text_of(input.cancel_requested().reason(), plan.reason)) &&
                      (!input.has_run_terminated() ||
                       testing::is_text_of(input.run_terminated().reason(), plan.reason));
    if (!kept) wrong(i, "its reason has changed");
  }

  void check(const std::string& directory) {
    runtime::Names names;
    runtime::StoreAudit audit(names);
    const auto read = audit.run(directory, store::InspectMode::kBesideEngine);
    if (!read) return wrong("the check fails: " + read.error().text());
    if (!audit.sound()) wrong("the check finds damage in " + directory);
  }

  void read_again(const std::string& directory) {
    Program program(directory, plans_);
    if (program.client().list().size() != static_cast<std::size_t>(kRuns)) {
      return wrong(directory + " has not all runs");
    }
    for (int i = 0; i < kRuns; ++i) {
      const Plan& plan = plans_[static_cast<std::size_t>(i)];
      const auto run = program.client().find(workflow_of(plan), plan.id);
      if (!run) return wrong(i, "it is not in " + directory);
      if (run->history().to_bytes() != histories_[static_cast<std::size_t>(i)]) {
        return wrong(i, "it has another history in " + directory);
      }
      compare(*run, plan, i);
    }
    if (!program.errors().empty()) wrong("the engine says " + program.errors());
  }

  const std::uint64_t seed_;
  const Lie lie_;
  const std::vector<Plan> plans_;
  const testing::TemporaryDirectory directory_;
  Acknowledged acknowledged_;
  std::vector<std::string> histories_;
  std::string wrong_;
};

int torture(int argc, char** argv) {
  testing::TortureOptions options("round_trip",
                                  "Kills a process that writes hostile values, and "
                                  "looks for all that it was told of",
                                  {.quick = 12, .full = 5'000});
  options.parse(argc, argv);
  testing::TortureReport report(options);
  std::size_t acknowledged = 0;
  for (std::uint64_t i = 0; i < options.count(); ++i) {
    Trial trial(options.seed + i, Lie::kNone);
    trial.run();
    acknowledged += trial.acknowledged();
    if (!trial.wrong().empty()) {
      report.fail("seed " + std::to_string(options.seed + i) + ": " + trial.wrong());
    }
  }
  int controls = 0;
  for (const auto& [lie, expected] : {std::pair(Lie::kSaysWhatItDidNot, "it is gone"),
                                      std::pair(Lie::kChangesAByte, "has changed")}) {
    Trial trial(options.seed, lie);
    trial.run();
    if (trial.wrong().find(expected) == std::string::npos) {
      report.fail("a control is not found: " + trial.wrong());
    } else {
      ++controls;
    }
  }
  report.add("kills", options.count());
  report.add("runs", options.count() * kRuns);
  report.add("acknowledged", acknowledged);
  report.add("controls", std::to_string(controls) + "/2");
  return report.finish();
}

}  // namespace
}  // namespace reprise::round_trip

int main(int argc, char** argv) {
  return reprise::round_trip::torture(argc, argv);
}
