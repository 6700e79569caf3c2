// Starting, finding and describing runs.
#include <memory>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/history.pb.h"

namespace reprise::client_test {
namespace {

using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<int(int)> wait_hours{"wait_hours"};
constexpr Workflow<void()> no_result{"no_result"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Signal<> go{"go"};

class Clients : public ::testing::Test {
 protected:
  Clients() {
    env_.implement(wait_hours, [](Context& ctx, int hours) {
      ctx.sleep(hours * 1h);
      return hours;
    });
    env_.implement(no_result, [](Context& ctx) { ctx.sleep(1h); });
  }
  Env env_;
};

TEST_F(Clients, StartWithAnIdOrWithout) {
  auto named = env_.start(wait_hours(1), {.id = "order-7"});
  EXPECT_EQ(named.id(), "order-7");
  EXPECT_EQ(named.run_id().size(), 36U);
  auto unnamed = env_.start(wait_hours(1));
  EXPECT_FALSE(unnamed.id().empty());
  EXPECT_NE(unnamed.id(), named.id());
}

TEST_F(Clients, RefuseARunningId) {
  auto first = env_.start(wait_hours(1), {.id = "order-7"});
  try {
    env_.start(wait_hours(2), {.id = "order-7"});
    FAIL();
  } catch (const AlreadyStarted& error) {
    EXPECT_EQ(error.code(), "RP3004");
    EXPECT_EQ(error.run_id(), first.run_id());
    EXPECT_NE(std::string(error.what()).find("order-7"), std::string::npos);
  }
  EXPECT_FALSE(env_.client().try_start(wait_hours(2), {.id = "order-7"}).has_value());
  EXPECT_TRUE(env_.client().try_start(wait_hours(2), {.id = "order-8"}).has_value());
  auto refused = env_.client().submit(wait_hours(2), {.id = "order-7"});
  EXPECT_THROW(refused.started(), AlreadyStarted);
  EXPECT_THROW(refused.result(), AlreadyStarted);
  EXPECT_THROW(refused.run_id(), AlreadyStarted);
}

TEST_F(Clients, UseOrReplaceARunningId) {
  auto first = env_.start(wait_hours(1), {.id = "order-7"});
  auto same = env_.start(wait_hours(2), {.id = "order-7", .id_conflict = IdConflict::kUseExisting});
  EXPECT_EQ(same.run_id(), first.run_id());
  EXPECT_EQ(same.result(), 1);
  auto second = env_.start(wait_hours(2), {.id = "order-8"});
  auto third =
      env_.start(wait_hours(3), {.id = "order-8", .id_conflict = IdConflict::kTerminateExisting});
  EXPECT_THROW(second.result(), TerminatedFailure);
  EXPECT_EQ(third.result(), 3);
}

TEST_F(Clients, AreNotHandedARunOfAnotherWorkflow) {
  auto first = env_.start(wait_hours(1), {.id = "order-7"});
  try {
    env_.start(no_result(), {.id = "order-7", .id_conflict = IdConflict::kUseExisting});
    FAIL();
  } catch (const AlreadyStarted& error) {
    EXPECT_EQ(error.run_id(), first.run_id());
    EXPECT_NE(std::string(error.what()).find(std::string(wait_hours.name())), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(first.result(), 1);
}

TEST_F(Clients, ReuseAClosedIdAsAllowed) {
  auto first = env_.start(wait_hours(1), {.id = "order-7"});
  first.result();
  EXPECT_THROW(env_.start(wait_hours(1), {.id = "order-7", .id_reuse = IdReuse::kReject}),
               AlreadyStarted);
  EXPECT_THROW(
      env_.start(wait_hours(1), {.id = "order-7", .id_reuse = IdReuse::kAllowUnlessCompleted}),
      AlreadyStarted);
  auto second = env_.start(wait_hours(2), {.id = "order-7"});
  second.terminate("again");
  auto third =
      env_.start(wait_hours(3), {.id = "order-7", .id_reuse = IdReuse::kAllowUnlessCompleted});
  EXPECT_EQ(env_.client().attach(wait_hours, "order-7").result(), 3);
  EXPECT_NE(third.run_id(), first.run_id());
}

TEST_F(Clients, UseARunOpenOrClosed) {
  const StartOptions once{.id = "order-7",
                          .id_reuse = IdReuse::kUseExisting,
                          .id_conflict = IdConflict::kTerminateExisting};
  auto first = env_.start(wait_hours(1), once);
  auto second = env_.start(wait_hours(2), once);
  EXPECT_EQ(second.run_id(), first.run_id()) << "nothing is terminated for it";
  EXPECT_EQ(second.result(), 1);
  auto third = env_.start(wait_hours(3), once);
  EXPECT_EQ(third.run_id(), first.run_id());
  EXPECT_EQ(third.result(), 1);
  EXPECT_EQ(env_.client().submit(wait_hours(4), once).result(), 1);
  EXPECT_EQ(env_.client().list().size(), 1U);
}

TEST_F(Clients, UseARunHoweverItEnded) {
  const StartOptions once{.id = "order-7", .id_reuse = IdReuse::kUseExisting};
  env_.start(wait_hours(1), once).terminate("fire");
  EXPECT_THROW(env_.start(wait_hours(1), once).result(), TerminatedFailure);
  try {
    env_.start(no_result(), once);
    FAIL() << "a run of another workflow";
  } catch (const AlreadyStarted& error) {
    EXPECT_EQ(error.run_id(), env_.client().describe("order-7").run_id);
  }
  EXPECT_FALSE(env_.client().try_start(no_result(), once).has_value());
}

TEST_F(Clients, SubmitManyAtOnce) {
  std::vector<Handle<int>> runs;
  for (int i = 0; i < 200; ++i) runs.push_back(env_.client().submit(wait_hours(i % 3)));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(runs[static_cast<std::size_t>(i)].result(), i % 3);
}

TEST_F(Clients, WaitForAResultForAWhile) {
  auto run = env_.start(wait_hours(2));
  EXPECT_EQ(run.result_for(1h), std::nullopt);
  EXPECT_EQ(run.result_for(2h), 2);
  EXPECT_EQ(run.result(), 2);
  auto without = env_.start(no_result());
  EXPECT_FALSE(without.result_for(1s));
  EXPECT_TRUE(without.result_for(1h));
  without.result();
  EXPECT_THROW((void)without.result_for(-1ms), InvalidOption);
}

TEST_F(Clients, FindRuns) {
  EXPECT_FALSE(env_.client().find(wait_hours, "order-7").has_value());
  env_.start(wait_hours(2), {.id = "order-7"});
  EXPECT_EQ(env_.client().find(wait_hours, "order-7")->result(), 2);
  EXPECT_FALSE(env_.client().find(no_result, "order-7").has_value());
  EXPECT_THROW(env_.client().describe("nobody"), NotFound);
  EXPECT_FALSE(env_.client().find_description("nobody").has_value());
  EXPECT_THROW(env_.client().attach(wait_hours, "nobody").result(), NotFound);
  EXPECT_THROW(env_.client().attach(wait_hours, "order-7", "not a uuid"), InvalidOption);
}

TEST_F(Clients, AddressOneRunByItsRunId) {
  auto first = env_.start(wait_hours(1), {.id = "order-7"});
  first.result();
  auto second = env_.start(wait_hours(2), {.id = "order-7"});
  const auto attached = env_.client().attach(wait_hours, "order-7", second.run_id());
  EXPECT_EQ(attached.result(), 2);
  EXPECT_EQ(attached.run_id(), second.run_id());
  EXPECT_EQ(env_.client().attach(wait_hours, "order-7").run_id(), second.run_id());
}

TEST_F(Clients, DescribeRuns) {
  env_.implement(wait_hours, [](Context& ctx, int hours) {
    auto timer = ctx.timer(hours * 1h);
    auto activity = ctx.start(twice(hours));
    ctx.all(*std::make_unique<std::vector<Pending<void>>>());
    return activity.get();
  });
  env_.stub(twice, [](int) -> int { throw std::runtime_error("closed"); });
  const auto before = env_.now();
  auto run = env_.start(wait_hours(2), {.id = "order-7", .task_queue = "shop"});
  const auto description = run.describe();
  EXPECT_EQ(description.workflow_id, "order-7");
  EXPECT_EQ(description.run_id, run.run_id());
  EXPECT_EQ(description.workflow, "wait_hours");
  EXPECT_EQ(description.task_queue, "shop");
  EXPECT_EQ(description.status, RunStatus::kRunning);
  EXPECT_EQ(to_string(description.status), "Running");
  EXPECT_EQ(description.started, before);
  EXPECT_FALSE(description.closed.has_value());
  EXPECT_GT(description.history_events, 2U);
  ASSERT_EQ(description.timers.size(), 1U);
  EXPECT_EQ(description.timers[0], before + 2h);
  ASSERT_EQ(description.activities.size(), 1U);
  EXPECT_EQ(description.activities[0].name, "twice");
  EXPECT_FALSE(description.activities[0].is_step);
  EXPECT_EQ(description.activities[0].attempt, 2);
  EXPECT_EQ(description.activities[0].next_attempt, before + 1s);
  EXPECT_EQ(description.activities[0].last_failure, "closed");
  EXPECT_EQ(description.waiting_for.size(), 1U);
  EXPECT_FALSE(description.parked.has_value());
}

// As `reprise list --limit 0` does.
TEST_F(Clients, ListAllRuns) {
  for (int i = 0; i < 1'100; ++i) (void)env_.client().submit(wait_hours(1)).run_id();
  EXPECT_EQ(env_.client().list().size(), 1'000U);
  EXPECT_EQ(env_.client().list({.limit = 0}).size(), 1'100U);
  env_.skip(1h);
  EXPECT_EQ(env_.client().list({.status = RunStatus::kCompleted, .limit = 0}).size(), 1'100U);
}

TEST_F(Clients, SayWhereTheCodeWaits) {
  int line = 0;
  env_.implement(wait_hours, [&line](Context& ctx, int hours) {
    line = __LINE__;
    auto spawned = ctx.spawn([&ctx, hours] { ctx.sleep(hours * 1h); });
    auto signal = ctx.inbox(go).next();
    if (ctx.first_of(signal, spawned) == 0) ctx.wait_until([] { return false; });
    return 0;
  });
  const auto place = [&line](int lines) {
    return "sdk/client_test.cc:" + std::to_string(line + lines);
  };
  auto run = env_.start(wait_hours(2));
  const auto waits = run.describe().waiting_for;
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_EQ(waits[0], "signal go at " + place(2) + " or strand spawned at " + place(1));
  EXPECT_EQ(waits[1], "timer 7200000ms at " + place(1));
  run.signal(go());
  EXPECT_EQ(run.describe().waiting_for[0], "a condition at " + place(3));
}

TEST_F(Clients, ListRuns) {
  for (int i = 1; i <= 3; ++i) {
    env_.start(wait_hours(i), {.id = "order-" + std::to_string(i)});
    env_.skip(1s);
  }
  env_.start(no_result(), {.id = "other"});
  env_.skip(90min);
  const auto ids = [&](const ListOptions& options) {
    std::string joined;
    for (const auto& run : env_.client().list(options)) joined += run.workflow_id + " ";
    return joined;
  };
  EXPECT_EQ(ids({}), "other order-3 order-2 order-1 ");
  EXPECT_EQ(ids({.newest_first = false}), "order-1 order-2 order-3 other ");
  EXPECT_EQ(ids({.limit = 2}), "other order-3 ");
  EXPECT_EQ(ids({.workflow = "wait_hours"}), "order-3 order-2 order-1 ");
  EXPECT_EQ(ids({.status = RunStatus::kRunning}), "order-3 order-2 ");
  EXPECT_EQ(ids({.workflow = "wait_hours", .status = RunStatus::kCompleted}), "order-1 ");
}

TEST_F(Clients, GiveOutHistories) {
  auto run = env_.start(wait_hours(1));
  run.result();
  const History history = run.history();
  ASSERT_EQ(history.data().turns_size(), 2);
  EXPECT_EQ(history.events(), 4U);
  const proto::Turn& first = history.data().turns(0);
  EXPECT_EQ(first.inputs(0).run_started().workflow(), "wait_hours");
  EXPECT_EQ(first.commands(0).timer_started().duration_ms(), 3'600'000);
}

TEST_F(Clients, RefuseWhatCannotBe) {
  EXPECT_THROW(env_.start(wait_hours(1), {.id = std::string(kMaxIdBytes + 1, 'x')}), InvalidOption);
  EXPECT_NO_THROW(env_.start(wait_hours(1), {.id = std::string(kMaxIdBytes, 'x')}));
  const auto refusal = [&](const StartOptions& options) -> std::string {
    try {
      env_.start(wait_hours(1), options);
    } catch (const InvalidOption& error) {
      return error.what();
    }
    return "(started)";
  };
  EXPECT_EQ(refusal({.run_timeout = -1ms}),
            "RP3010 StartOptions::run_timeout of workflow 'wait_hours' is -1 ms; it must be "
            "positive, or 0: no limit");
  EXPECT_THAT(refusal({.task_queue = "\xff"}),
              ::testing::StartsWith(
                  "RP3003 StartOptions::task_queue of workflow 'wait_hours' is no UTF-8"));
  EXPECT_THROW(env_.start(Workflow<int(int)>("")(1)), InvalidOption);
  EXPECT_THROW(env_.start(Workflow<int(std::string)>("wait_hours")(std::string(3 << 20, 'x'))),
               PayloadError);
  EXPECT_THROW((void)env_.client().handle(""), InvalidOption);
  EXPECT_THROW(env_.start(Workflow<int()>("unknown")()), UnknownWorkflow);
}

TEST_F(Clients, AreUsableInActivities) {
  constexpr Workflow<int()> parent{"parent"};
  env_.implement(parent, [](Context& ctx) { return ctx.call(twice(3)); });
  env_.stub(twice, [&](int hours) {
    return env_.client().start(wait_hours(hours), {.id = "child"}).id() == "child" ? 1 : 0;
  });
  EXPECT_EQ(env_.start(parent()).result(), 1);
  EXPECT_EQ(env_.client().attach(wait_hours, "child").result(), 3);
}

}  // namespace
}  // namespace reprise::client_test
