#include "tests/simulation/world.h"

#include <cstdlib>
#include <ctime>
#include <utility>

#include "base/check.h"

namespace reprise::simulation {

namespace {

const std::string kQueues[] = {"default", "activities"};

// Around instants at which clocks are known to go wrong: summer time begins and ends, the end of 32
// bits, a leap day, a new year.
base::Time some_instant(Random& random) {
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
  options_.on_fatal = [](const base::Error&) {};
  options_.log = [this](runtime::LogLevel level, std::string_view line) {
    trace_.say("  log: " + std::string(line));
    if (level == runtime::LogLevel::kError && store_->alive()) {
      verdict_.found(Flaw::kTrouble, std::string(line));
    }
  };
  if (control_ == Control::kLostResults) work_.lose_results();
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
  boot();
  for (const std::string& queue : kQueues) worker_comes(queue);
  clients_.start();
  const std::uint64_t actions = 60 + random_.below(240);
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
  ++boots_;
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
  if (queue == "default") code.workflows["program"] = program(outside_);
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

void World::act() {
  switch (random_.below(10)) {
    case 0:
    case 1:
      client_acts();
      break;
    case 2:
      machine_acts();
      break;
    case 3:
    case 4:
      (void)attempt();
      break;
    case 5:
      if (!work_.finish_one(*steps_)) time_passes();
      break;
    case 6:
    case 7:
      trace_.say("commit");
      (void)steps_->commit();
      break;
    default:
      trace_.say("round");
      (void)steps_->run_shards();
      break;
  }
  clients_.poll();
}

void World::client_acts() {
  switch (random_.below(14)) {
    case 0:
    case 1:
    case 2:
      return clients_.start();
    case 3:
    case 4:
    case 5:
    case 6:
      return clients_.signal();
    case 7:
    case 8:
      return clients_.query();
    case 9:
    case 10:
      return clients_.update();
    case 11:
      return clients_.cancel();
    case 12:
      if (random_.chance(40)) return clients_.terminate();
      return clients_.signal();
    default:
      return clients_.look();
  }
}

void World::machine_acts() {
  const std::string& queue = kQueues[random_.below(2)];
  switch (random_.below(16)) {
    case 0:
      return crash(random_.chance(30));
    case 1:
      return crash_in(random_.chance(50) ? Death::kBeforeWrite : Death::kAfterWrite,
                      random_.chance(30));
    case 2:
      return worker_leaves(queue);
    case 3:
    case 4:
      return worker_comes(queue);
    case 5:
    case 6:
    case 7:
      return archive();
    case 8:
      return work_.repeat_result(*steps_);
    case 9:
      return work_.time_out(*steps_);
    case 10:
      return work_.heartbeat(*steps_);
    case 11: {
      const std::int64_t hour = random_.chance(50) ? 3'600'000 : -3'600'000;
      trace_.say("the clock is set by " + std::to_string(hour) + " ms");
      return clock_.move(base::Duration(hour));
    }
    default:
      return time_passes();
  }
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
    // Work that gets lost is no work.
    worked |= work_.finish_one(*steps_);
    if (i % 8 == 0) archive();
    clients_.poll();
    if (!worked) return true;
  }
  return false;
}

// ---- disks and clocks that lie ----------------------------------------------------------------

namespace {

bool swap_signals(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (int i = 0; i < turn.inputs_size(); ++i) {
    for (int j = i + 1; j < turn.inputs_size(); ++j) {
      if (!turn.inputs(i).has_signal_received() || !turn.inputs(j).has_signal_received()) continue;
      const std::string& one = turn.inputs(i).signal_received().input();
      const std::string& other = turn.inputs(j).signal_received().input();
      if (one.substr(0, 3) != other.substr(0, 3)) continue;
      turn.mutable_inputs()->SwapElements(i, j);
      *body = turn.SerializeAsString();
      return true;
    }
  }
  return false;
}

bool repeat_result(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (const proto::Event& input : turn.inputs()) {
    if (!input.has_activity_completed()) continue;
    const proto::Event again = input;
    *turn.add_inputs() = again;
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

bool change_result(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (proto::Event& input : *turn.mutable_inputs()) {
    if (!input.has_activity_completed()) continue;
    input.mutable_activity_completed()->set_result("another");
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

}  // namespace

void World::break_disk(bool power) {
  switch (control_) {
    case Control::kLostCommit:
      disk_.lose_last_commit();
      break;
    case Control::kSwappedSignals:
      broken_ = broken_ || disk_.tamper(swap_signals);
      break;
    case Control::kRepeatedResult:
      broken_ = broken_ || disk_.tamper(repeat_result);
      break;
    case Control::kChangedRecord:
      broken_ = broken_ || disk_.tamper(change_result);
      break;
    case Control::kForgottenAttempts:
      if (!power) disk_.marks.clear();
      break;
    default:
      break;
  }
}

}  // namespace reprise::simulation
