// Power failures. A real engine works over a real store while every write and sync is recorded; the
// power then fails at a random operation, on a disk that keeps what was synced and a random part of
// the rest. Whatever it kept, everything acknowledged must be there and new work must be possible.
// Two controls show that the harness can fail: LMDB without syncs, and acknowledgements before the
// sync.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "tests/power_fail/crash_check.h"
#include "tests/power_fail/crash_image.h"
#include "tests/power_fail/recording.h"
#include "tests/support/child_lines.h"
#include "tests/support/random.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/torture.h"

namespace reprise::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kStatesPerWorkload = 500;
constexpr std::uint64_t kStatesPerChild = 100;
constexpr std::uint64_t kThoroughEvery = 10;
constexpr std::uint64_t kReportsAtMost = 20;

// Every fifth failure hits the creation of the store, which is a small part of all operations.
std::vector<std::size_t> positions(const Recording& recording,
                                   std::uint64_t states,
                                   Random& random) {
  const auto is_durable = [](const Promise& p) { return p.kind == Promise::Kind::kDurable; };
  std::size_t created = 0;
  while (created < recording.ops.size() &&
         !(recording.ops[created].kind == DiskOp::Kind::kPromise &&
           is_durable(recording.promises[recording.ops[created].offset]))) {
    ++created;
  }
  std::vector<std::size_t> cuts;
  for (std::uint64_t i = 0; i < states; ++i) {
    cuts.push_back(random.below(i % 5 == 0 ? created + 1 : recording.ops.size() + 1));
  }
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

struct Trial {
  const Recording& recording;
  const std::vector<std::size_t>& cuts;
  const std::string& scratch;
  std::uint64_t seed;
  bool is_control;
};

// Checks one state after the other.
void check_states(const Trial& trial,
                  Expectation expected,
                  std::size_t first,
                  std::size_t end,
                  const std::function<void(std::string)>& result) {
  const std::string path = trial.scratch + "/crashed";
  CrashImage image(trial.recording.ops, trial.recording.root);
  for (std::size_t i = first; i < end; ++i) {
    while (image.position() < trial.cuts[i]) {
      const DiskOp& op = trial.recording.ops[image.position()];
      if (op.kind == DiskOp::Kind::kPromise) expected.add(trial.recording.promises[op.offset]);
      image.advance();
    }
    Random random(trial.seed * 1'000'003 + i);
    fs::remove_all(path);
    fs::create_directory(path);
    image.write(path, random);
    result(check_crashed(path + "/store", trial.recording.written, expected,
                         random.below(kThoroughEvery) == 0));
  }
}

struct Counts {
  std::uint64_t states = 0;
  std::vector<std::string> bad;
};

// A child checks this many states, and at worst dies of a bad one. Returns the next state.
std::size_t check_in_child(const Trial& trial,
                           const Expectation& nothing,
                           std::size_t first,
                           Counts* counts) {
  const std::size_t end = std::min(trial.cuts.size(), first + kStatesPerChild);
  const ChildLines child = lines_of_child(trial.is_control, [&](const auto& result) {
    check_states(trial, nothing, first, end, result);
  });
  std::size_t done = first;
  const auto note = [&](const std::string& wrong) {
    ++counts->states;
    if (!wrong.empty()) {
      counts->bad.push_back("workload " + std::to_string(trial.seed) + ", operation " +
                            std::to_string(trial.cuts[done]) + ": " + wrong);
    }
    ++done;
  };
  for (const std::string& line : child.lines) note(line);
  if (done < end) note("the process died with status " + std::to_string(child.status));
  return done;
}

Counts check_workload(const std::string& scratch,
                      const Recording& recording,
                      const Expectation& nothing,
                      std::uint64_t seed,
                      std::uint64_t states,
                      bool is_control = false) {
  Random random(seed);
  const std::vector<std::size_t> cuts = positions(recording, states, random);
  const Trial trial{recording, cuts, scratch, seed, is_control};
  Counts counts;
  for (std::size_t next = 0; next < cuts.size();) {
    next = check_in_child(trial, nothing, next, &counts);
  }
  return counts;
}

int run(int argc, char** argv) {
  TortureOptions options("power_fail", "Fails the power at random moments of a store's life.",
                         {.quick = 2'000, .full = 1'000'000});
  options.parse(argc, argv);
  TortureReport report(options);
  const TemporaryDirectory scratch;
  std::uint64_t states = 0;
  std::uint64_t bad = 0;
  std::uint64_t workloads = 0;
  std::uint64_t operations = 0;
  for (; states < options.count(); ++workloads) {
    const std::uint64_t seed = options.seed + workloads;
    const Recording recording = record_workload(scratch.path(), seed, false);
    operations += recording.ops.size();
    const Counts counts = check_workload(scratch.path(), recording, Expectation(), seed,
                                         std::min(kStatesPerWorkload, options.count() - states));
    states += counts.states;
    for (const std::string& wrong : counts.bad) {
      if (++bad <= kReportsAtMost) report.fail(wrong + "; --seed " + std::to_string(seed));
    }
  }

  const std::uint64_t control_states = std::clamp<std::uint64_t>(options.count() / 10, 50, 10'000);
  const Counts nosync =
      check_workload(scratch.path(), record_workload(scratch.path(), options.seed, true),
                     Expectation(), options.seed, control_states, true);
  const Counts early =
      check_workload(scratch.path(), record_workload(scratch.path(), options.seed, false),
                     Expectation::too_early(), options.seed, control_states, true);
  int caught = 0;
  for (const auto& [name, counts] : {std::pair("without syncs", &nosync),
                                     std::pair("with acknowledgements before the sync", &early)}) {
    if (!counts->bad.empty()) {
      ++caught;
    } else {
      report.fail(std::string("the control ") + name + " was not caught");
    }
  }

  report.add("states", states);
  report.add("bad", bad);
  report.add("workloads", workloads);
  report.add("operations", operations);
  report.add("controls", std::to_string(caught) + "/2");
  report.add("caught_nosync",
             std::to_string(nosync.bad.size()) + "/" + std::to_string(nosync.states));
  report.add("caught_early_ack",
             std::to_string(early.bad.size()) + "/" + std::to_string(early.states));
  return report.finish();
}

}  // namespace
}  // namespace reprise::testing

int main(int argc, char** argv) {
  return reprise::testing::run(argc, argv);
}
