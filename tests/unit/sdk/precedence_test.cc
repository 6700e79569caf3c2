// Which attempts of a task queue come first: priority, and fairness between tenants.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/history.pb.h"
#include "reprise/reprise.h"
#include "reprise/testing/env.h"

namespace reprise::precedence_test {
namespace {

using testing::Crash;
using testing::Env;
using ::testing::HasSubstr;

constexpr Activity<int(int)> work{"work"};
constexpr Workflow<int(int)> many{"many"};

constexpr Workflow<void(std::string, int)> tenant_work{"tenant_work"};
constexpr Activity<void(std::string)> served{"served"};

void serve_many(Context& ctx, const std::string& tenant, int count) {
  std::vector<Pending<void>> pending;
  for (int i = 0; i < count; ++i) pending.push_back(ctx.start(served(tenant)));
  for (auto& each : pending) each.get();
}

// Of 10,000: tests/unit/runtime/host/fair_queue_test.cc, without runs.
TEST(Fairness, ManyOfOneTenantDoNotDelayTheFirstOfAnother) {
  constexpr int kMany = 200;
  Env env;
  std::vector<std::string> order;
  env.implement(tenant_work, serve_many);
  env.implement(served,
                [&](ActivityContext&, const std::string& tenant) { order.push_back(tenant); });
  const auto large = env.client().submit(tenant_work("large", kMany), {.fairness_key = "large"});
  const auto small = env.client().submit(tenant_work("small", 1), {.fairness_key = "small"});
  small.result();
  large.result();
  ASSERT_EQ(order.size(), static_cast<std::size_t>(kMany + 1));
  const auto first = std::find(order.begin(), order.end(), "small") - order.begin();
  EXPECT_LE(first, 10) << "those that were there alone, and one turn";
}

TEST(Priority, TheFirstComesFirst) {
  Env env;
  std::string order;
  constexpr Activity<void(int)> note{"note"};
  constexpr Workflow<void()> all{"all"};
  env.implement(all, [&](Context& ctx) {
    std::vector<Pending<void>> pending;
    for (const int priority : {5, 0, 2, 4, 1, 3}) {
      pending.push_back(ctx.start(note(priority), {.priority = priority}));
    }
    for (auto& each : pending) each.get();
  });
  env.implement(note, [&](ActivityContext&, int priority) { order += std::to_string(priority); });
  env.start(all()).result();
  EXPECT_EQ(order, "120345") << "0: the default, and it was asked for before 3";
  order.clear();
  env.start(all(), {.priority = 1}).result();
  EXPECT_EQ(order, "012345") << "0: the run's";
}

std::vector<proto::Precedence> recorded(const RunHandle& run) {
  std::vector<proto::Precedence> all;
  const History history = run.history();
  for (const auto& turn : history.data().turns()) {
    for (const auto& input : turn.inputs()) {
      if (input.has_run_started()) all.push_back(input.run_started().precedence());
    }
    for (const auto& command : turn.commands()) {
      if (command.has_activity_scheduled())
        all.push_back(command.activity_scheduled().precedence());
    }
  }
  return all;
}

TEST(Precedence, IsInheritedByChildrenAndTheNextRunsOfAChain) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    constexpr Workflow<void(int)> parent{"parent"};
    constexpr Workflow<void(std::string)> child{"child"};
    env.implement(child, [](Context& ctx, const std::string&) { ctx.call(served("x")); });
    env.implement(served, [](ActivityContext&, const std::string&) {});
    env.implement(parent, [&](Context& ctx, int round) {
      if (round == 0) ctx.checkpoint(parent(1));
      if (round == 1) ctx.continue_as_new(parent(2));
      ctx.call(child("as it is"), {.id = "same"});
      ctx.call(child("other key"), {.id = "other", .priority = 5, .fairness_key = "own"});
      if (ctx.info().attempt == 1) throw ApplicationFailure("Again", "again");
    });
    const auto run = env.start(parent(0), {.id = "p",
                                           .retry = RetryPolicy{},
                                           .priority = 2,
                                           .fairness_key = "acme",
                                           .fairness_weight = 4});
    run.result();
    const auto last = recorded(env.client().handle("p"));
    ASSERT_FALSE(last.empty());
    EXPECT_EQ(last[0].fairness_key(), "acme");
    EXPECT_EQ(last[0].fairness_weight(), 4);
    const auto same = recorded(env.client().handle("same"));
    ASSERT_EQ(same.size(), 2u);
    EXPECT_EQ(same[0].priority(), 2u);
    EXPECT_EQ(same[0].fairness_key(), "acme");
    EXPECT_EQ(same[0].fairness_weight(), 4);
    EXPECT_EQ(same[1].ByteSizeLong(), 0u) << "an activity that says nothing records nothing";
    const auto other = recorded(env.client().handle("other"));
    ASSERT_EQ(other.size(), 2u);
    EXPECT_EQ(other[0].priority(), 5u);
    EXPECT_EQ(other[0].fairness_key(), "own");
    EXPECT_EQ(other[0].fairness_weight(), 0) << "a weight belongs to its key";
  }
}

// ---- what is refused --------------------------------------------------------------------------

std::string start_refusal(const StartOptions& options) {
  Env env;
  env.implement(many, [](Context&, int i) { return i; });
  try {
    (void)env.start(many(0), options);
  } catch (const InvalidOption& error) {
    EXPECT_EQ(error.code(), "RP3042");
    return error.what();
  }
  return "taken";
}

TEST(Precedence, WhatIsOutOfRangeIsRefused) {
  EXPECT_EQ(start_refusal(
                {.priority = 5, .fairness_key = std::string(64, 'k'), .fairness_weight = 0.001}),
            "taken");
  EXPECT_EQ(start_refusal(
                {.priority = 1, .fairness_key = std::string("\0\n", 2), .fairness_weight = 1'000}),
            "taken");
  for (const int priority :
       {-1, 6, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()}) {
    EXPECT_THAT(start_refusal({.priority = priority}),
                HasSubstr("StartOptions::priority of workflow 'many' is"));
  }
  EXPECT_THAT(start_refusal({.fairness_key = std::string(65, 'k')}), HasSubstr("fairness_key"));
  EXPECT_THAT(start_refusal({.fairness_key = "\xff"}), HasSubstr("not UTF-8"));
  for (const double weight :
       {-1.0, 0.0009, 1'000.1, 1e300, std::numeric_limits<double>::quiet_NaN(),
        std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(start_refusal({.fairness_weight = weight}), HasSubstr("fairness_weight"));
  }
  Env env;
  env.implement(many, [](Context& ctx, int priority) {
    EXPECT_THROW((void)ctx.start(work(1), {.priority = priority}), InvalidOption);
    EXPECT_THROW((void)ctx.start(many(1), {.priority = priority}), InvalidOption);
    return 0;
  });
  env.implement(work, [](ActivityContext&, int i) { return i; });
  EXPECT_EQ(env.start(many(6)).result(), 0);
}

}  // namespace
}  // namespace reprise::precedence_test
