// The code of docs/language/completion_elsewhere.md, in its order. The last test makes sure that it
// is that code.
#include <chrono>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/page_code.h"

namespace reprise_completion_page_test {
namespace {

using namespace std::chrono_literals;

constexpr reprise::Activity<bool(std::string)> ask_desk{"ask_desk"};
constexpr reprise::Workflow<std::string(std::string)> refund{"refund"};

std::string run_refund(reprise::Context& ctx, const std::string& order) {
  const bool agreed = ctx.call(ask_desk(order), {.start_to_close = 24h * 7});
  return agreed ? "refunded" : "refused";
}

struct Task {
  std::string order;
  std::string token;
};

struct Desk {
  void put(const std::string& order, const std::string& token) { tasks.push_back({order, token}); }
  std::vector<Task> tasks;
};

std::string shown;

void show(const char* what, const char* why) {
  shown = std::string(what) + why;
}

void serve(reprise::Worker& worker, Desk& desk) {
  worker.implement(refund, run_refund);
  worker.implement_async(ask_desk,
                         [&desk](reprise::ActivityContext&, reprise::Completion<bool> decision,
                                 const std::string& order) { desk.put(order, decision.token()); });
}

void decide(const reprise::Client& client, const Task& task, bool agreed) {
  try {
    client.complete(task.token, agreed);
  } catch (const reprise::AlreadyCompleted&) {
    // Somebody has decided before, or this request was sent twice.
  } catch (const reprise::CompletionLate& late) {
    show("too late: ", late.what());
  }
}

bool still_wanted(const reprise::Client& client, const std::string& token, int percent) {
  try {
    client.heartbeat(token, percent);
    return true;
  } catch (const reprise::CompletionLate&) {
    return false;
  }
}

TEST(Refund, WaitsForTheDesk) {
  reprise::testing::Env env;
  std::string token;
  env.implement(refund, run_refund);
  env.implement_async(ask_desk, [&](reprise::ActivityContext&, reprise::Completion<bool> decision,
                                    const std::string&) { token = decision.token(); });
  const auto run = env.start(refund("order-7"));
  env.skip(24h * 3);
  env.client().complete(token, true);
  EXPECT_EQ(run.result(), "refunded");
}

TEST(Refund, IsDecidedOnceAndInTime) {
  reprise::testing::Env env;
  Desk desk;
  env.implement(refund, run_refund);
  env.implement_async(ask_desk,
                      [&](reprise::ActivityContext&, reprise::Completion<bool> decision,
                          const std::string& order) { desk.put(order, decision.token()); });
  const auto run = env.start(refund("order-7"));
  EXPECT_TRUE(still_wanted(env.client(), desk.tasks.at(0).token, 50));
  decide(env.client(), desk.tasks.at(0), false);
  decide(env.client(), desk.tasks.at(0), true);
  EXPECT_EQ(run.result(), "refused");
  EXPECT_EQ(shown, "");
  EXPECT_FALSE(still_wanted(env.client(), desk.tasks.at(0).token, 60));
  const auto stopped = env.start(refund("order-8"));
  stopped.terminate("no longer needed");
  decide(env.client(), desk.tasks.at(1), true);
  EXPECT_EQ(shown.substr(0, 16), "too late: RP3021");
  reprise::Worker worker;
  serve(worker, desk);
}

TEST(Refund, PageIsThisCode) {
  reprise::testing::expect_code_of("docs/language/completion_elsewhere.md",
                                   "tests/unit/sdk/completion_page_test.cc", 5);
}

}  // namespace
}  // namespace reprise_completion_page_test
