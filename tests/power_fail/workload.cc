#include "tests/power_fail/workload.h"

#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>

#include "runtime/engine/embedded_engine.h"
#include "tests/power_fail/recording_store.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing {
namespace {

constexpr int kSteps = 500;
constexpr int kReopenings = 3;

class WorkloadClock final : public base::Clock {
 public:
  base::Time now() const override { return now_; }
  void advance(base::Duration by) { now_ += by; }

 private:
  base::Time now_ = base::from_ms(1'700'000'000'000);
};

Outcome take_signals(Execution& e) {
  std::string all;
  for (int i = signals_of(e.info().workflow_id); i > 0; --i) {
    const auto signal = e.next_signal("go");
    e.wait(*signal);
    all += std::to_string(signal->take_outcome().payload().size()) + " ";
  }
  return Outcome::success(all);
}

Outcome make_calls(Execution& e) {
  std::string all;
  for (int i = 0; i < 3; ++i) all += std::to_string(call(e, "work").size()) + " ";
  return Outcome::success(all);
}

Outcome wait_for_timers(Execution& e) {
  const auto first = e.start_timer(base::Duration(20'000), {});
  const auto second = e.start_timer(base::Duration(60'000), {});
  e.wait(*second);
  e.wait(*first);
  return Outcome::success("woken");
}

class Workload {
 public:
  Workload(std::string directory, std::uint64_t seed, bool nosync)
      : directory_(std::move(directory)), random_(seed), log_(directory_, nosync) {
    recording_.root = log_.root();
    slice_ = std::size_t{4} << (random_() % 4);
  }

  Recording run() {
    open();
    for (int i = 1; i <= kSteps; ++i) {
      step();
      if (i % (kSteps / (kReopenings + 1)) == 0) open();
    }
    close();
    recording_.ops = log_.take();
    recording_.ended = clock_.now();
    return std::move(recording_);
  }

 private:
  void promise(Promise promise) {
    log_.promise(recording_.promises.size());
    recording_.promises.push_back(std::move(promise));
  }

  void close() {
    worker_.reset();
    engine_.reset();
  }

  void open() {
    close();
    auto store = store::open_store(directory_ + "/store");
    if (!store) std::abort();
    runtime::EngineOptions options;
    options.threaded = false;
    options.clock = &clock_;
    options.seed = random_() | 1;
    options.archive_slice = slice_;
    options.log = [](runtime::LogLevel, std::string_view) {};
    auto engine = runtime::EmbeddedEngine::over(
        std::make_unique<RecordingStore>(
            std::move(*store),
            [this](store::Seq last) {
              promise({.kind = Promise::Kind::kAppending, .number = last});
            },
            [this](store::Seq last) { promise({.kind = Promise::Kind::kDurable, .number = last}); },
            &recording_.chains),
        std::move(options));
    if (!engine) std::abort();
    engine_ = std::move(*engine);
    auto worker =
        engine_->register_worker(workload_code([this](const runtime::ActivityAttempt& attempt) {
          const std::string key(attempt.idempotency_key());
          promise({.kind = Promise::Kind::kAttempted,
                   .number = std::stoull(key.substr(key.rfind('/') + 1)),
                   .id = std::string(attempt.workflow_id())});
        }));
    if (!worker) std::abort();
    worker_ = std::move(*worker);
  }

  void step() {
    const auto dice = random_() % 10;
    if (dice < 4) {
      start();
    } else if (dice < 8) {
      signal();
    } else {
      clock_.advance(base::Duration(static_cast<std::int64_t>(random_() % 20'000)));
    }
    for (auto rounds = random_() % 4; rounds > 0; --rounds) engine_->run_some();
  }

  std::string payload() {
    const std::size_t sizes[] = {10, 100, 100, 700, 1'990, 2'100, 9'000, 20'000};
    return std::string(random_() % sizes[random_() % std::size(sizes)], 'p');
  }

  void start() {
    static constexpr const char* kWorkflows[] = {"signals", "signals", "calls", "timers"};
    const std::string workflow = kWorkflows[random_() % 4];
    const std::string id = workflow + std::to_string(runs_++);
    if (workflow == "signals") waiting_.push_back(id);
    auto watch = std::make_shared<runtime::RunWatch>();
    engine_->start(
        {.workflow = workflow, .workflow_id = id, .input = payload()}, watch,
        [this, id](const base::Result<runtime::StartedRun>& run) {
          if (!run) std::abort();
          promise({.kind = Promise::Kind::kStarted, .id = id, .text = run->run_id.to_string()});
        });
    ends_.emplace_back(id, std::move(watch));
    note_ends();
  }

  void signal() {
    if (waiting_.empty()) return;
    const std::string id = waiting_[random_() % waiting_.size()];
    engine_->signal({id, {}}, "go", payload(), [this, id](const base::Status& status) {
      if (status) {
        promise({.kind = Promise::Kind::kSignalled, .number = ++signals_[id], .id = id});
      }
    });
    note_ends();
  }

  // A run's end is told to whoever watches it; here somebody looks now and then.
  void note_ends() {
    std::erase_if(ends_, [this](const auto& end) {
      const auto& [id, watch] = end;
      if (!watch->ready()) return false;
      if (watch->get()) {
        promise({.kind = Promise::Kind::kEnded, .id = id, .text = watch->get()->result});
      }
      return true;
    });
  }

  const std::string directory_;
  std::mt19937_64 random_;
  DiskLog log_;
  Recording recording_;
  WorkloadClock clock_;
  std::size_t slice_ = 0;
  int runs_ = 0;
  std::vector<std::string> waiting_;
  std::map<std::string, std::uint64_t> signals_;
  std::vector<std::pair<std::string, std::shared_ptr<runtime::RunWatch>>> ends_;
  std::unique_ptr<runtime::Engine> engine_;
  std::unique_ptr<runtime::WorkerSession> worker_;
};

}  // namespace

int signals_of(const std::string& workflow_id) {
  return 1 + static_cast<int>(std::hash<std::string>()(workflow_id) % 6);
}

runtime::WorkerCode workload_code(std::function<void(const runtime::ActivityAttempt&)> attempted) {
  runtime::WorkerCode code;
  code.workflows["signals"] = code_of(take_signals);
  code.workflows["calls"] = code_of(make_calls);
  code.workflows["timers"] = code_of(wait_for_timers);
  code.activities["work"] = [attempted = std::move(attempted)](
                                const runtime::ActivityAttempt& attempt, std::string_view) {
    if (attempted) attempted(attempt);
    const std::size_t size = std::hash<std::string_view>()(attempt.idempotency_key()) % 5'000;
    return Outcome::success(std::string(size, 'r'));
  };
  return code;
}

Recording record_workload(const std::string& scratch, std::uint64_t seed, bool nosync) {
  const std::string directory = scratch + "/recorded";
  std::filesystem::create_directory(directory);
  Recording recording = Workload(directory, seed, nosync).run();
  std::filesystem::remove_all(directory);
  return recording;
}

}  // namespace reprise::testing
