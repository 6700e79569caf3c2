// Runs that go on from an earlier event, through the public interface. First the code of
// docs/language/reset.md; a test makes sure that it is that code.
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/unit/sdk/chains.h"
#include "tests/unit/sdk/operated.h"

namespace reset_page_test {

using namespace std::chrono_literals;

// ---- the page ----------------------------------------------------------------------------------

constexpr reprise::Workflow<std::string(std::string)> order{"order"};
constexpr reprise::Activity<std::string(std::string)> reserve{"reserve"};
constexpr reprise::Activity<std::string(std::string)> charge{"charge"};

std::string run_order(reprise::Context& ctx, const std::string& item) {
  const std::string place = ctx.call(reserve(item));
  return place + ", " + ctx.call(charge(item));
}

reprise::RunHandle back_to(const reprise::RunHandle& run, std::uint64_t event) {
  return run.reset({.event = event, .reason = "the price was wrong"});
}

reprise::RunHandle after_the_fix(const reprise::RunHandle& failed) {
  return failed.restart({.reason = "the card processor is back"});
}

reprise::RunHandle what_if(const reprise::RunHandle& run) {
  return run.fork({.id = "what-if", .replace_results = {{2, R"("charged twice")"}}});
}

std::string start_like(const reprise::Client& client, std::string_view earlier) {
  auto [item] = client.input_of(order, earlier);
  item += " and gloves";
  return client.start(order(item)).id();
}

}  // namespace reset_page_test

