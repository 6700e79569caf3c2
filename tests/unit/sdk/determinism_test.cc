// Code that does not do what its history says, has a bug, or makes durable calls where it must not.
#include <optional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace reprise::determinism_test {
namespace {

using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Signal<int> number{"number"};

TEST(Nondeterminism, ShowsInTheTurnThatHasIt) {
  Env env;
  int executions = 0;
  env.implement(main_workflow, [&](Context& ctx) {
    ctx.sleep(++executions * 1h);
    return std::string();
  });
  try {
    env.start(main_workflow());
    FAIL() << "replay takes another timer";
  } catch (const NondeterminismError& error) {
    const std::string report = error.what();
    EXPECT_EQ(error.code(), "RP2001");
    EXPECT_NE(report.find("determinism_test.cc"), std::string::npos) << report;
    EXPECT_NE(report.find("TimerStarted"), std::string::npos) << report;
  }
}

TEST(Nondeterminism, IsThrownOnceByOtherCallsAndAlwaysByResult) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    ctx.inbox(number).next().get();
    ctx.sleep(1h);
    return std::string();
  });
  auto run = env.start(main_workflow());
  run.signal(number(1));
  env.implement(main_workflow, [](Context& ctx) {
    ctx.inbox(number).next().get();
    ctx.call(twice(1));
    return std::string();
  });
  env.stub(twice, [](int value) { return value; });
  EXPECT_THROW(env.skip(1h), NondeterminismError);
  EXPECT_NO_THROW(env.skip(1h));
  EXPECT_THROW(run.result(), NondeterminismError);
  EXPECT_THROW(run.result(), NondeterminismError);
  EXPECT_EQ(run.describe().parked->code, "RP2001");
}

TEST(Nondeterminism, IsNotLookedForWhenReplayIsOff) {
  Env env({.replay = testing::Replay::kOff});
  int executions = 0;
  env.implement(main_workflow, [&](Context& ctx) {
    ctx.sleep(++executions * 1h);
    return std::string("done");
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "done");
  EXPECT_EQ(executions, 1);
}

TEST(Nondeterminism, IsMendedByTheRightCode) {
  Env env;
  const auto right = [](Context& ctx) {
    ctx.sleep(1h);
    return std::string("done");
  };
  env.implement(main_workflow, right);
  auto run = env.start(main_workflow());
  env.implement(main_workflow, [](Context& ctx) {
    ctx.call(twice(1));
    return std::string("wrong");
  });
  env.stub(twice, [](int value) { return value; });
  EXPECT_THROW(run.result(), NondeterminismError);
  env.implement(main_workflow, right);
  EXPECT_EQ(run.result(), "done");
}

TEST(Bugs, ParkTheRunUntilTheCodeIsMended) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    ctx.sleep(1h);
    throw std::logic_error("index out of range");
  });
  auto run = env.start(main_workflow());
  try {
    run.result();
    FAIL();
  } catch (const NondeterminismError&) {
    FAIL() << "a bug is no mismatch";
  } catch (const ParkedError& error) {
    EXPECT_EQ(error.code(), "RP2002");
    EXPECT_NE(std::string(error.what()).find("std::logic_error: index out of range"),
              std::string::npos)
        << error.what();
  }
  EXPECT_EQ(run.describe().status, RunStatus::kRunning);
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    ctx.sleep(1h);
    return "mended";
  });
  EXPECT_EQ(run.result(), "mended");
}

TEST(Bugs, InTheConstructorOfAClassParkToo) {
  struct Broken {
    explicit Broken(Context&) { throw std::logic_error("no constructor"); }
    std::string run() { return {}; }
  };
  Env env;
  implement_class(env, main_workflow, &Broken::run);
  EXPECT_THROW(env.start(main_workflow()).result(), ParkedError);
}

TEST(Failures, InTheConstructorOfAClassFailTheRun) {
  struct Refusing {
    explicit Refusing(Context&) { throw ApplicationFailure("Closed", "on Sundays"); }
    std::string run() { return {}; }
  };
  Env env;
  implement_class(env, main_workflow, &Refusing::run);
  EXPECT_THROW(env.start(main_workflow()).result(), ApplicationFailure);
}

TEST(Failures, CanBeHandledInACatchBlockThatWaits) {
  Env env;
  env.stub(twice, [](int value) {
    if (value == 1) throw ApplicationFailure("One", "is too small", false);
    return 2 * value;
  });
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    try {
      ctx.call(twice(1));
    } catch (const ActivityFailure& outer) {
      try {
        ctx.sleep(1h);
        ctx.call(twice(2));
        throw std::runtime_error("inner");
      } catch (const std::runtime_error& inner) {
        ctx.sleep(1h);
        return std::string(inner.what()) + ": " + outer.what();
      }
    }
    return "none";
  });
  EXPECT_EQ(env.start(main_workflow()).result(),
            "inner: 'twice' failed after 1 attempt: is too small");
}

