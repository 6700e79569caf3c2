// Simulated machines, one per seed: see world.h for what happens to them and history.h, clients.h
// for what is checked. For a seed that fails it prints the command that shows how.
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <unistd.h>

#include "tests/simulation/world.h"
#include "tests/support/torture.h"

namespace reprise::simulation {
namespace {

using testing::TortureOptions;
using testing::TortureReport;

struct Totals {
  Counts counts;
  std::uint64_t bad = 0;

  void add(const Counts& one) {
    counts.runs += one.runs;
    counts.children += one.children;
    counts.turns += one.turns;
    counts.crashes += one.crashes;
    counts.attempts += one.attempts;
    counts.acknowledged += one.acknowledged;
    counts.timers += one.timers;
    counts.repeated += one.repeated;
  }
};

// The engine counts in UTC; where it did not, these would show.
void move_to_time_zone(std::uint64_t seed) {
  static const char* const kZones[] = {"UTC", "CET-1CEST,M3.5.0,M10.5.0/3",
                                       "EST5EDT,M3.2.0,M11.1.0",
                                       "LHST-10:30LHDT-11,M10.1.0,M4.1.0"};
  ::setenv("TZ", kZones[seed % 4], 1);
  ::tzset();
}

// A broken invariant ends the process; the seed is still printed.
std::array<char, 96> last_words{};

void prepare_last_words(std::uint64_t seed) {
  (void)std::snprintf(last_words.data(), last_words.size(),
                      "  simulation_torture --seed %llu --count 1 --seeds-only --trace\n",
                      static_cast<unsigned long long>(seed));
}

void say_last_words(int) {
  (void)!::write(STDERR_FILENO, last_words.data(), std::strlen(last_words.data()));
}

void run_seed(std::uint64_t seed, bool trace, Totals* totals, TortureReport* report) {
  move_to_time_zone(seed);
  prepare_last_words(seed);
  World world(seed, Control::kNone, trace);
  world.run();
  totals->add(world.counts());
  // The same seed must give the same world, or a failure could not be repeated.
  constexpr std::uint64_t kSecondLook = 50;
  if (seed % kSecondLook == 0) {
    World again(seed, Control::kNone, false);
    again.run();
    if (again.trace_hash() != world.trace_hash()) {
      ++totals->bad;
      report->fail("seed " + std::to_string(seed) + " went two ways");
    }
  }
  if (world.verdict().ok()) return;
  ++totals->bad;
  for (const auto& [flaw, what] : world.verdict().flaws()) {
    report->fail("seed " + std::to_string(seed) + ": " + to_string(flaw) + ": " + what);
  }
  report->fail("  simulation_torture --seed " + std::to_string(seed) +
               " --count 1 --seeds-only --trace");
}

// Controls, which must be found when they take effect. Not every seed gives them something to
// break.
struct Expected {
  Control control;
  Flaw flaw;
  const char* name;
};
constexpr Expected kControls[] = {
    {Control::kLostCommit, Flaw::kPromise, "lost commit"},
    {Control::kLostCommit, Flaw::kLog, "lost commit in the log"},
    {Control::kChangedRecord, Flaw::kLog, "changed record"},
    {Control::kSwappedSignals, Flaw::kOrder, "swapped signals"},
    {Control::kRepeatedMessage, Flaw::kMessage, "message twice"},
    {Control::kLostMessage, Flaw::kMessage, "lost message"},
    {Control::kSecondChild, Flaw::kChild, "child started twice"},
    {Control::kLostChildEnd, Flaw::kChild, "lost end of a child"},
    {Control::kOrphan, Flaw::kOrphan, "orphan"},
    {Control::kRepeatedResult, Flaw::kOutcome, "result applied twice"},
    {Control::kRepeatedCompletion, Flaw::kPromise, "completion applied twice"},
    {Control::kFastClock, Flaw::kTimer, "fast clock"},
    {Control::kLostResults, Flaw::kStuck, "lost results"},
    {Control::kEarlyReports, Flaw::kOutcome, "code that goes on before its attempt has ended"},
    {Control::kAskedToStop, Flaw::kEffect, "abandoned attempt asked to stop"},
    {Control::kForgottenAttempts, Flaw::kOutcome, "forgotten attempts"},
    {Control::kOtherCode, Flaw::kReplay, "other code"},
    {Control::kOtherCode, Flaw::kTrouble, "other code, said by the engine"},
    {Control::kEarlyAcknowledgement, Flaw::kEffect, "early acknowledgement"},
    {Control::kOtherAnswers, Flaw::kQuery, "other answers"},
    {Control::kOtherUpdateIds, Flaw::kPromise, "update handled twice"},
    {Control::kOldValues, Flaw::kQuery, "old values"},
    {Control::kChangedEnd, Flaw::kEnd, "changed end"},
    {Control::kChangedPolicy, Flaw::kIdentity, "start against its policy"},
    {Control::kLostOnTheWay, Flaw::kOrder, "signal lost on the way to the next run"},
    {Control::kDoubledOnTheWay, Flaw::kOrder, "signal doubled on the way to the next run"},
    {Control::kLostAtCheckpoint, Flaw::kOrder, "signal lost at a checkpoint"},
    {Control::kDoubledAtCheckpoint, Flaw::kOrder, "signal doubled at a checkpoint"},
    {Control::kLostAttempt, Flaw::kEnd, "next attempt lost"},
    {Control::kEarlyCode, Flaw::kTimer, "delay cut short"},
    {Control::kLostUpdates, Flaw::kTable, "lost update of a row"},
    {Control::kChangedTwice, Flaw::kTable, "changes of a transaction made twice"},
    {Control::kLostChanges, Flaw::kTable, "lost changes of a transaction"},
    {Control::kOldRows, Flaw::kTable, "old rows"},
};

bool caught(const Expected& expected, std::uint64_t seed) {
  constexpr std::uint64_t kTries = 400;
  for (std::uint64_t i = 0; i < kTries; ++i) {
    World world(seed + i, expected.control, false);
    world.run();
    if (world.verdict().has(expected.flaw)) return true;
  }
  return false;
}

void look_for_controls(std::uint64_t seed, TortureReport* report) {
  std::size_t found = 0;
  for (const Expected& expected : kControls) {
    if (caught(expected, seed)) {
      ++found;
    } else {
      report->fail(std::string("the control '") + expected.name + "' was not caught");
    }
  }
  report->add("controls", std::to_string(found) + "/" + std::to_string(std::size(kControls)));
}

int run(int argc, char** argv) {
  TortureOptions options("simulation", "engine, workers, clock and disk driven by a seed",
                         {.quick = 2'000, .full = 1'000'000});
  bool trace = false;
  options.add_flag("--trace", trace, "print what happens");
  bool seeds_only = false;
  options.add_flag("--seeds-only", seeds_only, "without the controls");
  options.parse(argc, argv);
  TortureReport report(options);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS}) {
    struct sigaction action {};
    action.sa_handler = say_last_words;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(signal, &action, nullptr);
  }
  Totals totals;
  for (std::uint64_t i = 0; i < options.count(); ++i) {
    run_seed(options.seed + i, trace, &totals, &report);
  }
  report.add("seeds", options.count());
  report.add("bad", totals.bad);
  report.add("runs", totals.counts.runs);
  report.add("children", totals.counts.children);
  report.add("turns", totals.counts.turns);
  report.add("crashes", totals.counts.crashes);
  report.add("attempts", totals.counts.attempts);
  report.add("repeated", totals.counts.repeated);
  report.add("timers", totals.counts.timers);
  report.add("acknowledged", totals.counts.acknowledged);
  if (!seeds_only) look_for_controls(options.seed, &report);
  return report.finish();
}

}  // namespace
}  // namespace reprise::simulation

int main(int argc, char** argv) {
  return reprise::simulation::run(argc, argv);
}
