// Child workflows through the public interface.
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/env_modes.h"
#include "tests/unit/sdk/families.h"

namespace reprise::children_test {
namespace {

using namespace families;
using namespace std::chrono_literals;
using testing::Crash;
using ::testing::HasSubstr;

// ---- results and failures ---------------------------------------------------------------------

class Children : public testing::InEveryMode {
 protected:
  void implement(Code parents, Code childs) {
    env.implement(parent, std::move(parents));
    env.implement(child, std::move(childs));
  }
  std::string run(const std::string& input = {}) {
    return env.start(parent(input), {.id = "p"}).result();
  }
};
INSTANTIATE_TEST_SUITE_P(Modes,
                         Children,
                         ::testing::ValuesIn(testing::all_modes()),
                         testing::name_of);

TEST_P(Children, EachIsStartedOnceAndGivesItsResult) {
  implement(
      [](Context& ctx, const std::string& text) {
        std::vector<Child<std::string>> children;
        for (int i = 0; i < 5; ++i) {
          children.push_back(
              ctx.start(child(text + std::to_string(i)), {.id = "c" + std::to_string(i)}));
        }
        std::string all;
        for (auto& each : children) all += each.get() + " ";
        return all;
      },
      echo);
  const auto run = env.start(parent("x"), {.id = "p"});
  EXPECT_EQ(run.result(), "x0 x1 x2 x3 x4 ");
  EXPECT_EQ(count(run.history(), "ChildScheduled"), 5);
  EXPECT_EQ(count(run.history(), "ChildCompleted"), 5);
  EXPECT_LE(count(run.history(), "ChildStarted"), 5);
  EXPECT_EQ(env.client().list({.workflow = "child"}).size(), 5U);
}

TEST_P(Children, ChildrenHaveChildren) {
  implement([](Context& ctx, const std::string&) { return ctx.call(child("3")) + "!"; },
            [](Context& ctx, const std::string& depth) {
              if (depth == "0") return std::string("ground");
              return ctx.call(child(std::to_string(std::stoi(depth) - 1))) + "<" + depth;
            });
  EXPECT_EQ(run(), "ground<1<2<3!");
  EXPECT_EQ(env.client().list({.workflow = "child"}).size(), 4U);
}

TEST_P(Children, ASignalReachesTheChildThoughItContinues) {
  implement(
      [](Context& ctx, const std::string&) {
        auto runs = ctx.start(child("0"), {.id = "c"});
        runs.started();
        ctx.sleep(1min);
        runs.signal(finish("done"));
        return runs.get();
      },
      [](Context& ctx, const std::string& round) -> std::string {
        auto finished = ctx.inbox(finish);
        if (round != "3") {
          ctx.sleep(1s);
          ctx.continue_as_new(child(std::to_string(std::stoi(round) + 1)));
        }
        return finished.next().get() + " in round " + round;
      });
  EXPECT_EQ(run(), "done in round 3");
  EXPECT_EQ(env.client().list({.workflow = "child"}).size(), 4U);
}

TEST_P(Children, ACancelledOneIsWaitedFor) {
  implement(
      [](Context& ctx, const std::string&) {
        auto sleeps = ctx.start(child(""), {.id = "c"});
        ctx.sleep(1min);
        sleeps.cancel();
        sleeps.cancel();
        return cause_of([&] { (void)sleeps.get(); });
      },
      [](Context& ctx, const std::string&) {
        try {
          ctx.sleep(24h);
        } catch (const CancelledFailure&) {
          const Shield shield(ctx);
          ctx.sleep(5min);
          throw;
        }
        return std::string();
      });
  const auto run = env.start(parent(""), {.id = "p"});
  EXPECT_EQ(run.result(), "cancelled");
  EXPECT_EQ(count(run.history(), "CancelSent"), 1);
  EXPECT_EQ(count(env.client().attach(child, "c").history(), "CancelRequested"), 1);
  EXPECT_EQ(env.client().attach(child, "c").describe().status, RunStatus::kCancelled);
}

TEST_P(Children, OneThatIsCancelledBeforeItHasBegunIsAskedWhenItHas) {
  implement(
      [](Context& ctx, const std::string&) {
        auto sleeps = ctx.start(child(""), {.id = "c"});
        sleeps.cancel();
        return cause_of([&] { (void)sleeps.get(); });
      },
      sleep_long);
  EXPECT_EQ(run(), "cancelled");
  EXPECT_EQ(env.client().attach(child, "c").describe().status, RunStatus::kCancelled);
}

TEST_P(Children, TheEndOfTheParentEndsThem) {
  implement(
      [](Context& ctx, const std::string&) {
        (void)ctx.start(child(""), {.id = "terminated"});
        (void)ctx.start(child(""), {.id = "cancelled", .on_parent_close = ParentClose::kCancel});
        (void)ctx.start(child(""), {.id = "abandoned", .on_parent_close = ParentClose::kAbandon});
        return std::string("gone");
      },
      sleep_long);
  EXPECT_EQ(run(), "gone");
  env.skip(1h);
  const auto status = [&](const std::string& id) {
    return env.client().attach(child, id).describe().status;
  };
  EXPECT_EQ(status("terminated"), RunStatus::kTerminated);
  EXPECT_EQ(status("cancelled"), RunStatus::kCancelled);
  EXPECT_EQ(count(env.client().attach(child, "cancelled").history(), "CancelRequested"), 1);
  EXPECT_EQ(status("abandoned"), RunStatus::kRunning);
  env.skip(24h);
  EXPECT_EQ(status("abandoned"), RunStatus::kCompleted);
}

TEST_P(Children, FailuresSayWhatHappened) {
  implement(
      [](Context& ctx, const std::string&) {
        std::string all;
        for (const char* how : {"throw", "sleep", "nest"}) {
          all +=
              cause_of([&] { (void)ctx.call(child(how), {.id = how, .run_timeout = 1h}); }) + ", ";
        }
        return all;
      },
      [](Context& ctx, const std::string& how) -> std::string {
        if (how == "throw") throw ApplicationFailure("Broken", "as it was told");
        if (how == "nest") return ctx.call(child("throw"));
        return sleep_long(ctx, how);
      });
  EXPECT_EQ(run(), "application Broken, timeout, child, ");
}

// ---- retries and limits of the chain ------------------------------------------------------------

TEST_P(Children, AChildIsTriedAgainAndItsParentLearnsOfTheLastEnd) {
  implement(
      [](Context& ctx, const std::string&) {
        return ctx.call(child(""), {.id = "c", .retry = RetryPolicy{.maximum_attempts = 3}});
      },
      [](Context& ctx, const std::string&) -> std::string {
        const int attempt = ctx.info().attempt;
        if (attempt < 3) throw ApplicationFailure("NotYet", "again");
        return ctx.info().parent_workflow_id + " after " + std::to_string(attempt);
      });
  const auto run = env.start(parent(""), {.id = "p"});
  EXPECT_EQ(run.result(), "p after 3");
  EXPECT_EQ(count(run.history(), "ChildCompleted"), 1);
  EXPECT_EQ(env.client().list({.workflow = "child"}).size(), 3U);
}

TEST_P(Children, TheEndOfTheParentReachesAnAttemptThatHasNotBegun) {
  implement(
      [](Context& ctx, const std::string&) {
        (void)ctx.start(child(""),
                        {.id = "terminated", .retry = RetryPolicy{.initial_interval = 10h, .maximum_interval = 10h}});
        (void)ctx.start(child(""), {.id = "cancelled",
                                    .on_parent_close = ParentClose::kCancel,
                                    .retry = RetryPolicy{.initial_interval = 10h, .maximum_interval = 10h}});
        ctx.sleep(1h);
        return std::string("gone");
      },
      [](Context&, const std::string&) -> std::string {
        throw ApplicationFailure("NotYet", "again");
      });
  EXPECT_EQ(run(), "gone");
  env.skip(1s);
  const auto status = [&](const std::string& id) {
    return env.client().attach(child, id).describe().status;
  };
  EXPECT_EQ(status("terminated"), RunStatus::kTerminated);
  EXPECT_EQ(status("cancelled"), RunStatus::kCancelled);
  EXPECT_EQ(env.client().list({.workflow = "child"}).size(), 4U);
}

TEST_P(Children, AChainOutOfTimeIsATimeout) {
  implement(
      [](Context& ctx, const std::string&) {
        return cause_of([&] {
          (void)ctx.call(child(""), {.id = "c", .execution_timeout = 30h, .retry = RetryPolicy{}});
        });
      },
      [](Context& ctx, const std::string&) -> std::string {
        ctx.sleep(20h);
        throw ApplicationFailure("NotYet", "again");
      });
  EXPECT_EQ(run(), "timeout");
}

// ---- what a child has -------------------------------------------------------------------------

TEST(ChildOptions, HostileIdsAndPayloadsArriveAsTheyAre) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  const std::string longest(kMaxIdBytes, 'i');
  for (const std::string& id :
       {std::string("a\0b", 3), std::string("\n\t\x1b[31m'\"/%"), longest}) {
    for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
      Family family(
          [&](Context& ctx, const std::string&) {
            auto runs = ctx.start(child(id), {.id = id});
            const std::string text = runs.get();
            return text == runs.id() ? text : "another";
          },
          [](Context& ctx, const std::string& text) {
            return ctx.info().workflow_id == text && ctx.info().parent_workflow_id == "p"
                       ? text
                       : std::string("other id");
          },
          {.crash = crash});
      EXPECT_EQ(family.run(), id);
    }
  }
}