TEST(DurableCalls, InAStepAreMisuse) {
  for (const StepOn where : {StepOn::kActivityThread, StepOn::kShard}) {
    Env env;
    env.implement(main_workflow, [&](Context& ctx) -> std::string {
      try {
        ctx.step("s", [&] { ctx.sleep(1s); }, {.on = where});
      } catch (const ApplicationFailure& failure) {
        return std::string(failure.type());
      }
      return "slept";
    });
    EXPECT_EQ(env.start(main_workflow()).result(), "RP2004");
  }
}

TEST(DurableCalls, OnAnotherThreadAreMisuse) {
  Env env;
  env.implement(main_workflow, [&](Context& ctx) -> std::string {
    std::string code;
    const AllowNondeterminism allow("the thread is what is tested");
    std::thread other([&] {
      try {
        (void)ctx.now();
      } catch (const UsageError& error) {
        code = error.code();
      }
    });
    other.join();
    return code;
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "RP2004");
}

TEST(DurableCalls, OfAnotherRunAreMisuse) {
  Env env({.replay = testing::Replay::kOff});
  Context* first = nullptr;
  env.implement(main_workflow, [&](Context& ctx) -> std::string {
    if (first == nullptr) {
      first = &ctx;
      ctx.sleep(24h);
      return "first";
    }
    try {
      first->sleep(1s);
    } catch (const UsageError& error) {
      return std::string(error.code());
    }
    return "slept";
  });
  auto run = env.start(main_workflow());
  EXPECT_EQ(env.start(main_workflow()).result(), "RP2004");
  EXPECT_EQ(run.result(), "first");
}

TEST(ClientCalls, InWorkflowCodeAreMisuse) {
  Env env;
  env.implement(main_workflow, [&](Context&) -> std::string {
    std::string codes;
    const auto attempt = [&](auto call) {
      try {
        call();
      } catch (const UsageError& error) {
        codes += std::string(error.code()) + " ";
      }
    };
    attempt([&] { env.client().list(); });
    attempt([&] { env.client().start(main_workflow()); });
    attempt([&] { env.client().attach(main_workflow, "w").result(); });
    return codes;
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "RP2004 RP2004 RP2004 ");
}

// A catch (...) that swallows everything does not keep a run from leaving memory.
TEST(Eviction, IsNotStoppedByACatchAll) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    for (int i = 0; i < 3; ++i) {
      try {
        ctx.sleep(1h);
      } catch (...) {
      }
    }
    return "done";
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "done");
}

TEST(Eviction, RunsDestructors) {
  struct Counted {
    int& count;
    explicit Counted(int& counter) : count(counter) { ++count; }
    ~Counted() { --count; }
  };
  int alive = 0;
  {
    Env env;
    env.implement(main_workflow, [&](Context& ctx) -> std::string {
      const Counted counted(alive);
      const Shield shield(ctx);
      auto handler = ctx.answer(Query<int()>("q"), [] { return 1; });
      auto pending = ctx.spawn([&] {
        const Counted inner(alive);
        ctx.sleep(1h);
      });
      ctx.sleep(24h);
      return "done";
    });
    auto run = env.start(main_workflow());
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
}

// Members of a workflow class are destroyed after its strands are gone.
TEST(Eviction, OfAClassWithPendingMembers) {
  struct Holder {
    explicit Holder(Context& ctx)
        : ctx_(ctx), handler_(ctx.answer(Query<int()>("q"), [] { return 1; })) {}
    std::string run() {
      timer_.emplace(ctx_.timer(24h));
      strand_.emplace(ctx_.spawn([this] { ctx_.sleep(48h); }));
      signal_.emplace(ctx_.inbox(number).next());
      timer_->get();
      return "done";
    }
    Context& ctx_;
    Registration handler_;
    std::optional<Pending<void>> timer_;
    std::optional<Pending<void>> strand_;
    std::optional<Pending<int>> signal_;
  };
  Env env;
  implement_class(env, main_workflow, &Holder::run);
  auto left_open = env.start(main_workflow());
  EXPECT_EQ(left_open.query(Query<int()>("q")()), 1);
  auto closed = env.start(main_workflow());
  EXPECT_EQ(closed.result(), "done");
  EXPECT_EQ(closed.query(Query<int()>("q")()), 1);
}

}  // namespace
}  // namespace reprise::determinism_test
