// Checkpoints, through the public interface. First the code of docs/language/checkpoints.md; a test
// makes sure that it is that code.
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/history.h"
#include "reprise/replayer.h"
#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/unit/sdk/chains.h"

namespace checkpoint_page_test {

using namespace std::chrono_literals;

// ---- the page ---------------------------------------------------------------------------------

constexpr reprise::Workflow<int(int)> meter{"meter"};
constexpr reprise::Signal<int> reading{"reading"};
constexpr reprise::Signal<> stop{"stop"};
constexpr reprise::Workflow<int(int)> shop{"shop"};
constexpr reprise::Update<int(int)> sell{"sell"};

int run_meter(reprise::Context& ctx, int total) {
  auto stopping = ctx.inbox(stop).next();
  auto read = ctx.inbox(reading).next();
  while (!ctx.should_continue()) {
    if (ctx.first_of(stopping, read) == 0) return total;
    total += read.get();
    read = ctx.inbox(reading).next();
  }
  ctx.checkpoint(meter(total));
}

int run_shop(reprise::Context& ctx, int sold) {
  const auto registration = ctx.accept(sell, [&](int number) {
    ctx.sleep(1h);  // it is packed
    sold += number;
    return sold;
  });
  ctx.sleep(24h);
  ctx.finish_handlers();
  ctx.checkpoint(shop(sold));
}

}  // namespace checkpoint_page_test

