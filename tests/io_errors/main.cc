// I/O errors. The k-th write, sync, write of a meta page, allocation of space or change of a name
// fails, for k = 1, 2, 3... until a workload gets through: once or from then on, with EIO, ENOSPC,
// or a write that ends early. After a failed sync nothing is acknowledged; without room the engine
// answers questions and goes on when there is some; and the next process, also after a power
// failure, finds everything acknowledged. A journal that swallows the error is the control.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>

#include "tests/io_errors/process_exit.h"
#include "tests/io_errors/trial.h"
#include "tests/support/child_lines.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/torture.h"

namespace reprise::testing {
namespace {

constexpr int kMoreThanThereAre = 5'000;

struct Totals {
  std::uint64_t trials = 0;
  std::uint64_t fatal = 0;
  std::uint64_t read_only = 0;
  std::uint64_t bad = 0;
};

// One plan for k = 1, 2, 3... in a child, which says "f" for each trial that ended the engine, "r"
// for each that was without room for a while, "-" for others, or what is wrong.
void run_plan(const std::string& scratch,
              std::uint64_t seed,
              FaultPlan plan,
              TortureReport* report,
              Totals* totals) {
  bool through = false;
  const ChildLines child = lines_of_child(false, [&](const auto& say) {
    for (; plan.at < kMoreThanThereAre; ++plan.at) {
      const TrialResult result = run_trial(scratch, seed, plan);
      if (!result.wrong.empty()) {
        say(plan.text() + ": " + result.wrong);
      } else if (!result.hit) {
        say("through");
        return;
      } else {
        say(result.fatal ? "f" : result.served_reading ? "r" : "-");
      }
    }
  });
  for (const std::string& line : child.lines) {
    if (line == "through") {
      through = true;
      continue;
    }
    ++totals->trials;
    if (line == "f") ++totals->fatal;
    if (line == "r") ++totals->read_only;
    if (line.size() == 1) continue;
    ++totals->bad;
    report->fail(line + "; --seed " + std::to_string(seed));
  }
  if (through && child.status == 0) return;
  ++totals->bad;
  plan.at = static_cast<int>(child.lines.size()) + 1;
  report->fail(plan.text() + ": the process died with status " + std::to_string(child.status) +
               "; --seed " + std::to_string(seed));
}

// Each k-th sync of a journal that swallows errors: how many are found, by the harness or by the
// engine itself, whose check of the sequence ends the process at the gap.
int control_caught(const std::string& scratch, std::uint64_t seed, int tries) {
  int caught = 0;
  for (int at = 1; at <= tries; ++at) {
    FaultPlan plan{.call = DiskCall::kSync, .error = EIO, .for_good = true};
    plan.at = 20 + at;  // those of creating the store come first
    const ChildLines child = lines_of_child(true, [&](const auto& say) {
      const TrialResult result = run_trial(scratch, seed, plan, true);
      if (!result.wrong.empty()) say("found");
    });
    const bool checked = WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGABRT;
    if (checked || !child.lines.empty()) ++caught;
  }
  return caught;
}

int run(int argc, char** argv) {
  TortureOptions options("io_errors", "Fails every operation on the disk in a store's life.",
                         {.quick = 1, .full = 300});
  options.parse(argc, argv);
  TortureReport report(options);
  const TemporaryDirectory scratch;
  Totals totals;
  for (std::uint64_t i = 0; i < options.count(); ++i) {
    for (const FaultPlan& plan : all_plans()) {
      run_plan(scratch.path(), options.seed + i, plan, &report, &totals);
    }
  }

  std::map<std::string, std::uint64_t> exits;
  for (const std::string part : {"journal", "archive"}) {
    for (int at = 1; at <= (part == "journal" ? 30 : 4); ++at) {
      const ExitResult result = run_failing_process(scratch.path(), part, at);
      if (result.hit) ++exits[part];
      if (result.wrong.empty()) continue;
      ++totals.bad;
      report.fail("sync " + std::to_string(at) + " of the " + part +
                  " of a process fails: " + result.wrong);
    }
  }

  constexpr int kControls = 10;
  const int caught = control_caught(scratch.path(), options.seed, kControls);
  if (caught == 0) report.fail("a journal that swallows errors was not caught");
  if (totals.fatal == 0) report.fail("no trial ended the engine");
  if (totals.read_only == 0) report.fail("no trial was without room");
  if (exits.size() < 2) report.fail("no process had to end");

  report.add("workloads", options.count());
  report.add("trials", totals.trials);
  report.add("bad", totals.bad);
  report.add("fatal", totals.fatal);
  report.add("read_only", totals.read_only);
  report.add("processes_exit_70", exits["journal"] + exits["archive"]);
  report.add("controls", caught > 0 ? "1/1" : "0/1");
  report.add("caught_swallowed_errors", std::to_string(caught) + "/" + std::to_string(kControls));
  return report.finish();
}

}  // namespace
}  // namespace reprise::testing

int main(int argc, char** argv) {
  return reprise::testing::run(argc, argv);
}
