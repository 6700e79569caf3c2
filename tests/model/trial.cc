#include "tests/model/trial.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/model/starts.h"
#include "tests/support/command_output.h"

namespace reprise::model {
namespace {

constexpr std::uint64_t kMostAnswers = 220;  // of a process before it is killed

}  // namespace

Trial::Trial(std::uint64_t seed, Lie lie)
    : seed_(seed),
      lie_(lie),
      names_(names_of(seed)),
      oracle_(names_),
      draw_(seed, names_, oracle_) {}

void Trial::fail(const std::string& what) {
  if (wrong().empty()) wrong_ = what;
}

void Trial::run(int kills) {
  for (int i = 0; i < kills && wrong().empty(); ++i) live_and_die();
  if (wrong().empty()) live_to_the_end();
  if (wrong().empty()) compare_backup();
}

// ---- processes --------------------------------------------------------------------------------

ChildOptions Trial::options() const {
  return {.store = directory_.path() + "/store",
          .seed = seed_,
          .lanes = kLanes + 1,
          .mended = mended_,
          .lie = lie_};
}

bool Trial::begin(const ChildOptions& options) {
  life_.emplace(options);
  const auto opened = life_->hear();
  if (!opened || opened->number != 0) fail("a process does not open the store");
  return wrong().empty();
}

void Trial::live_and_die() {
  if (!begin(options())) return;
  look_around();
  if (draw_.below(3) == 0) back_up();
  std::uint64_t left = 1 + draw_.below(kMostAnswers);
  while (left > 0 && wrong().empty()) {
    fill_lanes();
    if (draw_.below(40) == 0) {
      rest();
    } else {
      hear_one();
    }
    --left;
  }
  die();
}

void Trial::die() {
  if (lie_ == Lie::kStartsAnyway) start_anyway();
  fill_lanes();
  ++counts_.kills;
  // Now, or when some of the calls under way are done.
  for (std::uint64_t spin = draw_.below(4) * draw_.below(400'000); spin > 0; --spin) {
    asm volatile("");
  }
  life_->kill();
  while (const auto answer = life_->hear()) oracle_.hears(*answer);
  life_.reset();
  oracle_.hears_of_death();
  if (lie_ == Lie::kForgets) forget();
  if (draw_.below(4) == 0) check(options().store);
}

// It is not answered: only the next process shows what it has done.
void Trial::start_anyway() {
  while (!oracle_.lane_is_free(0) && hear_one()) {
  }
  const auto& runs = oracle_.runs();
  const auto ended = std::find_if(runs.rbegin(), runs.rend(),
                                  [](const Run& run) { return run.lane == 0 && run.has_ended; });
  if (ended == runs.rend() || !wrong().empty()) return;
  Call call = draw_.call(0, Verb::kStart);
  call.id = ended->id;
  call.name = ended->workflow;
  call.queue = ended->queue;
  call.texts = {ended->argument};
  call.reuse = kReject;
  oracle_.sends(call);
  call.reuse = kAllow;
  call.conflict = kTerminateExisting;
  life_->tell(call);
  for (auto answer = life_->hear(); answer && answer->number != call.number;) {
    oracle_.hears(*answer);
    answer = life_->hear();
  }
}

// The work of every second process is undone.
void Trial::forget() {
  namespace fs = std::filesystem;
  const std::string store = options().store;
  const std::string earlier = directory_.path() + "/earlier";
  const bool back = counts_.kills % 2 == 0;
  fs::remove_all(back ? store : earlier);
  fs::copy(back ? earlier : store, back ? store : earlier, fs::copy_options::recursive);
}

void Trial::live_to_the_end() {
  mended_ = true;
  if (!begin(options())) return;
  look_around();
  end_all();
  look_at_every_run();
  if (!oracle_.runs().empty()) compare_export(oracle_.runs()[draw_.below(oracle_.runs().size())]);
  if (!ask_alone(draw_.call(0, Verb::kClose)) || !life_->ended_well()) {
    fail("the last process does not end well");
  }
  life_.reset();
  check(options().store);
}

void Trial::end_all() {
  for (std::size_t i = 0; i < oracle_.runs().size() && wrong().empty(); ++i) {
    const Run& run = oracle_.runs()[i];
    if (!run.has_ended) (void)ask_alone(draw_.finish(0, run));
    Call result = draw_.call_for(0, Verb::kResult, run);
    result.ms = -1;
    (void)ask_alone(result);
  }
}

// ---- calls ------------------------------------------------------------------------------------

void Trial::ask(const Drawn& drawn) {
  ++counts_.calls;
  oracle_.sends(drawn.call, drawn.refusal);
  life_->tell(drawn.call);
}

bool Trial::hear_one() {
  const auto answer = life_->hear();
  if (!answer) {
    fail("a process says nothing more");
    return false;
  }
  oracle_.hears(*answer);
  return true;
}

std::optional<Answer> Trial::ask_alone(const Call& call) {
  ask({call, {}});
  std::optional<Answer> answer;
  do {
    answer = life_->hear();
    if (!answer) {
      fail("a process says nothing more");
      return std::nullopt;
    }
    oracle_.hears(*answer);
  } while (!answer->last || answer->number != call.number);
  return answer;
}

void Trial::fill_lanes() {
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    if (oracle_.lane_is_free(lane)) ask(draw_.next(lane));
  }
}

void Trial::wait_for_all() {
  while (oracle_.under_way() > 0 && wrong().empty()) {
    if (!hear_one()) return;
  }
}

// ---- when nothing is under way ----------------------------------------------------------------

void Trial::rest() {
  wait_for_all();
  for (std::uint64_t lists = 1 + draw_.below(3); lists > 0 && wrong().empty(); --lists) {
    (void)ask_alone(draw_.list().call);
  }
  if (draw_.below(3) == 0 && wrong().empty()) reopen();
  if (draw_.below(6) == 0 && wrong().empty()) check(options().store);
}

void Trial::reopen() {
  ++counts_.reopened;
  (void)ask_alone(draw_.call(0, Verb::kReopen));
}

void Trial::look_around() {
  life_->tell(draw_.call(0, Verb::kList));
  const auto list = life_->hear();
  if (!list) return fail("a process does not list its runs");
  oracle_.looks_around(list->runs);
  look_at_every_run();
  oracle_.settles();
}

void Trial::look_at_every_run() {
  for (std::size_t i = 0; i < oracle_.runs().size() && wrong().empty(); ++i) {
    (void)ask_alone(draw_.call_for(0, Verb::kDescribe, oracle_.runs()[i]));
    (void)ask_alone(draw_.call_for(0, Verb::kHistory, oracle_.runs()[i]));
  }
}

// ---- copies, and what other processes say -------------------------------------------------------

// Beside the other lanes.
void Trial::back_up() {
  Call call = draw_.call(kLanes, Verb::kBackup);
  call.name = directory_.path() + "/backup-" + std::to_string(call.number);
  if (backup_) std::filesystem::remove_all(backup_->store);
  backup_ = Backup{call.name, oracle_.moment(), oracle_.runs().size()};
  ask({call, {}});
}

// A backup cut short by a death does not exist.
void Trial::compare_backup() {
  if (!backup_ || !std::filesystem::exists(backup_->store)) return;
  ++counts_.backups;
  check(backup_->store);
  ChildOptions copy = options();
  copy.store = backup_->store;
  copy.executes = false;
  if (!begin(copy)) return;
  for (std::size_t i = 0; i < backup_->runs && wrong().empty(); ++i) {
    const Run& run = oracle_.runs()[i];
    if (run.kind == Kind::kSleeps || run.has_timeout) continue;  // it goes on there
    Call call = draw_.call(0, Verb::kHistory);
    call.id = run.id;
    call.run_id = run.run_id;
    life_->tell(call);
    const auto answer = life_->hear();
    if (!answer) return fail("a backup's process says nothing");
    oracle_.compare_copy(i, *answer, backup_->since);
  }
  life_.reset();
}

void Trial::check(const std::string& store) {
  ++counts_.tools;
  const auto check = testing::output_of({REPRISE_COMMAND, "check", store});
  if (check.code != 0) fail("reprise check says: " + check.said);
}

void Trial::compare_export(const Run& run) {
  ++counts_.tools;
  const std::string file = directory_.path() + "/exported";
  const auto exported = testing::output_of(
      {REPRISE_COMMAND, "export", options().store, run.run_id, "--format", "binary", "-o", file});
  if (exported.code != 0) return fail("reprise export says: " + exported.said);
  const auto answer = ask_alone(draw_.call_for(0, Verb::kHistory, run));
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (answer && answer->texts.back() != digest_of(bytes)) {
    fail("reprise export has written another history than history() gives");
  }
}

}  // namespace reprise::model