namespace reprise::checkpoint_test {
namespace {

using namespace chains;
using namespace checkpoint_page_test;
using testing::Crash;
using testing::Env;
using ::testing::HasSubstr;
using testing::Replay;

constexpr Workflow<std::string(int, std::string)> counts{"counts"};
constexpr Workflow<std::string(int)> leg{"leg"};
constexpr Activity<std::string(int)> work{"work"};
constexpr Query<std::string()> asked{"asked"};
constexpr Value<int> done{"done"};

TEST(CheckpointPage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/checkpoints.md", "tests/unit/sdk/checkpoint_test.cc", 2);
}

// Works, notes what it got, and goes on, that many times.
std::string run_counts(Context& ctx, int left, const std::string& past) {
  if (left == 0) return past;
  const std::string got = ctx.call(work(left));
  ctx.sleep(1h);
  ctx.checkpoint(counts(left - 1, past + got + " "));
}

// ---- going on ---------------------------------------------------------------------------------

TEST(Checkpoint, TheRunGoesOnAsAFreshCall) {
  in_every_weather([](Env& env) {
    env.implement(counts, run_counts);
    env.stub(work, [](int n) { return std::to_string(n * n); });
    const auto run = env.start(counts(3, ""), {.id = "x"});
    const std::string run_id = run.run_id();
    EXPECT_EQ(run.result(), "9 4 1 ");
    EXPECT_EQ(env.client().list().size(), 1U) << "one run";
    EXPECT_EQ(env.client().describe("x").run_id, run_id);
    EXPECT_EQ(count_in(run, "\"kind\":\"Checkpoint\""), 3);
    EXPECT_EQ(count_in(run, "\"kind\":\"CheckpointTaken\""), 3);
    EXPECT_EQ(count_in(run, "\"kind\":\"ActivityScheduled\""), 3) << "all of it stays";
  });
}

TEST(Checkpoint, AtOnceAndAgainAndAgain) {
  in_every_weather([](Env& env) {
    env.implement(leg, [](Context& ctx, int n) -> std::string {
      if (n == 0) return "there";
      ctx.checkpoint(leg(n - 1));
    });
    EXPECT_EQ(env.start(leg(5)).result(), "there");
  });
}

TEST(Checkpoint, AThousandInOneRun) {
  Env env;
  env.implement(leg, [](Context& ctx, int n) -> std::string {
    if (n == 0) return std::to_string(ctx.history_events());
    if (n % 10 == 0) ctx.sleep(1h);
    ctx.checkpoint(leg(n - 1));
  });
  const auto run = env.start(leg(1'000));
  EXPECT_EQ(run.result(), "1");
  const RunDescription description = run.describe();
  EXPECT_GT(description.history_events, 2'000U);
  EXPECT_EQ(description.replayed_events, 2U) << "how it is called, and its result";
}

TEST(Checkpoint, AMeterGoesOnForYears) {
  Env env({.replay = Replay::kOff});
  env.implement(meter, run_meter);
  const auto run = env.start(meter(0), {.id = "m"});
  constexpr int kReadings = 10'000;
  for (int i = 0; i < kReadings; ++i) (void)run.submit_signal(reading(1));
  run.signal(stop());
  EXPECT_EQ(run.result(), kReadings);
  EXPECT_EQ(count_in(run, "\"kind\":\"Checkpoint\""), 2);
}

TEST(Checkpoint, HandlersAreWaitedFor) {
  Env env;
  env.implement(shop, run_shop);
  const auto run = env.start(shop(0), {.id = "s"});
  const auto first = run.submit_update(sell(3));
  env.skip(23h + 30min);
  const auto late = run.submit_update(sell(2));
  EXPECT_EQ(first.result(), 3);
  EXPECT_EQ(late.result(), 5);
  EXPECT_EQ(run.update(sell(1)), 6) << "a handler of the fresh call";
}

// ---- what stays, and what begins anew -----------------------------------------------------------

TEST(Checkpoint, UnreadSignalsStayInOrder) {
  in_every_weather([](Env& env) {
    env.implement(leg, [](Context& ctx, int got) -> std::string {
      const int next = ctx.inbox(number).next().get();
      if (next == 0) return std::to_string(got);
      ctx.checkpoint(leg(got * 10 + next));
    });
    const auto run = env.start(leg(0), {.id = "x"});
    for (const int n : {1, 2, 3, 4, 5, 0}) (void)run.submit_signal(number(n));
    EXPECT_EQ(run.result(), "12345");
  });
}

TEST(Checkpoint, ASignalInTheHandOfAPendingStays) {
  Env env;
  env.implement(leg, [](Context& ctx, int n) -> std::string {
    if (n == 1) return std::to_string(ctx.inbox(number).next().get());
    auto handed = ctx.inbox(number).next();
    ctx.wait_until([&] { return handed.ready(); });
    ctx.checkpoint(leg(1));
  });
  const auto run = env.start(leg(0));
  run.signal(number(7));
  EXPECT_EQ(run.result(), "7");
}

TEST(Checkpoint, ACancellationStays) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(leg, [](Context& ctx, int n) -> std::string {
      if (n == 1) {
        ctx.sleep(1h);
        return "slept";
      }
      try {
        ctx.sleep(100h);
      } catch (const CancelledFailure&) {
      }
      ctx.checkpoint(leg(1));
    });
    const auto run = env.start(leg(0));
    env.skip(1h);
    run.cancel();
    EXPECT_THROW(run.result(), CancelledFailure);
    EXPECT_EQ(run.describe().status, RunStatus::kCancelled);
  }
}

TEST(Checkpoint, ACancellationAfterItReachesTheFreshCall) {
  Env env;
  env.implement(leg, [](Context& ctx, int n) -> std::string {
    if (n == 0) ctx.checkpoint(leg(1));
    ctx.sleep(100h);
    return "slept";
  });
  const auto run = env.start(leg(0));
  env.skip(1h);
  run.cancel();
  EXPECT_THROW(run.result(), CancelledFailure);
}

TEST(Checkpoint, TimeLimitsAndSettingsStay) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(leg, [](Context& ctx, int n) -> std::string {
      if (n == 0) ctx.set(done(1));
      ctx.sleep(2h);
      ctx.checkpoint(leg(n + 1));
    });
    const auto run = env.start(leg(0), {.run_timeout = 5h});
    const Time before = env.now();
    EXPECT_THROW(run.result(), TimeoutFailure);
    EXPECT_EQ(env.now() - before, 5h);
    EXPECT_EQ(run.get(done), 1);
    EXPECT_EQ(run.describe().status, RunStatus::kTimedOut);
  }
}

TEST(Checkpoint, ARetryBeginsWithTheArgumentsOfTheLastOne) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(leg, [](Context& ctx, int n) -> std::string {
      ctx.sleep(1h);
      if (n < 3) ctx.checkpoint(leg(n + 1));
      if (ctx.info().attempt == 1) throw ApplicationFailure("No", "not so");
      return std::to_string(n) + " at attempt " + std::to_string(ctx.info().attempt) + " after " +
             std::to_string(ctx.history_events());
    });
    const auto run = env.start(leg(0), {.id = "x", .retry = RetryPolicy{.initial_interval = 1s}});
    EXPECT_THAT(run.result(), HasSubstr("3 at attempt 2 after"));
  }
}

