// Poison among innocent runs: each kind kills its process until it is set aside, its run is named,
// and all others complete; then the run is tried again with corrected code. And kills from outside
// are blamed on no run.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/poison/poison.h"
#include "tests/support/random.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/torture.h"

namespace reprise::poison {
namespace {

using reprise::testing::ChildLines;
using reprise::testing::TemporaryDirectory;
using reprise::testing::TortureOptions;
using reprise::testing::TortureReport;

constexpr int kMostProcesses = 6;

struct Tally {
  std::uint64_t trials = 0;
  std::uint64_t deaths = 0;
  std::uint64_t set_aside = 0;
  std::uint64_t mended = 0;
};

bool said(const ChildLines& child, const std::string& line) {
  return std::find(child.lines.begin(), child.lines.end(), line) != child.lines.end();
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Trial {
 public:
  Trial(const Kind& kind, testing::Random& random, TortureReport* report)
      : kind_(kind), report_(report) {
    process_.store = directory_.path() + "/store";
    process_.says = directory_.path() + "/says";
    process_.kind = kind;
    process_.shards = 1 + static_cast<int>(random.below(3));
    process_.innocents = 1 + static_cast<int>(random.below(20));
  }

  void run(Tally* tally) {
    ++tally->trials;
    const int deaths = die_until_calm();
    tally->deaths += static_cast<std::uint64_t>(deaths);
    // After a death in a first turn only the workflow is known: that takes one more death.
    const int wanted = !kind_.dies ? 0 : (kind_.seen ? 2 : 3) + (kind_.at_start ? 1 : 0);
    if (deaths != wanted) return fail("took " + std::to_string(deaths) + " deaths");
    if (kind_.dies && !said(last_, "parked RP2010")) return fail("the run was not set aside");
    tally->set_aside += kind_.dies ? 1 : 0;
    mend(tally);
  }

  // Without the marks no run would be set aside.
  bool goes_on_dying_without_marks() {
    for (int i = 0; i < 4; ++i) {
      last_ = run_process(process_);
      if (said(last_, "calm")) return false;
      std::filesystem::remove(process_.store + "/turns");
    }
    return true;
  }

 private:
  // How many processes died before one was calm.
  int die_until_calm() {
    for (int deaths = 0; deaths < kMostProcesses; ++deaths) {
      last_ = run_process(process_);
      for (const std::string& line : last_.lines) {
        if (line.starts_with("innocent")) fail(line);
      }
      const bool calm = said(last_, "calm");
      if (!calm || !kind_.dies) look_at_what_it_said();
      if (calm) return deaths;
    }
    return kMostProcesses;
  }

  void look_at_what_it_said() {
    const std::string text = content_of(process_.says);
    if (text.find(kind_.says) == std::string::npos) fail("the process says nothing of it: " + text);
  }

  void mend(Tally* tally) {
    process_.mended = true;
    last_ = run_process(process_);
    if (!said(last_, "mended") || !said(last_, "calm")) return fail("did not go on when corrected");
    ++tally->mended;
  }

  void fail(const std::string& why) {
    report_->fail(kind_.name + (kind_.at_start ? " at start: " : ": ") + why);
  }

  const Kind kind_;
  TortureReport* const report_;
  const TemporaryDirectory directory_;
  Process process_;
  ChildLines last_;
};

// Innocent runs, and a process that is killed from outside again and again, at any moment.
std::uint64_t kill_innocents(testing::Random& random, TortureReport* report) {
  const TemporaryDirectory directory;
  Process process{.store = directory.path() + "/store",
                  .says = directory.path() + "/says",
                  .kind = {},
                  .innocents = 30,
                  .mended = true};
  std::uint64_t killed = 0;
  for (int i = 0; i < 10; ++i) {
    process.kill_after_ms = 1 + static_cast<int>(random.below(60));
    killed += said(run_process(process), "calm") ? 0 : 1;
  }
  process.kill_after_ms = 0;
  const ChildLines end = run_process(process);
  for (const std::string& line : end.lines) {
    if (line.starts_with("parked") || line.starts_with("innocent")) report->fail(line);
  }
  if (!said(end, "calm")) report->fail("killed from outside: no process stayed alive");
  return killed;
}

int torture(const TortureOptions& options) {
  TortureReport report(options);
  testing::Random random(options.seed);
  Tally tally;
  std::uint64_t killed = 0;
  int controls = 0;
  for (std::uint64_t round = 0; round < options.count(); ++round) {
    for (const Kind& kind : kinds()) Trial(kind, random, &report).run(&tally);
    killed += kill_innocents(random, &report);
    Trial control(kinds().front(), random, &report);
    controls += control.goes_on_dying_without_marks() ? 1 : 0;
  }
  if (static_cast<std::uint64_t>(controls) != options.count()) {
    report.fail("a control was calm without marks");
  }
  report.add("trials", tally.trials);
  report.add("deaths", tally.deaths);
  report.add("set_aside", tally.set_aside);
  report.add("mended", tally.mended);
  report.add("killed", killed);
  report.add("controls", std::to_string(controls) + "/" + std::to_string(options.count()));
  return report.finish();
}

}  // namespace
}  // namespace reprise::poison

int main(int argc, char** argv) {
  reprise::testing::TortureOptions options(
      "poison", "Runs whose code ends the process, among runs that do nothing wrong",
      {.quick = 1, .full = 100});
  options.parse(argc, argv);
  return reprise::poison::torture(options);
}