namespace reprise::reset_test {
namespace {

using namespace chains;
using namespace operated;
using namespace reset_page_test;
using testing::Crash;
using ::testing::ElementsAre;
using testing::Env;
using ::testing::HasSubstr;

constexpr Workflow<std::string()> waits{"waits"};
constexpr Workflow<std::string(int)> leg{"leg"};
constexpr Activity<std::string(int)> work{"work"};
constexpr Query<std::string()> asked{"asked"};
constexpr Table<std::string, int> accounts{"accounts"};

void implement_order(Env& env, std::string price = "charged") {
  env.implement(order, run_order);
  env.stub(reserve, [](const std::string& item) { return item + " reserved"; });
  env.stub(charge, [price](const std::string&) { return price; });
}

TEST(ResetPage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/reset.md", "tests/unit/sdk/reset_test.cc", 4);
}

TEST(ResetPage, ItsCodeDoesWhatItSays) {
  Env env;
  implement_order(env);
  const auto run = env.start(order("hat"), {.id = "x"});
  EXPECT_EQ(run.result(), "hat reserved, charged");
  env.stub(charge, [](const std::string&) { return std::string("charged less"); });
  const RunHandle again = back_to(run, event_of(run, "ActivityScheduled", 2));
  EXPECT_EQ(env.client().attach(order, "x").result(), "hat reserved, charged less");
  EXPECT_NE(again.run_id(), run.run_id());
  const RunHandle fork = what_if(again);
  EXPECT_EQ(env.client().attach(order, "what-if").result(), "hat reserved, charged twice");
  const std::string like = start_like(env.client(), "x");
  EXPECT_EQ(env.client().attach(order, like).result(), "hat and gloves reserved, charged less");
}

// ---- reset -------------------------------------------------------------------------------------

TEST(Reset, GoesOnAtTheTurnsBeginning) {
  in_every_weather([](Env& env) {
    implement_order(env);
    const auto started = env.start(order("hat"), {.id = "x"});
    EXPECT_EQ(started.result(), "hat reserved, charged");
    const auto run = env.client().handle("x", started.run_id());  // this one, not the newest
    const auto before = kinds_of(run);
    const auto again = run.reset({.event = event_of(run, "ActivityCompleted", 2), .reason = "why"});
    EXPECT_EQ(env.client().attach(order, "x").result(), "hat reserved, charged");
    EXPECT_EQ(kinds_of(run), before) << "a run that has ended stays as it is";
    const auto after = kinds_of(again);
    EXPECT_EQ(after[event_of(run, "ActivityCompleted", 2) - 1], "RunReset");
    const RunDescription described = again.describe();
    EXPECT_EQ(described.continued_from, run.run_id());
    ASSERT_TRUE(described.origin.has_value());
    EXPECT_EQ(described.origin->run_id, run.run_id());
    EXPECT_EQ(described.origin->event, event_of(run, "ActivityCompleted", 2));
    EXPECT_FALSE(described.origin->fork);
  });
}

TEST(Reset, EndsAnOpenRunAndThoseWhoWaitGetTheNewResult) {
  in_every_weather([](Env& env) {
    env.implement(link, one_each);
    env.implement(leg, [](Context& ctx, int n) -> std::string {
      std::string all;
      for (int i = 0; i < n; ++i) all += std::to_string(ctx.inbox(number).next().get());
      return all;
    });
    const auto run = env.start(leg(3), {.id = "x"});
    run.signal(number(1));
    run.signal(number(2));
    const auto again = run.reset({.event = event_of(run, "SignalReceived"), .reason = "a look"});
    again.signal(number(3));
    EXPECT_EQ(run.result(), "123") << "signals are applied again";
    const auto old = env.client().handle("x", run.run_id());
    EXPECT_EQ(old.describe().status, RunStatus::kTerminated);
    EXPECT_EQ(old.describe().continued_to, again.run_id());
    EXPECT_EQ(count_in(old, "reset to event"), 1);
  });
}

TEST(Reset, WithoutSignalsTheyMustBeSentAgain) {
  in_every_weather([](Env& env) {
    env.implement(leg, [](Context& ctx, int) -> std::string {
      const int one = ctx.inbox(number).next().get();
      return std::to_string(one * 10 + ctx.inbox(number).next().get());
    });
    const auto run = env.start(leg(3), {.id = "x"});
    run.signal(number(1));
    run.signal(number(2));
    EXPECT_EQ(run.result(), "12");
    const auto again =
        run.reset({.event = event_of(run, "SignalReceived", 2), .reapply = Reapply::kNone});
    again.signal(number(7));
    EXPECT_EQ(env.client().attach(leg, "x").result(), "17");
    const auto whole = again.reset({.event = 1, .reapply = Reapply::kNone});
    whole.signal(number(8));
    whole.signal(number(9));
    EXPECT_EQ(env.client().attach(leg, "x").result(), "89");
  });
}

TEST(Reset, UpdatesAreHandledAgainIfAsked) {
  in_every_weather([](Env& env) {
    env.implement(waits, [](Context& ctx) -> std::string {
      int sum = 0;
      const auto registration = ctx.accept(doubled, [&](int n) { return sum += 2 * n; });
      ctx.inbox(go).next().get();
      return std::to_string(sum);
    });
    const auto run = env.start(waits(), {.id = "x"});
    EXPECT_EQ(run.update(doubled(1)), 2);
    EXPECT_EQ(run.update(doubled(2)), 6);
    const auto without = run.reset({.event = event_of(run, "UpdateReceived", 2)});
    EXPECT_EQ(without.update(doubled(5)), 12);
    const auto with = without.reset(
        {.event = event_of(without, "UpdateReceived"), .reapply = Reapply::kSignalsAndUpdates});
    with.signal(go());
    EXPECT_EQ(env.client().attach(waits, "x").result(), "12");
  });
}

// A new attempt has a new key; what happened before the event did not happen again.
TEST(Reset, KeysRandomValuesAndAttempts) {
  Env env;
  std::set<std::string> keys;
  std::vector<int> attempts;
  env.implement(work, [&](ActivityContext& ctx, int n) -> std::string {
    keys.insert(std::string(ctx.idempotency_key()));
    attempts.push_back(ctx.attempt());
    if (n == 2 && attempts.size() < 4) throw ApplicationFailure("No", "not now");
    return std::to_string(n);
  });
  env.implement(leg, [](Context& ctx, int) -> std::string {
    const std::string first = ctx.uuid();
    static_cast<void>(ctx.call(work(1)));
    try {
      static_cast<void>(
          ctx.call(work(2), {.retry = {.initial_interval = 1s, .maximum_attempts = 2}}));
    } catch (const ActivityFailure&) {
      return "failed";
    }
    return first + " " + ctx.uuid();
  });
  const auto run = env.start(leg(0), {.id = "x"});
  EXPECT_EQ(run.result(), "failed");
  EXPECT_THAT(attempts, ElementsAre(1, 1, 2));
  (void)run.reset({.event = event_of(run, "ActivityFailed")});
  const std::string one = env.client().attach(leg, "x").result();
  EXPECT_THAT(attempts, ElementsAre(1, 1, 2, 1)) << "they are counted anew";
  EXPECT_EQ(keys.size(), 3U);
  const auto last = env.client().attach(leg, "x");
  (void)last.reset({.event = event_of(last, "ActivityCompleted", 2)});
  const std::string two = env.client().attach(leg, "x").result();
  EXPECT_EQ(one.substr(0, 36), two.substr(0, 36)) << "made before the event";
  EXPECT_NE(one.substr(37), two.substr(37)) << "made after it";
}

TEST(Reset, OfAResetRunAndToItsFirstEvents) {
  in_every_weather([](Env& env) {
    implement_order(env);
    auto run = static_cast<RunHandle>(env.start(order("hat"), {.id = "x"}));
    EXPECT_EQ(env.client().attach(order, "x").result(), "hat reserved, charged");
    for (const std::uint64_t event : {5, 1, 4, 2, 3}) {
      run = run.reset({.event = event});
      EXPECT_EQ(env.client().attach(order, "x").result(), "hat reserved, charged");
    }
    EXPECT_EQ(env.client().list().size(), 6U);
  });
}

TEST(Reset, OverCheckpointsAndToOne) {
  in_every_weather([](Env& env) {
    env.implement(leg, [](Context& ctx, int n) -> std::string {
      if (n == 3) return "there";
      const int got = ctx.inbox(number).next().get();
      if (got > 0) ctx.sleep(1h);
      ctx.checkpoint(leg(n + 1));
    });
    const auto run = env.start(leg(0), {.id = "x"});
    for (const int n : {1, 2, 3}) (void)run.submit_signal(number(n));
    EXPECT_EQ(run.result(), "there");
    for (int n = 1; n <= 3; ++n) {
      auto last = env.client().attach(leg, "x");
      (void)last.reset({.event = event_of(last, "CheckpointTaken", n)});
      EXPECT_EQ(env.client().attach(leg, "x").result(), "there");
    }
    for (int n = 1; n <= 3; ++n) {
      auto last = env.client().attach(leg, "x");
      (void)last.reset({.event = event_of(last, "TimerFired", n)});
      EXPECT_EQ(env.client().attach(leg, "x").result(), "there");
    }
  });
}

TEST(Reset, OfAChainAndOfARunThatWasTriedAgain) {
  in_every_weather([](Env& env) {
    env.implement(link, one_each);
    const auto run = env.start(link(""), {.id = "x"});
    for (const int n : {1, 2, 3, 0}) (void)run.submit_signal(number(n));
    EXPECT_EQ(run.result(), "1 2 3 ");
    const auto last = env.client().attach(link, "x");
    (void)last.reset({.event = 1, .reapply = Reapply::kSignals});
    EXPECT_EQ(env.client().attach(link, "x").result(), "1 2 3 ");
  });
}

TEST(Reset, LimitsCountAnew) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(waits, [](Context& ctx) -> std::string {
      ctx.inbox(go).next().get();
      ctx.sleep(100h);
      return "slept";
    });
    const auto run = env.start(waits(), {.id = "x", .run_timeout = 5h});
    run.signal(go());
    env.skip(6h);
    EXPECT_EQ(run.describe().status, RunStatus::kTimedOut);
    const Time before = env.now();
    (void)run.reset({.event = event_of(run, "TimerStarted")});
    EXPECT_THROW(env.client().attach(waits, "x").result(), TimeoutFailure);
    EXPECT_EQ(env.now() - before, 5h);
  }
}

