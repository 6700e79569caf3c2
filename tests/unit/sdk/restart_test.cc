// Failed runs that are restarted, forks, and resets in an engine.
#include <chrono>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sdk/chains.h"
#include "tests/unit/sdk/operated.h"

namespace reprise::restart_test {
namespace {

using namespace std::chrono_literals;
using namespace chains;
using namespace operated;
using testing::Env;

constexpr Workflow<std::string(std::string)> order{"order"};
constexpr Workflow<std::string(int)> leg{"leg"};
constexpr Activity<std::string(std::string)> reserve{"reserve"};
constexpr Activity<std::string(std::string)> charge{"charge"};
constexpr Activity<std::string(int)> work{"work"};

std::string run_order(Context& ctx, const std::string& item) {
  const std::string place = ctx.call(reserve(item));
  return place + ", " + ctx.call(charge(item));
}

void implement_order(Env& env, std::string price = "charged") {
  env.implement(order, run_order);
  env.stub(reserve, [](const std::string& item) { return item + " reserved"; });
  env.stub(charge, [price](const std::string&) { return price; });
}

// ---- restart -----------------------------------------------------------------------------------

TEST(Restart, MakesTheFailedActivityAgain) {
  in_every_weather([](Env& env) {
    env.implement(order, run_order);
    env.stub(reserve, [](const std::string& item) { return item + " reserved"; });
    env.stub(charge, [](const std::string&) -> std::string {
      throw ApplicationFailure("Down", "the processor is down", false);
    });
    const auto run = env.start(order("hat"), {.id = "x"});
    EXPECT_THROW(run.result(), ActivityFailure);
    env.stub(charge, [](const std::string&) { return std::string("charged"); });
    const int reserved = env.calls(reserve);
    const RunHandle again = run.restart();
    EXPECT_EQ(env.client().attach(order, "x").result(), "hat reserved, charged");
    EXPECT_EQ(env.calls(reserve), reserved);
    EXPECT_EQ(count_in(again, "\"restart\":true"), 1);
  });
}

// The failure went through a compensation, and other results came in the meantime.
TEST(Restart, KeepsOtherResultsAndSignals) {
  Env env;
  env.implement(leg, [](Context& ctx, int) -> std::string {
    auto slow = ctx.start(work(1));
    auto bad = ctx.start(work(2));
    std::string got;
    try {
      got = bad.get();
    } catch (const ActivityFailure&) {
      ctx.sleep(1h);  // it cleans up
      static_cast<void>(ctx.call(work(3)));
      throw;
    }
    return slow.get() + got + std::to_string(ctx.inbox(number).next().get());
  });
  bool works = false;
  env.implement(work, [&](ActivityContext&, int n) -> std::string {
    if (n == 2 && !works) throw ApplicationFailure("No", "not now", false);
    return std::to_string(n);
  });
  const auto run = env.start(leg(0), {.id = "x"});
  run.signal(number(9));
  EXPECT_THROW(run.result(), ActivityFailure);
  works = true;
  const int calls = env.calls(work);
  (void)run.restart();
  EXPECT_EQ(env.client().attach(leg, "x").result(), "129");
  EXPECT_EQ(env.calls(work), calls + 1);
}

TEST(Restart, OfCodeThatFailsMakesItsLastTurnAgain) {
  in_every_weather([](Env& env) {
    env.implement(leg, [](Context& ctx, int) -> std::string {
      static_cast<void>(ctx.call(work(1)));
      throw ApplicationFailure("Bug", "a wrong sum");
    });
    env.stub(work, [](int n) { return std::to_string(n); });
    const auto run = env.start(leg(0), {.id = "x"});
    EXPECT_THROW(run.result(), ApplicationFailure);
    const int calls = env.calls(work);
    env.implement(leg, [](Context& ctx, int) { return "sum " + ctx.call(work(1)); });
    (void)run.restart({.reason = "fixed"});
    EXPECT_EQ(env.client().attach(leg, "x").result(), "sum 1");
    EXPECT_EQ(env.calls(work), calls) << "its result is kept";
  });
}

// Hours later its limits begin anew, too.
TEST(Restart, ItsLimitsCountFromTheRestart) {
  in_every_weather([](Env& env) {
    env.implement(leg, [](Context& ctx, int) {
      return ctx.call(work(1), {.schedule_to_close = 1min, .retry = {.maximum_attempts = 2}});
    });
    env.stub(work, [](int) -> std::string { throw ApplicationFailure("No", "not now", false); });
    const auto run = env.start(leg(0), {.id = "x"});
    EXPECT_THROW(run.result(), ActivityFailure);
    env.skip(3h);
    bool failed = false;
    env.stub(work, [&](int n) {
      if (!std::exchange(failed, true)) throw ApplicationFailure("Busy", "once more");
      return std::to_string(n);
    });
    (void)run.restart();
    EXPECT_EQ(env.client().attach(leg, "x").result(), "1");
  });
}

// The audit and the history say who asked.
TEST(Restart, SaysWhoAskedInBothRuns) {
  Env env;
  env.implement(leg, [](Context& ctx, int) { return ctx.inbox(number).next().get(), "done"; });
  const Client client = env.client(ClientOptions{.principal = "ann"});
  const auto run = client.start(leg(0), {.id = "x"});
  const std::string old_id = run.run_id();
  run.pause("a look");
  (void)run.reset({.event = 1});
  const auto by_ann = [&](const std::string& run_id) {
    return count_in(client.handle("x", run_id), "\"principal\":\"ann\"");
  };
  EXPECT_EQ(by_ann(old_id), 3) << "start, pause, end";
  EXPECT_GE(by_ann(client.describe("x").run_id), 2) << "start, reset";
}

TEST(Restart, RunsOfTheEnginesOwnAreLeftAlone) {
  Env env;
  const RunHandle own = env.client().handle("reprise:schedule:nightly");
  EXPECT_EQ(code_of([&] { own.pause("a look"); }), "RP3048");
  EXPECT_EQ(code_of([&] { (void)own.reset({.event = 1}); }), "RP3048");
  EXPECT_EQ(code_of([&] { (void)own.fork({.id = "mine"}); }), "RP3048");
  EXPECT_EQ(code_of([&] { (void)env.client().handle("x").fork({.id = "reprise:y"}); }), "RP3048");
}

TEST(Restart, OfCodeThatFailsAtOnce) {
  Env env;
  env.implement(leg,
                [](Context&, int) -> std::string { throw ApplicationFailure("Bug", "at once"); });
  const auto run = env.start(leg(0), {.id = "x"});
  EXPECT_THROW(run.result(), ApplicationFailure);
  env.implement(leg, [](Context&, int n) { return std::to_string(n); });
  (void)run.restart();
  EXPECT_EQ(env.client().attach(leg, "x").result(), "0");
}

// ---- fork --------------------------------------------------------------------------------------

TEST(Fork, TheOldRunGoesOn) {
  in_every_weather([](Env& env) {
    env.implement(leg, [](Context& ctx, int) -> std::string {
      std::string all;
      for (int i = 0; i < 2; ++i) all += std::to_string(ctx.inbox(number).next().get());
      return all;
    });
    const auto run = env.start(leg(0), {.id = "x"});
    run.signal(number(1));
    const auto fork =
        run.fork({.event = event_of(run, "SignalReceived"), .id = "f", .reason = "why"});
    fork.signal(number(7));
    fork.signal(number(8));
    run.signal(number(2));
    EXPECT_EQ(run.result(), "12");
    EXPECT_EQ(env.client().attach(leg, "f").result(), "78");
    const RunDescription described = fork.describe();
    EXPECT_TRUE(described.origin->fork);
    EXPECT_EQ(described.origin->run_id, run.run_id());
    EXPECT_TRUE(described.continued_from.empty());
    EXPECT_EQ(count_in(fork, "RunForked"), 1);
    EXPECT_EQ(count_in(run, "RunForked"), 0);
  });
}

TEST(Fork, WithOtherResults) {
  in_every_weather([](Env& env) {
    implement_order(env);
    const auto run = env.start(order("hat"), {.id = "x"});
    EXPECT_EQ(run.result(), "hat reserved, charged");
    const int charged = env.calls(charge);
    const auto fork = run.fork({.id = "f", .replace_results = {{2, "\"for free\""}}});
    EXPECT_EQ(env.client().attach(order, "f").result(), "hat reserved, for free");
    EXPECT_EQ(env.calls(charge), charged);
    const auto both = run.fork({.id = "g", .replace_results = {{1, "\"no hat\""}}});
    EXPECT_EQ(env.client().attach(order, "g").result(), "no hat, charged");
    EXPECT_EQ(fork.describe().origin->event, event_of(run, "ActivityCompleted", 2));
  });
}

TEST(Fork, ResultsThatHaveNoPlaceAreRefused) {
  Env env;
  implement_order(env);
  const auto run = env.start(order("hat"), {.id = "x"});
  EXPECT_EQ(run.result(), "hat reserved, charged");
  const auto refused = [&](const ForkOptions& options) {
    return code_of([&] { (void)run.fork(options); });
  };
  const std::uint64_t late = event_of(run, "ActivityCompleted", 2);
  EXPECT_EQ(refused({.event = late, .replace_results = {{1, "1"}}}), "RP3029");
  EXPECT_EQ(refused({.event = late, .replace_results = {{3, "1"}}}), "RP3029");
  EXPECT_EQ(refused({.event = 1, .replace_results = {{1, "1"}}}), "RP3029");
  EXPECT_EQ(refused({.replace_results = {{7, "1"}}}), "RP3029");
  for (const char* text : {"", "{", "hat", "'x'", "1 2", "\"\xff\""}) {
    EXPECT_EQ(refused({.event = late, .replace_results = {{2, text}}}), "RP3010") << text;
  }
  EXPECT_EQ(env.client().list().size(), 1U);
}

// ---- an engine ---------------------------------------------------------------------------------

TEST(ResetInAnEngine, OfRunsInTheArchiveAndOverShards) {
  const testing::TemporaryDirectory directory;
  const auto open = [&] { return Engine::open(directory.path() + "/store", {.shards = 3}); };
  std::string first;
  for (int i = 0; i < 4; ++i) {
    const auto engine = open();
    Worker worker(*engine);
    worker.implement(order, run_order);
    worker.implement(reserve, [](ActivityContext&, const std::string& item) { return item; });
    worker.implement(charge, [](ActivityContext&, const std::string&) { return std::string("$"); });
    worker.start();
    const Client client(*engine);
    if (i == 0) {
      const auto run = client.start(order("hat"), {.id = "x"});
      EXPECT_EQ(run.result(), "hat, $");
      first = run.run_id();
      continue;
    }
    (void)client.handle("x", first).reset({.event = 4});
    EXPECT_EQ(client.attach(order, "x").result(), "hat, $");
    for (int n = 0; n < 5; ++n) {
      const std::string id = "fork-" + std::to_string(i) + std::to_string(n);
      (void)client.handle("x", first).fork({.id = id, .replace_results = {{2, "\"free\""}}});
      EXPECT_EQ(client.attach(order, id).result(), "hat, free");
    }
  }
}

}  // namespace
}  // namespace reprise::restart_test
