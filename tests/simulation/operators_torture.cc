// What operators ask for, on simulated machines, one per seed: schedules, topics, resets and forks,
// while processes die in any commit and the clock is set forward and back. Each due time is started
// once, each message is received once, and each reset is made once and whole.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "reprise/replayer.h"
#include "tests/simulation/operators_facts.h"
#include "tests/simulation/operators_machine.h"
#include "tests/support/torture.h"

namespace reprise::simulation {
namespace {

using namespace std::chrono_literals;
using testing::TortureOptions;
using testing::TortureReport;

constexpr Duration kEvery = 10min;

class OperatorsWorld {
 public:
  // `old`: before the end an earlier version seems to have written the store.
  explicit OperatorsWorld(std::uint64_t seed, bool old = false)
      : random_(seed), old_(old), machine_(random_, /*archives=*/!old) {}

  void run() {
    create_schedule();
    start_ledger();
    const std::uint64_t acts = 40 + random_.below(80);
    for (std::uint64_t i = 0; i < acts; ++i) survive([this] { act(); });
    finish();
  }
  const Facts& facts() const { return facts_; }
  const std::vector<std::string>& mismatches() const { return mismatches_; }
  std::uint64_t deaths() const { return machine_.deaths(); }
  std::size_t stripped() const { return stripped_; }

 private:
  // True: it was done. False: nobody knows, because the process has died.
  template <class Fn>
  bool survive(Fn fn) {
    try {
      fn();
      return true;
    } catch (const Died&) {
      machine_.restart();
      return false;
    }
  }
  // Clients of other processes ask again until they know.
  template <class Fn>
  void insist(Fn fn) {
    while (!survive(fn)) {
    }
  }

  void act() {
    switch (random_.below(10)) {
      case 0:
        return start_reader("reader-" + std::to_string(++readers_), random_.chance(50) ? "a" : "b");
      case 1:
      case 2:
        return publish();
      case 3:
        return start_ledger();
      case 4:
        return signal();
      case 5:
      case 6:
        return repair();
      case 7:
        return machine_.archive();
      case 8:
        return machine_.restart();
      default:
        return machine_.move_clock(random_.chance(30)
                                       ? base::Duration(-random_.between(0, 7'200'000))
                                       : base::Duration(random_.between(0, 2'400'000)));
    }
  }

  void create_schedule() {
    facts_.schedule = "s";
    facts_.every = kEvery;
    insist([this] {
      (void)machine_.client().create_schedule("s", {.every = kEvery},
                                              kTick(static_cast<int>(random_.below(30))),
                                              {.request_id = "once"}, {.overlap = Overlap::kAllow});
    });
  }

  void start_reader(const std::string& id, const std::string& key) {
    ids_of_readers_.push_back(id);
    insist([&] { (void)machine_.client().try_start(kReader(key), {.id = id}); });
  }
  void start_ledger() {
    const std::string id = "ledger-" + std::to_string(++ledgers_);
    ids_of_ledgers_.push_back(id);
    const int entries = 1 + static_cast<int>(random_.below(6));
    insist([&] {
      (void)machine_.client().try_start(
          kLedger(entries), {.id = id, .priority = 1 + entries % 5, .fairness_key = id});
    });
  }

