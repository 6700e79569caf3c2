// Updates: ids, stages, ends, and updates that start their run.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/unit/sdk/chains.h"
#include "tests/unit/sdk/updates.h"

namespace reprise::update_ids_test {
namespace {

using namespace std::chrono_literals;
using namespace updates;
using chains::count_in;
using chains::in_every_weather;
using testing::Env;

// ---- ids --------------------------------------------------------------------------------------

TEST(UpdateId, ThoseWithOneIdAreOneUpdate) {
  in_every_weather([](Env& env) {
    env.implement(counter, count_slowly);
    const auto run = env.start(counter());
    const UpdateOptions accepted{.id = "u", .wait_for = UpdateStage::kAccepted};
    const auto first = run.start_update(add(1), accepted);
    const auto second = run.start_update(add(2), accepted);
    EXPECT_FALSE(first.result_for(0ms)) << "accepted, and not handled yet";
    env.skip(1h);
    const auto third = run.start_update(add(3), {.id = "u"});
    EXPECT_EQ(first.result(), 1);
    EXPECT_EQ(second.result(), 1);
    EXPECT_EQ(third.result(), 1);
    EXPECT_EQ(error_of([&] { run.start_update(subtract(1), {.id = "u"}); }), "RP3035");
    run.signal(finish());
    EXPECT_EQ(run.result(), 1);
    EXPECT_EQ(run.start_update(add(4), accepted).result(), 1);
    EXPECT_EQ(error_of([&] { run.start_update(subtract(1), {.id = "u"}); }), "RP3035");
    EXPECT_EQ(error_of([&] { run.start_update(add(1), {.id = "v"}); }), "RP3006");
    EXPECT_EQ(count_in(run, "\"kind\":\"UpdateReceived\""), 1);
  });
}

TEST(UpdateId, ConflictsWhileTheFirstIsUnderWayAreFound) {
  Env env;
  env.implement(counter, count_slowly);
  const auto run = env.start(counter());
  const auto first = run.start_update(add(1), {.id = "u", .wait_for = UpdateStage::kAccepted});
  EXPECT_EQ(error_of([&] { run.start_update(subtract(1), {.id = "u"}); }), "RP3035");
  EXPECT_EQ(first.result(), 1);
}

TEST(UpdateId, OneThatTheServiceMakesCanBeUsedAgain) {
  in_every_weather([](Env& env) {
    env.implement(counter, count_slowly);
    const auto run = env.start(counter());
    const auto first = run.start_update(add(1), {.wait_for = UpdateStage::kAccepted});
    EXPECT_EQ(first.id().size(), 36u);
    EXPECT_EQ(run.start_update(add(7), {.id = first.id()}).result(), 1);
    EXPECT_EQ(run.submit_update(add(1)).id().size(), 36u);
  });
}

TEST(UpdateId, MayBeAnyText) {
  Env env;
  env.implement(counter, counting(positive));
  const auto run = env.start(counter());
  const std::string with_nul("a\0b", 3);
  const std::string longest(kMaxIdBytes, 'x');
  const std::vector<std::string> ids{with_nul, "a", longest, "\xc3\xa4\n", "0"};
  int sum = 0;
  for (const std::string& id : ids) {
    EXPECT_EQ(run.start_update(add(1), {.id = id}).result(), ++sum);
    EXPECT_EQ(run.start_update(add(1), {.id = id}).result(), sum) << id;
    EXPECT_EQ(run.start_update(add(1), {.id = id}).id(), id);
  }
  for (const std::string& id : {longest + "x", std::string("\xff")}) {
    EXPECT_EQ(error_of([&] { run.start_update(add(1), {.id = id}); }), "RP3003");
    EXPECT_EQ(error_of([&] {
                env.client().update_with_start(add(1), counter(), {.id = "c"}, {.id = id});
              }),
              "RP3003");
  }
  EXPECT_FALSE(env.client().find_description("c"));
}

TEST(UpdateId, IsKnownInTheWholeChain) {
  in_every_weather([](Env& env) {
    env.implement(chain, run_chain);
    const auto run = env.start(chain(2, 0), {.id = "c"});
    EXPECT_EQ(run.start_update(add(1), {.id = "first"}).result(), 1);
    run.signal(number(0));
    EXPECT_EQ(run.start_update(add(10), {.id = "second"}).result(), 11);
    EXPECT_EQ(run.start_update(add(1), {.id = "first"}).result(), 1);
    EXPECT_EQ(error_of([&] { run.start_update(subtract(1), {.id = "first"}); }), "RP3035");
    run.signal(number(0));
    EXPECT_EQ(run.start_update(add(1), {.id = "first"}).result(), 1);
    EXPECT_EQ(run.start_update(add(1), {.id = "second"}).result(), 11);
    EXPECT_EQ(run.start_update(add(100), {.id = "third"}).result(), 111);
    run.signal(number(0));
    EXPECT_EQ(run.result(), 111);
    EXPECT_EQ(run.start_update(add(1), {.id = "first"}).result(), 1) << "after the end";
    EXPECT_EQ(error_of([&] { run.start_update(add(1), {.id = "fourth"}); }), "RP3006");
  });
}

TEST(UpdateId, TheLatestOfAChainAreRemembered) {
  Env env({.replay = testing::Replay::kOff});
  env.implement(chain, run_chain);
  const auto run = env.start(chain(1, 0));
  const int all = static_cast<int>(kRememberedUpdates) + 1;
  for (int i = 0; i < all; ++i) run.start_update(add(1), {.id = std::to_string(i)});
  run.signal(number(0));
  EXPECT_EQ(run.start_update(add(1), {.id = "1"}).result(), 2);
  EXPECT_EQ(run.start_update(add(1), {.id = "0"}).result(), all + 1) << "it is forgotten";
}

// ---- the end ----------------------------------------------------------------------------------

TEST(UpdateEnd, OneThatARunLeavesUnfinishedHasATypeOfItsOwn) {
  in_every_weather([](Env& env) {
    env.implement(counter, [](Context& ctx) {
      const auto registration = ctx.accept(add, [&](int value) {
        ctx.sleep(100h);
        return value;
      });
      ctx.inbox(finish).next().get();
      return 0;
    });
    const auto run = env.start(counter());
    const auto update = run.start_update(add(1), {.id = "u", .wait_for = UpdateStage::kAccepted});
    run.signal(finish());
    EXPECT_EQ(run.result(), 0);
    EXPECT_THROW(update.result(), UpdateUnfinished);
    EXPECT_THROW(update.result(), RunClosed);
    EXPECT_EQ(error_of([&] { run.start_update(add(1), {.id = "u"}); }), "RP3037");
    EXPECT_EQ(error_of([&] { run.update(add(1)); }), "RP3006");
  });
}

TEST(UpdateEnd, FinishHandlersWaitsForSignalsAndUpdates) {
  constexpr Signal<int> slow{"slow"};
  struct Slow {
    explicit Slow(Context& ctx) : ctx_(ctx) {}
    int run() {
      ctx_.inbox(finish).next().get();
      ctx_.finish_handlers();
      return sum_;
    }
    void on_slow(const int& value) {
      ctx_.sleep(2h);
      sum_ += value;
    }
    int on_add(const int& value) {
      ctx_.sleep(1h);
      return sum_ += value;
    }
    Context& ctx_;
    int sum_ = 0;
  };
  in_every_weather([&](Env& env) {
    implement_class(env, counter, &Slow::run).on(slow, &Slow::on_slow).on(add, &Slow::on_add);
    const auto run = env.start(counter());
    const auto update = run.submit_update(add(1));
    (void)run.submit_signal(slow(10));
    (void)run.submit_signal(finish());
    (void)run.submit_signal(slow(100));
    EXPECT_EQ(run.result(), 111);
    EXPECT_EQ(update.result(), 1);
  });
}

TEST(UpdateEnd, FinishHandlersIsRefusedInAHandlerAndEndsWithACancellation) {
  Env env;
  std::string refused;
  env.implement(counter, [&](Context& ctx) {
    const auto registration = ctx.accept(add, [&](int value) {
      if (value == 0) refused = error_of([&] { ctx.finish_handlers(); });
      ctx.sleep(100h);
      return value;
    });
    ctx.inbox(finish).next().get();
    try {
      ctx.finish_handlers();
    } catch (const CancelledFailure&) {
      return -1;
    }
    return 0;
  });
  const auto run = env.start(counter());
  const auto update = run.start_update(add(0), {.wait_for = UpdateStage::kAccepted});
  EXPECT_EQ(refused, "RP3010");
  run.signal(finish());
  run.cancel();
  EXPECT_EQ(run.result(), -1);
}

// ---- with a start -----------------------------------------------------------------------------

TEST(UpdateWithStart, IsAnsweredOnceByWhateverRunHasTheId) {
  in_every_weather([](Env& env) {
    env.implement(counter, count_slowly);
    const auto send = [&](int value, const std::string& id) {
      return env.client().update_with_start(add(value), counter(), {.id = "c"}, {.id = id});
    };
    const auto first = send(1, "u");
    const std::string run_id = env.client().describe("c").run_id;
    EXPECT_EQ(first.result(), 1);
    EXPECT_EQ(send(1, "u").result(), 1) << "known";
    EXPECT_EQ(send(2, "v").result(), 3) << "the open run";
    env.client().handle("c").signal(finish());
    EXPECT_EQ(env.client().attach(counter, "c").result(), 3);
    EXPECT_EQ(send(1, "u").result(), 1) << "the closed run";
    EXPECT_EQ(env.client().describe("c").run_id, run_id);
    EXPECT_EQ(send(5, "w").result(), 5) << "a new one";
    EXPECT_NE(env.client().describe("c").run_id, run_id);
  });
}

TEST(UpdateWithStart, IsAnsweredThoughItsRequestHasStartedTheRunBefore) {
  in_every_weather([](Env& env) {
    env.implement(counter, count_slowly);
    const StartOptions options{.id = "c", .request_id = "q"};
    const auto send = [&](const std::string& id) {
      return env.client().update_with_start(add(1), counter(), options, {.id = id}).result();
    };
    EXPECT_EQ(send("u"), 1);
    EXPECT_EQ(send("u"), 1);
    EXPECT_EQ(send("v"), 2);
    env.client().handle("c").signal(finish());
    EXPECT_EQ(env.client().attach(counter, "c").result(), 2);
    EXPECT_EQ(send("u"), 1);
    EXPECT_EQ(error_of([&] { send("w"); }), "RP3006") << "the request's run has ended";
  });
}

TEST(UpdateWithStart, WaitsForWhatIsAskedAndObeysThePolicies) {
  in_every_weather([](Env& env) {
    env.implement(counter, count_slowly);
    env.implement(chain, run_chain);
    env.start(chain(0, 0), {.id = "chain"});
    EXPECT_THROW(env.client().update_with_start(add(1), counter(), {.id = "chain"}),
                 AlreadyStarted);
    EXPECT_EQ(error_of([&] { env.client().update_with_start(add(1), counter(), {}); }), "RP3003");
    const auto accepted = env.client().update_with_start(add(1), counter(), {.id = "c"},
                                                         {.wait_for = UpdateStage::kAccepted});
    EXPECT_FALSE(accepted.result_for(0ms));
    const StartOptions replacing{.id = "c", .id_conflict = IdConflict::kTerminateExisting};
    const auto other = env.client().update_with_start(add(5), counter(), replacing);
    EXPECT_EQ(other.result(), 5);
    EXPECT_THROW(accepted.result(), UpdateUnfinished);
    env.client().handle("c").signal(finish());
    EXPECT_EQ(env.client().attach(counter, "c").result(), 5);
    const StartOptions once{.id = "c", .id_reuse = IdReuse::kReject};
    EXPECT_THROW(env.client().update_with_start(add(1), counter(), once), AlreadyStarted);
  });
}

TEST(UpdateWithStart, ThatReplacesRunsReplacesNoneWhenItIsRepeated) {
  in_every_weather([](Env& env) {
    env.implement(counter, count_slowly);
    const StartOptions replacing{.id = "c", .id_conflict = IdConflict::kTerminateExisting};
    const UpdateOptions accepted{.id = "u", .wait_for = UpdateStage::kAccepted};
    env.start(counter(), {.id = "c"});
    const auto send = [&] {
      return env.client().update_with_start(add(1), counter(), replacing, accepted);
    };
    const auto first = send();
    const std::string run_id = env.client().describe("c").run_id;
    EXPECT_EQ(send().result(), 1) << "while it is under way";
    EXPECT_EQ(send().result(), 1);
    EXPECT_EQ(first.result(), 1);
    EXPECT_EQ(env.client().describe("c").run_id, run_id);
  });
}

// An existing run is used, and not replaced: then it must get the message.
TEST(UpdateWithStart, ReachesTheRunThatIsUsedInsteadOfAStart) {
  Env env;
  env.implement(counter, counting(positive));
  const StartOptions either{
      .id = "c", .id_reuse = IdReuse::kUseExisting, .id_conflict = IdConflict::kTerminateExisting};
  const auto run = env.start(counter(), {.id = "c"});
  EXPECT_EQ(env.client().update_with_start(add(1), counter(), either).result(), 1);
  env.client().signal_with_start(number(10), counter(), either);
  EXPECT_EQ(env.client().describe("c").run_id, run.run_id());
  run.signal(finish());
  EXPECT_EQ(run.result(), 11);
}

}  // namespace
}  // namespace reprise::update_ids_test
