#include "tests/simulation/world.h"

#include <cstdlib>
#include <ctime>
#include <utility>

#include "base/check.h"

namespace reprise::simulation {

namespace {

const std::string kQueues[] = {"default", "activities"};

// Around instants at which clocks are known to fail: summer time begins and ends, the end of 32
// bits, a leap day, a new year.
base::Time some_instant(testing::Random& random) {
  constexpr std::int64_t kInstants[] = {1'774'746'000'000, 1'792'890'000'000, 2'147'483'647'000,
                                        1'709'164'800'000, 4'102'444'800'000, 1'700'000'000'000};
  return base::from_ms(kInstants[random.below(6)] + random.between(-20'000, 5'000));
}

}  // namespace

World::World(std::uint64_t seed, Control control, bool print)
    : random_(seed),
      control_(control),
      trace_(print),
      clock_(some_instant(random_), random_.next(), random_.chance(50)),
      work_(disk_, random_, trace_, verdict_),
      clients_(disk_, random_, trace_, verdict_) {
  outside_.fresh = [this] { return "f" + std::to_string(++fresh_); };
  outside_.step = [this](const replay::RunInfo& run, const std::string& name) {
    return work_.step(run, name);
  };
  outside_.deterministic = control_ != Control::kOtherCode;
  options_.threaded = false;
  options_.clock = &clock_;
  options_.strict = true;
  options_.replay_every_turn = random_.chance(30);
  options_.cached_runs = random_.chance(40) ? 1 : 1 + random_.below(4);
  options_.archive_slice = 1 + random_.below(random_.chance(50) ? 3 : 40);
  options_.limits.child_depth = static_cast<std::uint32_t>(1 + random_.below(4));
  options_.on_fatal = [](const base::Error&) {};
  options_.log = [this](runtime::LogLevel level, std::string_view line) {
    trace_.say("  log: " + std::string(line));
    const bool meant = (outside_.bug && line.find("simulated bug") != line.npos) ||
                       (without_program_ && line.find("RP2003") != line.npos);
    if (level == runtime::LogLevel::kError && store_->alive() && !meant) {
      verdict_.found(Flaw::kTrouble, std::string(line));
    }
  };
  if (control_ == Control::kLostResults) work_.lose_results();
  if (control_ == Control::kEarlyReports) work_.report_early();
  if (control_ == Control::kAskedToStop) work_.ask_all();
  outside_.loses_updates = control_ == Control::kLostUpdates;
  outside_.other_answers = control_ == Control::kOtherAnswers;
  if (control_ == Control::kOtherUpdateIds) clients_.forget_ids();
  if (control_ == Control::kOldValues) clients_.remember_answers();
  disk_.acknowledges_early = control_ == Control::kEarlyAcknowledgement;
  if (control_ == Control::kFastClock) clock_.lie(std::chrono::minutes(10));
  trace_.say("clock " + std::to_string(base::to_ms(clock_.truth())) + ", replay_every_turn " +
             std::to_string(options_.replay_every_turn) + ", cached_runs " +
             std::to_string(options_.cached_runs) + ", archive_slice " +
             std::to_string(options_.archive_slice));
}

World::~World() {
  if (store_ != nullptr) store_->kill();
  clients_.connect(nullptr);
  workers_.clear();
}

void World::run() {
  weigh_acts();
  boot();
  for (const std::string& queue : kQueues) worker_comes(queue);
  clients_.start();
  // More than the engine takes in one part of a round, and than it appends at once.
  if (random_.chance(1)) clients_.start_crowd(100 + random_.below(600));
  const std::uint64_t actions = 60 + random_.below(random_.chance(40) ? 2'000 : 300);
  for (std::uint64_t i = 0; i < actions; ++i) act();
  finish_all();
}

// ---- the machine ------------------------------------------------------------------------------

void World::boot() {
  auto store = std::make_unique<SimStore>(disk_);
  store_ = store.get();
  options_.seed = random_.next() | 1;
  auto engine = runtime::EmbeddedEngine::over(std::move(store), options_);
  REPRISE_CHECK(engine.has_value(), "a simulated disk that does not lie opens");
  engine_ = std::move(*engine);
  steps_ = static_cast<runtime::EmbeddedEngine*>(engine_.get());
  clients_.connect(steps_);
  if (!ending_) old_rows_ = rows_of(*steps_, &verdict_);
}

void World::crash(bool power) {
  trace_.say(power ? "power failure" : "process death");
  ++counts_.crashes;
  store_->kill();
  clients_.connect(nullptr);
  workers_.clear();
  engine_.reset();
  work_.crash(power);
  if (power) disk_.marks.clear();
  break_disk(power);
  check_disk();
  // The machine may be off for a while.
  if (random_.chance(50)) clock_.move(base::Duration(random_.between(0, 30'000)));
  boot();
  for (const std::string& queue : kQueues) {
    if (ending_ || random_.chance(80)) worker_comes(queue);
  }
}

void World::crash_in(Death when, bool in_archive) {
  trace_.say(std::string("death ") + (when == Death::kBeforeWrite ? "before" : "after") +
             (in_archive ? " archiving" : " a commit"));
  if (in_archive) {
    store_->die_in_archive(when);
    archive();
  } else {
    store_->die_in_append(when);
    (void)steps_->commit();
  }
  crash(random_.chance(30));
}

void World::worker_comes(const std::string& queue) {
  if (workers_.contains(queue)) return;
  trace_.say("worker of " + queue + " comes");
  runtime::WorkerCode code;
  code.task_queue = queue;
  if (queue == "default") {
    // Now and then somebody deploys the wrong version.
    outside_.bug = !ending_ && random_.chance(10);
    without_program_ = !ending_ && random_.chance(5);
    if (!without_program_) code.workflows["program"] = program(outside_);
    if (outside_.bug) trace_.say("  its code has a bug");
    if (without_program_) trace_.say("  it is another one's");
  }
  auto session = engine_->register_worker(std::move(code));
  REPRISE_CHECK(session.has_value(), "the queue is free");
  workers_[queue] = std::move(*session);
}

void World::worker_leaves(const std::string& queue) {
  const auto found = workers_.find(queue);
  if (found == workers_.end()) return;
  trace_.say("worker of " + queue + " leaves");
  work_.stop_worker(*steps_, queue);
  if (random_.chance(50)) (void)steps_->run_shards();
  workers_.erase(found);
}

// ---- the schedule -----------------------------------------------------------------------------

enum class World::Act : std::uint8_t {
  kRound,
  kCommit,
  kBegin,
  kFinish,
  kTime,
  // From here on a world may do without.
  kStart,
  kSignal,
  kQuery,
  kUpdate,
  kUseToken,
  kCancel,
  kTerminate,
  kPause,
  kResume,
  kLook,
  kArchive,
  kCrash,
  kCrashInCommit,
  kCrashInArchive,
  kWorkerLeaves,
  kWorkerComes,
  kRepeat,
  kTimeOut,
  kHeartbeat,
  kSetClock,
};

// If everything happened equally often, all worlds would be much alike: so each has its own
// preferences.
void World::weigh_acts() {
  constexpr std::uint64_t kUsual[] = {80, 80, 80, 50, 30, 18, 36, 12, 12, 14, 8, 2, 4,
                                      6,  6,  18, 4,  4,  2,  6,  10, 6,  6,  6, 6};
  constexpr std::uint64_t kOften[] = {1, 1, 2, 4, 12};
  for (std::size_t i = 0; i < std::size(kUsual); ++i) {
    const bool needed = i < static_cast<std::size_t>(Act::kStart);
    const std::uint64_t factor = kOften[random_.below(std::size(kOften))];
    weights_.push_back(!needed && random_.chance(15) ? 0 : kUsual[i] * factor);
  }
}

World::Act World::next_act() {
  std::uint64_t sum = 0;
  for (const std::uint64_t weight : weights_) sum += weight;
  std::uint64_t choice = random_.below(sum);
  std::size_t act = 0;
  while (choice >= weights_[act]) choice -= weights_[act++];
  return static_cast<Act>(act);
}

void World::act() {
  const Act act = next_act();
  switch (act) {
    case Act::kRound:
      trace_.say("round");
      (void)steps_->run_shards();
      break;
    case Act::kCommit:
      trace_.say("commit");
      (void)steps_->commit();
      break;
    case Act::kBegin:
      (void)attempt();
      break;
    case Act::kFinish:
      (void)work_.finish_one(*steps_);
      break;
    case Act::kTime:
      time_passes();
      break;
    default:
      if (!client_acts(act)) (void)machine_acts(act);
      break;
  }
  clients_.poll();
}

bool World::client_acts(Act act) {
  switch (act) {
    case Act::kStart:
      random_.chance(20) ? clients_.start_again() : clients_.start();
      return true;
    case Act::kSignal:
      clients_.signal();
      return true;
    case Act::kQuery:
      clients_.query();
      return true;
    case Act::kUpdate:
      clients_.update();
      return true;
    case Act::kUseToken:
      clients_.use_token(work_.tasks());
      return true;
    case Act::kCancel:
      clients_.cancel();
      return true;
    case Act::kTerminate:
      clients_.terminate();
      return true;
    case Act::kPause:
      clients_.pause();
      return true;
    case Act::kResume:
      clients_.resume();
      return true;
    case Act::kLook:
      clients_.look();
      return true;
    default:
      return false;
  }
}

bool World::machine_acts(Act act) {
  const Death when = random_.chance(50) ? Death::kBeforeWrite : Death::kAfterWrite;
  const std::string& queue = kQueues[random_.below(2)];
  switch (act) {
    case Act::kArchive:
      archive();
      return true;
    case Act::kCrash:
      crash(random_.chance(30));
      return true;
    case Act::kCrashInCommit:
      crash_in(when, false);
      return true;
    case Act::kCrashInArchive:
      crash_in(when, true);
      return true;
    case Act::kWorkerLeaves:
      worker_leaves(queue);
      return true;
    case Act::kWorkerComes:
      worker_comes(queue);
      return true;
    case Act::kRepeat:
      work_.repeat_result(*steps_);
      return true;
    case Act::kTimeOut:
      work_.time_out(*steps_);
      return true;
    case Act::kHeartbeat:
      work_.heartbeat(*steps_);
      return true;
    case Act::kSetClock:
      set_clock();
      return true;
    default:
      return false;
  }
}

void World::set_clock() {
  const std::int64_t hour = random_.chance(50) ? 3'600'000 : -3'600'000;
  trace_.say("the clock is set by " + std::to_string(hour) + " ms");
  clock_.move(base::Duration(hour));
}

void World::time_passes() {
  base::Duration by(random_.between(1, 3'000));
  if (const auto due = steps_->next_due(); due && *due > clock_.truth() && random_.chance(60)) {
    by = *due - clock_.truth();
    if (random_.chance(20)) by -= base::Duration(1);
  }
  trace_.say("time passes: " + std::to_string(by.count()) + " ms");
  clock_.move(by);
}

void World::archive() {
  trace_.say("archive");
  const auto archived = steps_->archive();
  if (!archived && store_->alive()) verdict_.found(Flaw::kTrouble, archived.error().text());
}

bool World::attempt() {
  const std::size_t first = random_.below(2);
  return work_.begin(*steps_, kQueues[first]) || work_.begin(*steps_, kQueues[1 - first]);
}

bool World::settle() {
  constexpr int kRounds = 10'000;
  for (int i = 0; i < kRounds; ++i) {
    bool worked = steps_->run_shards();
    worked |= steps_->commit();
    worked |= attempt();
    // Lost work does not count.
    worked |= work_.finish_one(*steps_);
    if (ending_) worked |= clients_.complete_all(work_.tasks());
    if (i % 8 == 0) archive();
    clients_.poll();
    if (!worked) return true;
  }
  return false;
}

}  // namespace reprise::simulation