TEST(Checkpoint, ARunThatIsOutOfTimeIsTriedAgainFromIt) {
  Env env;
  env.implement(leg, [](Context& ctx, int n) -> std::string {
    if (n == 0) ctx.checkpoint(leg(7));
    if (ctx.info().attempt == 1) ctx.sleep(100h);
    return std::to_string(n);
  });
  const auto run =
      env.start(leg(0), {.run_timeout = 1h, .retry = RetryPolicy{.initial_interval = 1s}});
  EXPECT_EQ(run.result(), "7");
}

TEST(Checkpoint, ItContinuesAsNewLater) {
  in_every_weather([](Env& env) {
    env.implement(leg, [](Context& ctx, int n) -> std::string {
      if (n == 6) return "there";
      if (n % 3 == 2) ctx.continue_as_new(leg(n + 1));
      ctx.sleep(1h);
      ctx.checkpoint(leg(n + 1));
    });
    EXPECT_EQ(env.start(leg(0)).result(), "there");
    EXPECT_EQ(env.client().list().size(), 3U);
  });
}

TEST(Checkpoint, UpdateIdsAreKnownAfterIt) {
  in_every_weather([](Env& env) {
    env.implement(leg, [](Context& ctx, int n) -> std::string {
      const auto registration = ctx.accept(doubled, [&](int value) { return value * 2 + n; });
      if (n == 2) return "there";
      ctx.inbox(go).next().get();
      ctx.finish_handlers();
      ctx.checkpoint(leg(n + 1));
    });
    const auto run = env.start(leg(0), {.id = "x"});
    EXPECT_EQ(run.start_update(doubled(5), {.id = "u"}).result(), 10);
    run.signal(go());
    EXPECT_EQ(run.start_update(doubled(6), {.id = "u"}).result(), 10) << "answered before";
    EXPECT_EQ(run.start_update(doubled(6), {.id = "v"}).result(), 13);
    run.signal(go());
    EXPECT_EQ(run.result(), "there");
    EXPECT_EQ(run.start_update(doubled(9), {.id = "v"}).result(), 13);
    EXPECT_EQ(run.start_update(doubled(9), {.id = "u"}).result(), 10);
  });
}

TEST(Checkpoint, KeysAndRandomValuesDoNotRepeat) {
  Env env;
  env.implement(leg, [](Context& ctx, int n) -> std::string {
    const std::string id = ctx.uuid();
    static_cast<void>(ctx.call(work(n)));
    if (n == 2) return id;
    ctx.set(Value<std::string>("id" + std::to_string(n))(id));
    ctx.checkpoint(leg(n + 1));
  });
  std::map<std::string, int> keys;
  env.implement(work, [&](ActivityContext& ctx, int n) {
    ++keys[std::string(ctx.idempotency_key())];
    return std::to_string(n);
  });
  const auto run = env.start(leg(0));
  const std::string last = run.result();
  EXPECT_EQ(keys.size(), 3U);
  const auto first = run.get(Value<std::string>("id0"));
  const auto second = run.get(Value<std::string>("id1"));
  EXPECT_NE(first, second);
  EXPECT_NE(second, std::optional(last));
}

TEST(Checkpoint, QueriesAreAnsweredByTheFreshCall) {
  Env env;
  const auto code = [](Context& ctx, int n) -> std::string {
    const auto answering = ctx.answer(
        asked, [&] { return std::to_string(n) + " " + std::to_string(ctx.history_events()); });
    ctx.inbox(go).next().get();
    ctx.checkpoint(leg(n + 1));
  };
  env.implement(leg, code);
  const auto run = env.start(leg(0));
  EXPECT_EQ(run.query(asked()), "0 1");
  run.signal(go());
  EXPECT_EQ(run.query(asked()), "1 1");
  env.implement(leg, code);  // it leaves memory, and comes back
  EXPECT_EQ(run.query(asked()), "1 1");
}

