// The public API against a model of it in plain maps, in another process: hostile ids, names and
// values, calls of all kinds from several threads, and the process with the engine killed in the
// middle of them, again and again.
//
//   $ model_torture --quick
//   model: kills=24 calls=... : ok
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

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

// A process that lies is found, and so is a store that loses data: by a complaint that fits the
// fault. Any other complaint would mean that something else is wrong.
struct Control {
  Lie lie;
  std::vector<std::string_view> complaints;  // parts of them

  bool found_by(const std::string& complaint) const {
    return std::any_of(complaints.begin(), complaints.end(), [&](std::string_view part) {
      return complaint.find(part) != std::string::npos;
    });
  }
};

const std::vector<Control>& all_controls() {
  static const std::vector<Control> controls{
      {Lie::kSaysWhatItDidNot,
       {"its history lacks an acknowledged", "it has not met an acknowledged",
        "it had ended and is under way again", "it has ended and takes a",
        "was to be refused with"}},
      {Lie::kChangesAnAnswer,
       {"a run has another id", "an update is answered with", "a query changes its value",
        "it has met what nobody sent", "its result is not what it was given",
        "it has another result than before"}},
      {Lie::kDoesItTwice,
       {"that nobody sent, or once more", "it has met what nobody sent, or once more"}},
      {Lie::kForgets,
       {"it was acknowledged, and is gone", "its history has changed",
        "its history lacks an acknowledged", "it had ended and is under way again",
        "it has ended at another time"}},
      {Lie::kStartsAnyway, {"was under way at a death has made a run that must not be"}}};
  return controls;
}

int controls(const testing::TortureOptions& options, testing::TortureReport& report) {
  int found = 0;
  for (const Control& control : all_controls()) {
    Trial trial(options.seed, control.lie);
    trial.run(kKills);
    if (!control.found_by(trial.wrong())) {
      report.fail("lie " + std::to_string(static_cast<int>(control.lie)) +
                  " is not found; said is: '" + trial.wrong() + "'");
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
  report.add("controls", std::to_string(found) + "/" + std::to_string(all_controls().size()));
  return report.finish();
}

}  // namespace
}  // namespace reprise::model

int main(int argc, char** argv) {
  return reprise::model::torture(argc, argv);
}
