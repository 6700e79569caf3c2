// Kills a process that runs transfers, at random moments and at every failpoint, again and again on
// the same store, and compares its acknowledgements with the store at the end.
#include <algorithm>
#include <map>
#include <memory>

#include "tests/crash/failpoints.h"
#include "tests/crash/world.h"
#include "tests/support/random.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/torture.h"

namespace reprise::testing {
namespace {

constexpr int kKillsPerWorld = 10;
constexpr int kTransfersPerLife = 30;
// Whether a try is lost depends on who runs first; on a loaded machine it often is not.
constexpr int kControlTries = 200;
constexpr std::uint64_t kMoreKills = 400;
constexpr std::size_t kFailuresSaid = 8;

class Torture {
 public:
  Torture(const TortureOptions& options, TortureReport& report)
      : wanted_(options.count()), report_(report), random_(options.seed) {}
  ~Torture() {
    if (report_.failed()) base_.keep();
  }
  Torture(const Torture&) = delete;
  Torture& operator=(const Torture&) = delete;

  void run() {
    while ((kills_ < wanted_ || goes_on_for_a_point()) && !report_.failed()) {
      // Every other store removes closed runs while it is used.
      retention_ = !retention_;
      World world(next_directory(),
                  retention_ ? std::set<std::string>{"retention"} : std::set<std::string>());
      live_on(world);
      world.finish();
      take(world);
    }
    const int controls = early_is_caught() + twice_is_caught();
    if (controls < 2) report_.fail("a negative control was not caught");
    say(controls);
  }

 private:
  // A short run may have been unlucky with a place that is rarely passed.
  bool goes_on_for_a_point() { return kills_ < wanted_ + kMoreKills && !unreached().empty(); }
  std::string unreached() {
    for (const std::string_view point : kFailpoints) {
      if (hits_[std::string(point)] == 0) return std::string(point);
    }
    return {};
  }

  std::string next_directory() { return base_ / std::to_string(++worlds_); }
  int number(int from, int to) { return static_cast<int>(random_.between(from, to)); }

  void live_on(World& world) {
    int lives = 0;
    for (int kills = 0; kills < kKillsPerWorld && lives < 3 * kKillsPerWorld; ++lives) {
      if (!world.failures().empty()) return;
      const Life life = choose_life(lives == 0);
      if (!world.live(life)) continue;
      ++kills;
      ++kills_;
      ++(life.at > 0 ? hits_[life.point] : random_kills_);
    }
  }

  // Half of the kills come from outside at any moment; the others at the failpoint reached least.
  Life choose_life(bool first) {
    Life life{.new_transfers = kTransfersPerLife};
    if (kills_ >= wanted_ && !unreached().empty() && number(0, 1) == 0) {
      life.point = unreached();
      life.at = 1;
      life.backup = life.point == "backup";
      return life;
    }
    if (number(0, 1) == 0) {
      life.kill_after = std::chrono::milliseconds(number(1, 30));
      life.backup = number(0, 3) == 0;
      return life;
    }
    life.point = next_point(first);
    ++tries_[life.point];
    life.at = number(1, life.point == "creation" || life.point == "backup" ? 40 : 8);
    life.backup = life.point == "backup";
    return life;
  }

  std::string next_point(bool first) {
    if (first && number(0, 1) == 0) return "creation";
    std::string least;
    for (const std::string_view point : kFailpoints) {
      if (point == "creation") continue;
      if (point == "retention" && !retention_) continue;
      if (least.empty() || tries_[std::string(point)] < tries_[least]) least = point;
    }
    return least;
  }

  void take(const World& world) {
    counts_.add(world.counts());
    // What follows is most likely the same.
    const auto& failures = world.failures();
    for (std::size_t i = 0; i < std::min(failures.size(), kFailuresSaid); ++i) {
      report_.fail(failures[i]);
    }
    bad_ += !world.failures().empty();
  }

  // An engine that acknowledges before the disk has it.
  bool early_is_caught() {
    for (int i = 0; i < kControlTries; ++i) {
      World world(next_directory(), {"early"});
      world.live({.new_transfers = kTransfersPerLife, .point = "before_write", .at = 3 + i % 10});
      world.set_flags({});
      world.finish();
      if (caught(world)) return true;
    }
    return false;
  }

  // A receiver that does not recognize a key: the effect was done and its process killed, and the
  // repetition gets another key. Without a kill this does no harm.
  bool twice_is_caught() {
    World unharmed(next_directory(), {"twice"});
    unharmed.live({.new_transfers = kTransfersPerLife});
    unharmed.finish();
    if (caught(unharmed)) return false;
    for (int i = 0; i < kControlTries; ++i) {
      World world(next_directory(), {"twice"});
      world.live({.new_transfers = kTransfersPerLife, .point = "after_effect", .at = 1 + i});
      world.finish();
      if (caught(world)) return true;
    }
    return false;
  }

  static bool caught(const World& world) { return !world.failures().empty(); }

  void say(int controls) {
    report_.add("kills", kills_);
    report_.add("random", random_kills_);
    for (const std::string_view point : kFailpoints) {
      const std::uint64_t hits = hits_[std::string(point)];
      report_.add(point, hits);
      if (hits == 0) report_.fail("failpoint " + std::string(point) + " was never reached");
    }
    report_.add("stores", worlds_);
    report_.add("acknowledged_starts", counts_.starts);
    report_.add("notes", counts_.notes);
    report_.add("results", counts_.results);
    report_.add("tags", counts_.tags);
    report_.add("removed", counts_.removed);
    report_.add("effects", counts_.effects);
    report_.add("repeated", counts_.repeats);
    report_.add("backups", counts_.backups);
    report_.add("backups_cut_short", counts_.cut_short);
    report_.add("restored", counts_.restored);
    report_.add("bad", bad_);
    report_.add("controls", std::to_string(controls) + "/2");
  }

  const std::uint64_t wanted_;
  TortureReport& report_;
  Random random_;
  TemporaryDirectory base_;
  bool retention_ = false;
  std::uint64_t worlds_ = 0;
  std::uint64_t kills_ = 0;
  std::uint64_t random_kills_ = 0;
  std::uint64_t bad_ = 0;
  std::map<std::string, std::uint64_t> hits_;
  std::map<std::string, std::uint64_t> tries_;
  WorldCounts counts_;
};

}  // namespace
}  // namespace reprise::testing

int main(int argc, char** argv) {
  using namespace reprise::testing;
  TortureOptions options("crash", "Kills the process of an engine and looks what is left",
                         {.quick = 100, .full = 5'000});
  options.parse(argc, argv);
  TortureReport report(options);
  Torture(options, report).run();
  return report.finish();
}
