#include "reprise/guard.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <future>
#include <mutex>
#include <optional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise::guard_test {
namespace {

using namespace std::chrono_literals;
using testing::Env;
using testing::EnvOptions;

constexpr Workflow<int()> main_workflow{"main"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Query<int()> ask{"ask"};

// For the duration of a test; not while other threads look at the environment.
class Variable {
 public:
  explicit Variable(const char* value) {
    if (const char* const before = std::getenv("REPRISE_GUARD"); before != nullptr)
      before_ = before;
    if (value == nullptr) {
      ::unsetenv("REPRISE_GUARD");
    } else {
      ::setenv("REPRISE_GUARD", value, 1);
    }
  }
  ~Variable() {
    if (before_) {
      ::setenv("REPRISE_GUARD", before_->c_str(), 1);
    } else {
      ::unsetenv("REPRISE_GUARD");
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::optional<std::string> before_;
};

[[gnu::noinline]] int seconds() {
  const std::time_t now = std::time(nullptr);
  asm volatile("" ::: "memory");
  return static_cast<int>(now % 60);
}

class GuardInEnv : public ::testing::Test {
 protected:
  // The code of the NondeterminismError that a run of that code ends in; "" if it is clean.
  template <class Fn>
  std::string found(Fn fn, EnvOptions options = {}) {
    Env env(std::move(options));
    env.implement(main_workflow, fn).stub(twice, [](int value) { return 2 * value; });
    try {
      env.start(main_workflow()).result();
    } catch (const NondeterminismError& error) {
      report_ = error.what();
      return std::string(error.code());
    }
    return "";
  }

  const Variable unset_{nullptr};
  std::string report_;
};

TEST_F(GuardInEnv, FailsATestByDefault) {
  EXPECT_EQ(found([](Context&) { return seconds(); }), "RP2008");
  EXPECT_NE(report_.find("ctx.now()"), std::string::npos) << report_;
  EXPECT_EQ(found([](Context& ctx) {
              ctx.sleep(1h);
              return ctx.call(twice(seconds()));
            }),
            "RP2008");
}

TEST_F(GuardInEnv, IsAnOption) {
  EXPECT_EQ(found([](Context&) { return seconds(); }, {.guard = Guard::kOff}), "");
  std::vector<std::string> lines;
  EXPECT_EQ(found([](Context&) { return seconds(); },
                  {.guard = Guard::kReport,
                   .logger = [&](LogLevel, std::string_view line) { lines.emplace_back(line); }}),
            "");
  // Not alone: a sanitizer's build says that system calls are not caught, and at the end there is a
  // count.
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("RP2008") != std::string::npos;
  }));
}

TEST_F(GuardInEnv, IsOverriddenByTheEnvironment) {
  {
    const Variable off("off");
    EXPECT_EQ(found([](Context&) { return seconds(); }), "");
  }
  {
    const Variable park("park");
    EXPECT_EQ(found([](Context&) { return seconds(); }, {.guard = Guard::kOff}), "RP2008");
  }
  const Variable wrong("on");
  try {
    const Env env;
    FAIL() << "'on' is no mode";
  } catch (const InvalidOption& error) {
    EXPECT_EQ(error.code(), "RP3010");
    EXPECT_NE(std::string(error.what()).find("'on'"), std::string::npos) << error.what();
  }
}

TEST_F(GuardInEnv, LeavesAloneWhatIsNoWorkflowCode) {
  Env env({.logger = [](LogLevel, std::string_view) { seconds(); }});
  env.implement(main_workflow, [](Context& ctx) {
    auto answering = ctx.answer(ask, [] { return seconds() * 0 + 1; });
    const int configured = ctx.side_effect([] { return seconds(); });
    const int stepped = ctx.step("step", [] { return seconds(); });
    const int on_shard = ctx.step(
        "step", [] { return seconds(); }, StepOptions{.on = StepOn::kShard});
    ctx.log().info("a line");
    ctx.sleep(1h);
    return ctx.call(twice(1)) + 0 * (configured + stepped + on_shard);
  });
  env.implement(twice, [](ActivityContext&, int value) { return 2 * value + 0 * seconds(); });
  auto run = env.start(main_workflow());
  EXPECT_EQ(run.query(ask()), 1);
  EXPECT_EQ(run.result(), 2);
}

TEST_F(GuardInEnv, AllowsByScope) {
  EXPECT_EQ(found([](Context&) {
              const AllowNondeterminism allow("only for the test");
              const AllowNondeterminism nested("likewise");
              return seconds() * 0;
            }),
            "");
  EXPECT_EQ(found([](Context&) {
              { const AllowNondeterminism allow("over at once"); }
              return seconds() * 0;
            }),
            "RP2008");
}

// Another strand runs while the one that has allowed itself something waits.
TEST_F(GuardInEnv, AllowsTheStrandThatAsked) {
  EXPECT_EQ(found([](Context& ctx) {
              auto other = ctx.spawn([&] {
                ctx.sleep(1h);
                return seconds() * 0;
              });
              const AllowNondeterminism allow("this strand alone");
              ctx.sleep(2h);
              return other.get();
            }),
            "RP2008");
  EXPECT_EQ(found([](Context& ctx) {
              auto other = ctx.spawn([&] {
                ctx.sleep(1h);
                return 1;
              });
              const AllowNondeterminism allow("this strand alone");
              ctx.sleep(2h);
              return other.get() + seconds() * 0;
            }),
            "");
  EXPECT_EQ(found([](Context& ctx) {
              auto other = ctx.spawn([&] {
                const AllowNondeterminism allow("the other strand");
                ctx.sleep(3h);
                return 1;
              });
              ctx.sleep(1h);
              return seconds() * 0;  // ends the run, which unwinds the other
            }),
            "RP2008");
}

TEST(GuardOfAnEngine, ReportsOnceToItsLog) {
  const Variable unset(nullptr);
  const testing::TemporaryDirectory directory;
  std::mutex mutex;
  std::vector<std::string> lines;
  {
    const auto engine = Engine::open(
        directory / "store",
        {.shards = 1, .guard = Guard::kReport, .logger = [&](LogLevel, std::string_view line) {
           const std::lock_guard lock(mutex);
           lines.emplace_back(line);
         }});
    Worker worker(*engine);
    worker.implement(main_workflow, [](Context& ctx) {
      ctx.sleep(1ms);
      return seconds() * 0 + 1;
    });
    worker.start();
    Client client(*engine);
    EXPECT_EQ(client.start(main_workflow()).result(), 1);
    EXPECT_EQ(client.start(main_workflow()).result(), 1);
  }
  int reports = 0;
  for (const std::string& line : lines) reports += line.find("RP2008") != line.npos ? 1 : 0;
  EXPECT_EQ(reports, 1);
}

TEST(GuardOfAnEngine, ParksAndGoesOnWithMendedCode) {
  const Variable unset(nullptr);
  const testing::TemporaryDirectory directory;
  std::promise<std::string> parked;
  const EngineOptions options{
      .shards = 1, .guard = Guard::kPark, .logger = [&](LogLevel level, std::string_view line) {
        if (level == LogLevel::kError) parked.set_value(std::string(line));
      }};
  const auto engine = Engine::open(directory / "store", options);
  Client client(*engine);
  {
    Worker worker(*engine);
    worker.implement(main_workflow, [](Context&) { return seconds(); });
    worker.start();
    auto run = client.start(main_workflow(), {.id = "run"});
    const std::string line = parked.get_future().get();
    EXPECT_NE(line.find("RP2008"), line.npos) << line;
    EXPECT_EQ(run.describe().parked->code, "RP2008");
  }
  Worker mended(*engine);
  mended.implement(main_workflow, [](Context&) { return 7; });
  mended.start();
  EXPECT_EQ(client.attach(main_workflow, "run").result(), 7);
}

// The default of the option depends on the code that makes it.
TEST(GuardOfAnEngine, IsOffInReleaseBuilds) {
#ifdef NDEBUG
  EXPECT_EQ(EngineOptions{}.guard, Guard::kOff);
#else
  EXPECT_EQ(EngineOptions{}.guard, Guard::kReport);
#endif
}

}  // namespace
}  // namespace reprise::guard_test