TEST(ChildOptions, SettingsTimeoutsAndQueuesAreTheChilds) {
  Family family(
      [](Context& ctx, const std::string&) {
        return ctx.call(child(""), {.id = "c",
                                    .task_queue = "other",
                                    .run_timeout = Duration::max(),
                                    .settings = {Value<int>("n")(7)}});
      },
      [](Context& ctx, const std::string&) { return ctx.info().task_queue; });
  EXPECT_EQ(family.run(), "other");
  const auto run = family.env.client().attach(child, "c");
  EXPECT_EQ(run.get(Value<int>("n")), 7);
  EXPECT_EQ(run.describe().parent_workflow_id, "p");
  EXPECT_EQ(run.describe().parent_run_id,
            family.env.client().attach(parent, "p").describe().run_id);
}

TEST(ChildOptions, TheParentSaysWhichChildrenItHas) {
  Family family(
      [](Context& ctx, const std::string&) {
        auto one = ctx.start(child(""), {.id = "c1"});
        auto two = ctx.start(child(""), {.id = "c2"});
        return one.get() + two.get();
      },
      wait_for_finish);
  const auto run = family.env.start(parent(""), {.id = "p"});
  auto children = run.describe().children;
  ASSERT_EQ(children.size(), 2U);
  EXPECT_EQ(children[0].workflow, "child");
  EXPECT_EQ(children[0].workflow_id, "c1");
  EXPECT_EQ(children[0].run_id, family.of_child("c1").run_id);
  EXPECT_TRUE(children[0].started);
  family.env.client().attach(child, "c1").signal(finish("1"));
  children = run.describe().children;
  ASSERT_EQ(children.size(), 1U);
  EXPECT_EQ(children[0].workflow_id, "c2");
  family.env.client().attach(child, "c2").signal(finish("2"));
  EXPECT_EQ(run.result(), "12");
}