  // One after the other, so they have an order.
  void publish() {
    const int message = ++messages_;
    PublishedMessage& published = facts_.published[message];
    published.key = random_.chance(50) ? "a" : "b";
    insist([&] {
      published.reached = machine_.client().publish(
          kNews, published.key, message, {.id = std::to_string(message), .keep = 10'000h});
    });
  }

  void signal() {
    const RunHandle run = machine_.client().handle(some_ledger());
    try {
      run.signal(kEntry("entry " + std::to_string(++signals_)));
    } catch (const Error&) {  // it has ended, or was never there
    }
  }

  const std::string& some_ledger() {
    return ids_of_ledgers_[random_.below(ids_of_ledgers_.size())];
  }

  void repair() {
    const std::string reason = "repair " + std::to_string(++repairs_);
    AskedRepair& asked = facts_.repairs[reason];
    try {
      const RunDescription run = machine_.client().describe(some_ledger());
      const RunHandle handle = machine_.client().handle(run.workflow_id, run.run_id);
      const std::uint64_t event = 1 + random_.below(run.history_events + 1);
      const bool fork = random_.chance(40);
      const std::string id = "fork-" + std::to_string(repairs_);
      if (fork) ids_of_ledgers_.push_back(id);
      const RunHandle next =
          fork ? handle.fork({.event = event, .id = id, .reason = reason})
               : handle.reset({.event = event,
                               .reapply = random_.chance(50) ? Reapply::kSignals : Reapply::kNone,
                               .reason = reason});
      asked.run_id = base::RunId::parse(next.run_id())->bytes();
    } catch (const Error&) {
      asked.refused = true;
    }
  }

  // Everything that somebody waits for happens, and what is kept is received.
  void finish() {
    if (old_) stripped_ = strip_new_fields(&machine_.disk());
    machine_.calm_down();
    for (int i = 0; i < 12; ++i) {
      machine_.move_clock(7min);
      machine_.work_off();
    }
    for (const char* const key : {"a", "b"}) start_reader(std::string("end-") + key, key);
    machine_.work_off();
    const Client& client = machine_.client();
    for (const std::string& id : ids_of_readers_) {
      facts_.received[id] = client.attach(kReader, id).get(kGot).value_or(std::vector<int>());
    }
    facts_.latest = machine_.clock().latest();
    facts_.runs = read_runs(machine_.disk());
    Replayer replayer({.strict = true});
    replayer.implement(kTick, &tick).implement(kReader, &read_news);
    replayer.implement(kLedger, [](Context& ctx, int entries) {
      return keep_ledger(ctx, entries, [] { return 0; });
    });
    for (const std::string_view workflow : {kTick.name(), kReader.name(), kLedger.name()}) {
      for (const RunDescription& run :
           client.list({.workflow = std::string(workflow), .limit = 0})) {
        const auto report = replayer.replay(client.handle(run.workflow_id, run.run_id).history());
        if (!report) mismatches_.push_back(run.workflow_id + " does not replay: " + report.text);
      }
    }
  }

  testing::Random random_;
  const bool old_;
  std::size_t stripped_ = 0;
  OperatorsMachine machine_;
  Facts facts_;
  std::vector<std::string> mismatches_;
  std::vector<std::string> ids_of_readers_;
  std::vector<std::string> ids_of_ledgers_;
  int readers_ = 0;
  int ledgers_ = 0;
  int messages_ = 0;
  int signals_ = 0;
  int repairs_ = 0;
};

// ---- controls: facts that are changed must be found ---------------------------------------------

bool is_tick(const RecordedRun& run) {
  return run.started().workflow_id().starts_with("s-");
}

proto::RunStarted* start_of(RecordedRun* run) {
  return run->turns.front().mutable_inputs(0)->mutable_run_started();
}

// A run that somebody was told of as the outcome of a repair; nullptr: there is none.
RecordedRun* a_repaired(Facts* facts) {
  for (const auto& [reason, asked] : facts->repairs) {
    for (RecordedRun& run : facts->runs) {
      if (!asked.run_id.empty() && run.run_id() == asked.run_id) return &run;
    }
  }
  return nullptr;
}

// False: there is nothing to change.
bool spoil(Fault fault, Facts* facts) {
  const auto a_tick = std::find_if(facts->runs.begin(), facts->runs.end(), is_tick);
  RecordedRun* const repaired = a_repaired(facts);
  const auto a_reader = std::find_if(facts->received.begin(), facts->received.end(),
                                     [](const auto& reader) { return !reader.second.empty(); });
  switch (fault) {
    case Fault::kNotFired:
      if (a_tick == facts->runs.end()) return false;
      facts->runs.erase(a_tick);
      return true;
    case Fault::kFiredTwice:
      if (a_tick == facts->runs.end()) return false;
      facts->runs.push_back(RecordedRun(*a_tick));
      return true;
    case Fault::kNotDue:
      if (a_tick == facts->runs.end()) return false;
      start_of(&*a_tick)->set_workflow_id("s-2026-01-01T00:00:01Z");
      return true;
    case Fault::kReceivedTwice:
      if (a_reader == facts->received.end()) return false;
      a_reader->second.push_back(a_reader->second.front());
      return true;
    case Fault::kLostMessage:
      if (a_reader == facts->received.end()) return false;
      for (auto& [run, messages] : facts->received) messages.clear();
      return true;
    case Fault::kWrongCount:
      if (a_reader == facts->received.end()) return false;
      facts->received["another"] = {a_reader->second.front()};
      return true;
    case Fault::kOtherPrefix:
      if (repaired == nullptr) return false;
      repaired->turns.front().set_time_ms(repaired->turns.front().time_ms() + 1);
      return true;
    case Fault::kTornReset:
      for (RecordedRun& run : facts->runs) ++run.seqs.front();
      return repaired != nullptr;
    case Fault::kLostRepair:
      if (repaired == nullptr) return false;
      std::erase_if(facts->runs,
                    [id = repaired->run_id()](const auto& run) { return run.run_id() == id; });
      return true;
    case Fault::kSecondRepair:
      if (repaired == nullptr) return false;
      facts->runs.push_back(RecordedRun(*repaired));
      return true;
  }
  return false;
}

constexpr std::pair<Fault, const char*> kControls[] = {
    {Fault::kNotDue, "a time that was not due"},
    {Fault::kNotFired, "a due time left out"},
    {Fault::kFiredTwice, "a due time twice"},
    {Fault::kReceivedTwice, "a message received twice"},
    {Fault::kLostMessage, "a message lost"},
    {Fault::kWrongCount, "a message received once too often"},
    {Fault::kOtherPrefix, "a changed copy"},
    {Fault::kTornReset, "a torn reset"},
    {Fault::kLostRepair, "a reset lost"},
    {Fault::kSecondRepair, "a reset made twice"},
};

bool caught(Fault fault, std::uint64_t seed) {
  constexpr std::uint64_t kTries = 20;
  for (std::uint64_t i = 0; i < kTries; ++i) {
    OperatorsWorld world(seed + i);
    world.run();
    Facts facts = world.facts();
    if (spoil(fault, &facts) && faults_in(facts).contains(fault)) return true;
  }
  return false;
}

int run(int argc, char** argv) {
  TortureOptions options("operators", "schedules, topics, resets and forks driven by a seed",
                         {.quick = 60, .full = 20'000});
  options.parse(argc, argv);
  TortureReport report(options);
  std::uint64_t bad = 0, deaths = 0, runs = 0, repairs = 0, messages = 0, ticks = 0, stripped = 0;
  for (std::uint64_t i = 0; i < options.count(); ++i) {
    const std::uint64_t seed = options.seed + i;
    OperatorsWorld world(seed, /*old=*/i % 4 == 3);
    world.run();
    stripped += world.stripped();
    const Facts& facts = world.facts();
    std::vector<std::string> wrong = world.mismatches();
    for (const auto& [fault, what] : faults_in(facts)) {
      wrong.push_back(std::string(kControls[static_cast<std::size_t>(fault)].second) + ": " + what);
    }
    for (const std::string& what : wrong) {
      report.fail("seed " + std::to_string(seed) + ": " + what);
    }
    bad += !wrong.empty();
    deaths += world.deaths();
    runs += facts.runs.size();
    messages += facts.published.size();
    for (const RecordedRun& each : facts.runs) {
      ticks += is_tick(each);
      repairs += each.started().has_origin();
    }
  }
  report.add("seeds", options.count());
  report.add("bad", bad);
  report.add("deaths", deaths);
  report.add("runs", runs);
  report.add("due", ticks);
  report.add("messages", messages);
  report.add("repairs", repairs);
  report.add("as of an earlier version", stripped);
  if (options.count() >= 8 && (deaths == 0 || stripped == 0)) {
    report.fail("no machine died, or no store was one of an earlier version");
  }
  std::size_t found = 0;
  for (const auto& [fault, name] : kControls) {
    if (caught(fault, options.seed)) {
      ++found;
    } else {
      report.fail(std::string("the control '") + name + "' was not caught");
    }
  }
  report.add("controls", std::to_string(found) + "/" + std::to_string(std::size(kControls)));
  return report.finish();
}

}  // namespace
}  // namespace reprise::simulation

int main(int argc, char** argv) {
  return reprise::simulation::run(argc, argv);
}
