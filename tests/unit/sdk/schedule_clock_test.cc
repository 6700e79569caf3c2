// Schedules on an engine whose clock is set forward and back, and which is closed and opened again:
// each due time is started once, or was missed by more than the catch-up window.
#include <chrono>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "runtime/engine/engine.h"
#include "sdk/src/schedule/own_worker.h"
#include "sdk/src/schedule/state.h"
#include "tests/support/temporary_directory.h"

namespace reprise::schedule_clock_test {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;

constexpr Workflow<void(int)> work{"work"};
constexpr Time kStart{std::chrono::seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z

class SetClock final : public base::Clock {
 public:
  base::Time now() const override { return time; }
  base::Time time = kStart;
};

// Works when somebody waits.
class Driven final : public runtime::ClientService {
 public:
  void ask(runtime::ClientRequest request) override { engine->ask(std::move(request)); }
  base::Status read_tables(base::FunctionRef<void(runtime::TableReads&)> read) override {
    return engine->read_tables(read);
  }
  base::Result<bool> wait(base::FunctionRef<bool()> ready,
                          base::FunctionRef<bool(std::optional<base::Duration>)>,
                          std::optional<base::Duration>) override {
    while (!ready() && engine->run_some()) {
    }
    return ready();
  }

  runtime::Engine* engine = nullptr;
};

struct State final : internal::ServiceState {
  base::Time now() const override { return clock->now(); }
  const base::Clock* clock = nullptr;
};

class TestService final : public Service {
 public:
  explicit TestService(std::unique_ptr<internal::ServiceState> state) : Service(std::move(state)) {}
};

class Machine {
 public:
  Machine() {
    auto state = std::make_unique<State>();
    state->clients = &driven_;
    state->clock = &clock;
    state->log = [](LogLevel, std::string_view) {};
    service_ = std::make_unique<TestService>(std::move(state));
    client = std::make_unique<Client>(*service_);
    open();
  }
  ~Machine() { close(); }

  void open() {
    runtime::EngineOptions options;
    options.threaded = false;
    options.shards = 1;
    options.clock = &clock;
    options.log = [](runtime::LogLevel, std::string_view) {};
    auto opened = runtime::Engine::open(directory_ / "store", options);
    ASSERT_TRUE(opened) << opened.error().text();
    engine_ = std::move(*opened);
    driven_.engine = engine_.get();
    internal::Implementations own;
    internal::add_own_code(own, driven_);
    serve(own, std::string(internal::kSystemQueue));
    internal::Implementations users;
    users.add_workflow(
        "work", internal::workflow_function<void(int)>([](Context& ctx, int minutes) {
          ctx.sleep(std::chrono::minutes(minutes));
        }),
        internal::kArgumentTypes<void(int)>);
    serve(users, "default");
    work_off();
  }
  void close() {
    sessions_.clear();
    engine_.reset();
  }
  void work_off() {
    while (engine_->run_some()) {
    }
  }
  std::vector<std::string> started() const {
    std::vector<std::string> ids;
    for (const auto& run : client->list({.workflow = "work", .limit = 0})) {
      ids.push_back(run.workflow_id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  SetClock clock;
  std::unique_ptr<Client> client;

 private:
  void serve(const internal::Implementations& code, const std::string& queue) {
    const auto host = std::make_shared<const internal::WorkflowHost>(
        internal::WorkflowHost{.log = [](LogLevel, std::string_view) {}});
    sessions_.push_back(
        internal::value_or_throw(engine_->register_worker(code.worker_code(queue, 0, host))));
  }

  testing::TemporaryDirectory directory_;
  Driven driven_;
  std::unique_ptr<runtime::Engine> engine_;
  std::vector<std::unique_ptr<runtime::WorkerSession>> sessions_;
  std::unique_ptr<TestService> service_;
};

TEST(ScheduleClock, SetForwardBeyondTheCatchUpWindow) {
  Machine machine;
  const auto schedule = machine.client->create_schedule(
      "s", {.every = 1h}, work(0), {}, {.overlap = Overlap::kAllow, .catch_up = 3h + 30min});
  machine.work_off();
  machine.clock.time += 10h + 15min;
  machine.work_off();
  EXPECT_THAT(machine.started(),
              ::testing::ElementsAre("s-2026-01-01T07:00:00Z", "s-2026-01-01T08:00:00Z",
                                     "s-2026-01-01T09:00:00Z", "s-2026-01-01T10:00:00Z"));
  EXPECT_EQ(schedule.describe().missed, 6U);
}

TEST(ScheduleClock, SetBack) {
  Machine machine;
  const auto schedule = machine.client->create_schedule("s", {.every = 1h}, work(0));
  machine.work_off();
  machine.clock.time += 2h;
  machine.work_off();
  machine.clock.time -= 5h;
  machine.work_off();
  machine.clock.time += 5h + 59min;
  machine.work_off();
  EXPECT_THAT(machine.started(), SizeIs(1));  // one for two hours at once, by kSkip
  machine.clock.time += 1min;
  machine.work_off();
  EXPECT_THAT(machine.started(), SizeIs(2));
  EXPECT_EQ(schedule.describe().skipped, 1U);
}

TEST(ScheduleClock, AYearOfMinutesAtOnce) {
  Machine machine;
  const auto schedule = machine.client->create_schedule("s", {.cron = {"* * * * *"}}, work(0));
  machine.work_off();
  machine.close();
  machine.clock.time += std::chrono::hours(24 * 400);
  machine.open();
  EXPECT_THAT(machine.started(), SizeIs(1));
  const auto known = schedule.describe();
  EXPECT_EQ(known.started, 1U);
  EXPECT_EQ(known.missed + known.skipped + 1, 400U * 24 * 60);
}

TEST(ScheduleClock, ATimerThatIsLateIsNoMiss) {
  Machine machine;
  (void)machine.client->create_schedule("s", {.every = 1h}, work(0), {}, {.catch_up = 0ms});
  machine.work_off();
  machine.clock.time += 1h + 9s;
  machine.work_off();
  EXPECT_THAT(machine.started(), SizeIs(1));
}

// What the documentation promises, for whatever the clock and the process do.
TEST(ScheduleClock, EachDueTimeOnceWhateverTheClockDoes) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const auto dice = [&](int sides) { return static_cast<int>(random() % sides); };
    Machine machine;
    constexpr Duration kCatchUp = 40min;
    const auto schedule =
        machine.client->create_schedule("s", {.every = 10min}, work(dice(30)), {},
                                        {.overlap = Overlap::kAllow, .catch_up = kCatchUp});
    machine.work_off();
    std::set<std::string> expected;
    std::uint64_t missed = 0;
    Time handled = kStart;
    for (int step = 0; step < 40; ++step) {
      const bool restarts = dice(4) == 0;
      if (restarts) machine.close();
      const int jump = dice(10);
      if (jump == 0) {
        machine.clock.time += std::chrono::minutes(dice(300));
      } else if (jump == 1) {
        machine.clock.time -= std::chrono::minutes(dice(300));
      } else {
        machine.clock.time += std::chrono::seconds(dice(1'200));
      }
      if (restarts) machine.open();
      machine.work_off();
      const Time now = machine.clock.time;
      for (Time due = handled + 10min; due <= now; due += 10min) {
        handled = due;
        if (now - due <= kCatchUp) {
          expected.insert(internal::id_of_run("s", due, false));
        } else {
          ++missed;
        }
      }
    }
    const auto started = machine.started();
    EXPECT_EQ(std::vector<std::string>(expected.begin(), expected.end()), started) << seed;
    EXPECT_EQ(schedule.describe().missed, missed) << seed;
    EXPECT_EQ(schedule.describe().started, expected.size()) << seed;
  }
}

}  // namespace
}  // namespace reprise::schedule_clock_test
