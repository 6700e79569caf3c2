// The public API against a model of it in plain maps, in another process: hostile ids, names and
// values, calls of all kinds from several threads, and the process with the engine killed in the
// middle of them, again and again.
//
//   $ model_torture --quick
//   model: kills=24 calls=... : ok
#include <iterator>

#include "tests/model/trial.h"
#include "tests/support/torture.h"

namespace reprise::model {
namespace {

constexpr int kKills = 6;  // of a trial

struct Tally {
  TrialCounts counts;
  std::uint64_t runs = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t perhaps = 0;

  void add(const Trial& trial) {
    counts.kills += trial.counts().kills;
    counts.calls += trial.counts().calls;
    counts.reopened += trial.counts().reopened;
    counts.backups += trial.counts().backups;
    counts.tools += trial.counts().tools;
    runs += trial.oracle().runs().size();
    acknowledged += trial.oracle().acknowledged();
    perhaps += trial.oracle().perhaps();
  }
};

// A process that lies is found out, and so is a store that loses what it had.
constexpr Lie kLies[] = {Lie::kSaysWhatItDidNot, Lie::kChangesAnAnswer, Lie::kDoesItTwice,
                         Lie::kForgets};

int controls(const testing::TortureOptions& options, testing::TortureReport& report) {
  int found = 0;
  for (const Lie lie : kLies) {
    Trial trial(options.seed, lie);
    trial.run(kKills);
    if (trial.wrong().empty()) {
      report.fail("a lie is not found: " + std::to_string(static_cast<int>(lie)));
    } else {
      ++found;
    }
  }
  return found;
}

int torture(int argc, char** argv) {
  testing::TortureOptions options("model",
                                  "Kills a process that is asked for everything the API has, and "
                                  "compares what its store then says with a model",
                                  {.quick = 4, .full = 2'000});
  options.parse(argc, argv);
  testing::TortureReport report(options);
  Tally tally;
  for (std::uint64_t i = 0; i < options.count(); ++i) {
    Trial trial(options.seed + i, Lie::kNone);
    trial.run(kKills);
    tally.add(trial);
    if (trial.wrong().empty()) continue;
    report.fail("seed " + std::to_string(options.seed + i) + ": " + trial.wrong() +
                "\n  again: model_torture --count 1 --seed " + std::to_string(options.seed + i));
  }
  const int found = controls(options, report);
  report.add("kills", tally.counts.kills);
  report.add("runs", tally.runs);
  report.add("calls", tally.counts.calls);
  report.add("acknowledged", tally.acknowledged);
  report.add("unanswered", tally.perhaps);
  report.add("reopened", tally.counts.reopened);
  report.add("backups", tally.counts.backups);
  report.add("tools", tally.counts.tools);
  report.add("controls", std::to_string(found) + "/" + std::to_string(std::size(kLies)));
  return report.finish();
}

}  // namespace
}  // namespace reprise::model

int main(int argc, char** argv) {
  return reprise::model::torture(argc, argv);
}