TEST(Checkpoint, PatchedIsAskedAnew) {
  Env env;
  const auto code = [](bool patched) {
    return [patched](Context& ctx, int n) -> std::string {
      const bool taken = patched && ctx.patched("change");
      ctx.inbox(go).next().get();
      if (n == 1) return taken ? "new" : "old";
      ctx.checkpoint(leg(n + 1));
    };
  };
  env.implement(leg, code(false));
  const auto run = env.start(leg(0));
  env.implement(leg, code(true));
  run.signal(go());
  run.signal(go());
  EXPECT_EQ(run.result(), "new");
}

// ---- where and with what it may be called -----------------------------------------------------

std::string refusal(const std::function<void()>& call) {
  try {
    call();
    return "none";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Checkpoint, WhatIsUnderWayIsAnErrorThatNamesItAndTheRunGoesOn) {
  using Begin = std::function<std::vector<std::string>(Context&)>;
  const auto told = [](Context& ctx) { return refusal([&] { ctx.checkpoint(leg(9)); }); };
  const std::vector<std::pair<std::string, Begin>> all = {
      {"activity work (#1)",
       [&](Context& ctx) {
         auto pending = ctx.start(work(1));
         std::vector<std::string> said{told(ctx)};
         (void)pending.get();
         return said;
       }},
      {"timer 3600000ms (#1)",
       [&](Context& ctx) {
         auto pending = ctx.timer(1h);
         std::vector<std::string> said{told(ctx)};
         pending.get();
         return said;
       }},
      {"child countdown as kid (#1)",
       [&](Context& ctx) {
         auto child = ctx.start(countdown(1), {.id = "kid"});
         std::vector<std::string> said{told(ctx)};
         (void)child.get();
         return said;
       }},
      {"spawned function (strand 2",
       [&](Context& ctx) {
         auto strand = ctx.spawn([&] { ctx.inbox(number).next().get(); });
         ctx.inbox(go).next().get();
         std::vector<std::string> said{told(ctx)};
         strand.get();
         return said;
       }},
      {"the handler of signal go_now",
       [&](Context& ctx) {
         bool begun = false;
         const auto handling = ctx.on_any_signal([&](std::string_view, std::string_view) {
           begun = true;
           ctx.inbox(number).next().get();
         });
         ctx.wait_until([&] { return begun; });
         std::vector<std::string> said{told(ctx)};
         ctx.finish_handlers();
         return said;
       }},
      {"update doubled (",
       [&](Context& ctx) {
         bool begun = false;
         const auto handling = ctx.accept(doubled, [&](int n) {
           begun = true;
           ctx.inbox(number).next().get();
           return n;
         });
         ctx.wait_until([&] { return begun; });
         std::vector<std::string> said{told(ctx)};
         ctx.finish_handlers();
         return said;
       }},
  };
  for (const auto& [name, begin] : all) {
    for (const Replay replay : {Replay::kEveryTurn, Replay::kShake}) {
      Env env({.replay = replay});
      env.stub(work, [](int n) { return std::to_string(n); });
      env.implement(countdown, [](Context& ctx, int n) {
        ctx.sleep(1h);
        return n;
      });
      env.implement(leg, [&, begin = begin](Context& ctx, int n) -> std::string {
        if (n == 1) return "there";
        const std::string said = begin(ctx).at(0);
        EXPECT_THAT(said, HasSubstr("RP3039 ")) << name;
        EXPECT_THAT(said, HasSubstr(name));
        ctx.checkpoint(leg(1));
      });
      const auto run = env.start(leg(0));
      if (name.starts_with("spawned")) run.signal(go());
      if (name.starts_with("the handler")) run.signal(Signal<>("go_now")());
      const bool updates = name.starts_with("update");
      const auto update = updates ? std::optional(run.submit_update(doubled(1))) : std::nullopt;
      (void)run.try_signal(number(1));  // some have ended by then
      EXPECT_EQ(run.result(), "there") << name;
      if (updates) {
        EXPECT_EQ(update->result(), 1);
      }
    }
  }
}

TEST(Checkpoint, IsRefusedOffTheWorkflowsOwnStrandAndWithOtherWorkflows) {
  Env env;
  env.implement(leg, [](Context& ctx, int n) -> std::string {
    if (n == 1) return "there";
    const auto going_on = [&] { ctx.checkpoint(leg(1)); };
    std::string said;
    const auto registration = ctx.accept(doubled, [&](int value) {
      said += refusal(going_on).substr(0, 7);
      return value;
    });
    ctx.spawn([&] { said += refusal(going_on).substr(0, 7); }).get();
    ctx.inbox(go).next().get();
    EXPECT_EQ(said, "RP3010 RP3010 ");
    (void)ctx.side_effect([&] {
      EXPECT_EQ(refusal(going_on).substr(0, 7), "RP2004 ");
      return 1;
    });
    EXPECT_THAT(
        refusal([&] { ctx.checkpoint(countdown(1)); }),
        HasSubstr("RP3040 checkpoint() with workflow 'countdown' in a run of workflow 'leg'"));
    EXPECT_THAT(refusal([&] {
                  ctx.checkpoint(Workflow<int(std::string)>("leg")(std::string(3 << 20, 'x')));
                }),
                HasSubstr("RP3002"));
    const auto answering = ctx.answer(asked, [&] { return refusal(going_on); });
    ctx.inbox(go).next().get();
    ctx.checkpoint(leg(1));
  });
  const auto run = env.start(leg(0));
  EXPECT_EQ(run.update(doubled(1)), 1);
  run.signal(go());
  EXPECT_THAT(run.query(asked()), HasSubstr("RP2004"));
  run.signal(go());
  EXPECT_EQ(run.result(), "there");
}

TEST(Checkpoint, ItWorksInACancelledScopeAndUnderAShield) {
  Env env;
  env.implement(leg, [](Context& ctx, int n) -> std::string {
    if (n == 2) return "there";
    CancelScope scope(ctx);
    const Shield shield(ctx);
    scope.cancel();
    ctx.checkpoint(leg(n + 1));
  });
  EXPECT_EQ(env.start(leg(0)).result(), "there");
}

// ---- histories --------------------------------------------------------------------------------

TEST(Checkpoint, ItsHistoryReplaysFromTheLastOneOrAsAWhole) {
  Env env;
  env.implement(counts, run_counts);
  env.stub(work, [](int n) { return std::to_string(n * n); });
  const auto run = env.start(counts(2, ""), {.id = "x"});
  EXPECT_EQ(run.result(), "4 1 ");
  const History history = run.history();
  EXPECT_EQ(History::parse(history.to_json()).to_bytes(), history.to_bytes());
  int calls = 0;
  for (const bool whole : {false, true}) {
    calls = 0;
    Replayer replayer({.strict = true, .whole = whole});
    replayer.implement(counts, [&](Context& ctx, int left, const std::string& past) {
      ++calls;
      return run_counts(ctx, left, past);
    });
    const ReplayReport report = replayer.replay(history);
    EXPECT_TRUE(report) << report;
    EXPECT_EQ(report.events, history.events());
    EXPECT_EQ(calls, whole ? 3 : 1);
    EXPECT_EQ(report.first_event == 1, whole);
  }
  // Code that no longer does what was before the checkpoint.
  for (const bool whole : {false, true}) {
    Replayer replayer({.whole = whole});
    replayer.implement(counts, [](Context& ctx, int left, const std::string& past) {
      if (left == 2) ctx.sleep(1h);
      return run_counts(ctx, left, past);
    });
    const ReplayReport report = replayer.replay(history);
    EXPECT_EQ(report.matched, !whole);
    EXPECT_EQ(report.event, whole ? 2U : 0U);
  }
}

}  // namespace
}  // namespace reprise::checkpoint_test