TEST(ChildOptions, AChildThatContinuesKeepsItsParent) {
  Family family(
      [](Context& ctx, const std::string&) {
        (void)ctx.start(child("0"), {.id = "c"});
        ctx.sleep(1h);
        return std::string("gone");
      },
      [](Context& ctx, const std::string& round) -> std::string {
        ctx.sleep(1min);
        ctx.continue_as_new(child(std::to_string(std::stoi(round) + 1)));
      });
  EXPECT_EQ(family.run(), "gone");
  const auto last = family.of_child();
  EXPECT_EQ(last.status, RunStatus::kTerminated);
  EXPECT_EQ(last.parent_workflow_id, "p");
}

// ---- many -------------------------------------------------------------------------------------

TEST(ManyChildren, TenThousandOfOneParent) {
  constexpr int kMany = 10'000;
  Env env({.replay = testing::Replay::kOff});
  env.implement(parent, [](Context& ctx, const std::string&) {
    std::vector<Child<std::string>> children;
    for (int i = 0; i < kMany; ++i) children.push_back(ctx.start(child(std::to_string(i))));
    std::size_t bytes = 0;
    for (auto& each : children) bytes += each.get().size();
    return std::to_string(bytes);
  });
  env.implement(child, echo);
  EXPECT_EQ(env.start(parent(""), {.id = "p"}).result(), "38890");
}

}  // namespace
}  // namespace reprise::children_test