TEST(Reset, APausedRunGoesOn) {
  in_every_weather([](Env& env) {
    env.implement(waits, [](Context& ctx) -> std::string {
      ctx.inbox(go).next().get();
      return "there";
    });
    const auto run = env.start(waits(), {.id = "x"});
    run.pause("a look");
    run.signal(go());
    const auto again = run.reset({.event = event_of(run, "SignalReceived")});
    EXPECT_EQ(run.result(), "there");
    EXPECT_EQ(count_in(again, "RunResumed"), 1);
  });
}

TEST(Reset, AParkedRunGoesOnWithOtherCode) {
  Env env;
  env.implement(leg, [](Context& ctx, int) -> std::string {
    ctx.sleep(1h);
    return ctx.call(work(1));
  });
  env.stub(work, [](int n) { return std::to_string(n); });
  const auto run = env.start(leg(0), {.id = "x"});
  env.implement(leg, [](Context& ctx, int) -> std::string { return ctx.call(work(7)); });
  EXPECT_THROW(run.result(), NondeterminismError);
  (void)run.reset({.event = 2});
  EXPECT_EQ(env.client().attach(leg, "x").result(), "7");
}

// ---- what stands in the way --------------------------------------------------------------------

TEST(Reset, IsRefusedWithAReason) {
  Env env;
  env.implement(waits, [](Context& ctx) -> std::string {
    ctx.inbox(go).next().get();
    return "there";
  });
  const auto run = env.start(waits(), {.id = "x"});
  EXPECT_EQ(code_of([&] { (void)run.reset({}); }), "RP3025");
  EXPECT_EQ(code_of([&] { (void)run.reset({.event = 2}); }), "RP3025");
  EXPECT_EQ(code_of([&] { (void)run.reset({.event = ~std::uint64_t{0}}); }), "RP3025");
  EXPECT_EQ(code_of([&] { (void)run.restart(); }), "RP3028");
  EXPECT_EQ(code_of([&] { (void)run.fork({}); }), "RP3025");
  EXPECT_EQ(code_of([&] { (void)env.client().handle("y").reset({.event = 1}); }), "RP3005");
  run.signal(go());
  EXPECT_EQ(run.result(), "there") << "it went on";
  EXPECT_EQ(code_of([&] { (void)run.restart(); }), "RP3028");
  const auto other = env.start(waits(), {.id = "x"});
  EXPECT_EQ(code_of([&] { (void)env.client().handle("x", run.run_id()).reset({.event = 1}); }),
            "RP3004");
  EXPECT_EQ(code_of([&] { (void)run.fork({.event = 1, .id = "x"}); }), "RP3004");
  EXPECT_EQ(code_of([&] { (void)run.fork({.event = 1, .id = std::string(2'000, 'x')}); }),
            "RP3003");
  EXPECT_EQ(env.client().list().size(), 2U);
}

TEST(Reset, ChildrenThatAreOpenStandInTheWay) {
  in_every_weather([](Env& env) {
    env.implement(waits, [](Context& ctx) -> std::string {
      ctx.inbox(go).next().get();
      return "child";
    });
    env.implement(leg, [](Context& ctx, int) -> std::string {
      const std::string got = ctx.call(waits(), {.id = "child"});
      ctx.sleep(1h);
      return got + " " + std::to_string(ctx.inbox(number).next().get());
    });
    const auto run = env.start(leg(0), {.id = "x"});
    run.signal(number(1));
    EXPECT_EQ(code_of([&] { (void)run.reset({.event = event_of(run, "SignalReceived")}); }),
              "RP3026");
    env.client().handle("child").signal(go());
    env.skip(2h);
    EXPECT_EQ(run.result(), "child 1");
    // What became of it is taken along, wherever it was known.
    (void)run.reset({.event = event_of(run, "ChildCompleted")});
    EXPECT_EQ(env.client().attach(leg, "x").result(), "child 1");
    EXPECT_EQ(env.client().list().size(), 3U) << "no other child";
  });
}

TEST(Reset, AChildThatIsResetIsStillThatOfItsParent) {
  in_every_weather([](Env& env) {
    env.implement(waits, [](Context& ctx) -> std::string {
      ctx.inbox(go).next().get();
      ctx.inbox(go).next().get();
      return "child";
    });
    env.implement(leg, [](Context& ctx, int) { return ctx.call(waits(), {.id = "child"}); });
    const auto run = env.start(leg(0), {.id = "x"});
    auto child = env.client().handle("child");
    child.signal(go());
    child = child.reset({.event = 1});
    EXPECT_EQ(child.describe().parent_workflow_id, "x");
    child.signal(go());
    EXPECT_EQ(run.result(), "child");
  });
}

TEST(Reset, RowsThatStayMustBeAccepted) {
  in_every_weather([](Env& env) {
    env.implement(leg, [](Context& ctx, int n) -> std::string {
      ctx.sleep(1h);
      const int now = ctx.transaction("add", [&](Transaction& rows) {
        const int value = rows.get(accounts, "a").value_or(0) + n;
        rows.put(accounts, "a", value);
        return value;
      });
      ctx.sleep(1h);
      return std::to_string(now);
    });
    const auto run = env.start(leg(5), {.id = "x"});
    EXPECT_EQ(run.result(), "5");
    const auto row = [&] { return env.client().get(accounts, "a"); };
    // The row is another one's by now: copies of a history change nothing.
    const auto other = env.start(leg(100), {.id = "y"});
    EXPECT_EQ(other.result(), "105");
    (void)run.reset({.event = event_of(run, "TimerFired", 2)});
    EXPECT_EQ(env.client().attach(leg, "x").result(), "5");
    EXPECT_EQ(row(), 105);
    auto last = env.client().attach(leg, "x");
    const std::uint64_t event = event_of(last, "TransactionRequested");
    EXPECT_EQ(code_of([&] { (void)last.reset({.event = event}); }), "RP3027");
    (void)last.reset({.event = event, .rows_stay = true});
    EXPECT_EQ(env.client().attach(leg, "x").result(), "110");
    EXPECT_EQ(row(), 110);
    EXPECT_EQ(code_of([&] { (void)run.fork({.event = event}); }), "RP3027");
  });
}

// ---- start like an earlier run -----------------------------------------------------------------

TEST(InputOf, IsWhatARunWasStartedWith) {
  Env env;
  implement_order(env);
  const auto first = env.start(order("hat"), {.id = "x"});
  EXPECT_EQ(first.result(), "hat reserved, charged");
  (void)env.start(order("cap"), {.id = "x"}).result();
  EXPECT_EQ(env.client().input_of(order, "x"), std::tuple(std::string("cap")));
  EXPECT_EQ(env.client().input_of(order, "x", first.run_id()), std::tuple(std::string("hat")));
  EXPECT_EQ(code_of([&] { (void)env.client().input_of(waits, "x"); }), "RP3010");
  EXPECT_EQ(code_of([&] { (void)env.client().input_of(order, "y"); }), "RP3005");
}

}  // namespace
}  // namespace reprise::reset_test
