// The code of docs/language/cancellation.md. The last test makes sure that it is that code.
#include <chrono>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/page_code.h"

namespace reprise_cancellation_page_test {
namespace {

using namespace std::chrono_literals;

constexpr reprise::Workflow<std::string(std::string)> printing{"printing"};
constexpr reprise::Activity<std::string(std::string)> print{"print"};
constexpr reprise::Activity<void(std::string)> collect_waste{"collect_waste"};
constexpr reprise::Workflow<void(std::string)> visit{"visit"};
constexpr reprise::Activity<void(std::string)> write_down{"write_down"};

std::string run_print(reprise::Context& ctx, const std::string& book) {
  try {
    return ctx.call(print(book), {.on_cancel = reprise::CancelMode::kWait});
  } catch (const reprise::CancelledFailure&) {
    // The press stands still: nobody is printing any more.
    reprise::Shield shield(ctx);
    ctx.call(collect_waste(book));
    throw;
  }
}

reprise::testing::Env* press = nullptr;
int pages = 0;

void print_page(const std::string& book, int page) {
  pages = page;
  if (book == "never" && page == 7) press->client().handle("print-7").cancel("misprint");
}

std::string do_print(reprise::ActivityContext& ctx, const std::string& book) {
  for (int page = 1; page <= 100; ++page) {
    if (ctx.stop_token().stop_requested()) throw reprise::CancelledFailure("stopped the press");
    print_page(book, page);
  }
  return book + " is printed";
}

void run_visit(reprise::Context& ctx, const std::string& visitor) {
  auto entry = ctx.start(write_down(visitor), {.on_cancel = reprise::CancelMode::kAbandon});
  ctx.sleep(1h);  // cancelled or not, the entry is written
  entry.get();
}

bool still_wanted(const reprise::Client& client, const std::string& token, int percent) {
  try {
    client.heartbeat(token, percent);
    return true;
  } catch (const reprise::ActivityCancelled&) {
    client.fail(token, reprise::CancelledFailure("stopped"));
  } catch (const reprise::CompletionLate&) {
    // Nobody waits for it: cancelled with kTry, out of time, or its run has ended.
  }
  return false;
}

TEST(Print, WaitsUntilThePressHasStopped) {
  reprise::testing::Env env;
  press = &env;
  env.implement(printing, run_print).implement(print, do_print);
  std::string waste;
  env.stub(collect_waste, [&](const std::string& book) { waste = book; });
  const auto run = env.start(printing("never"), {.id = "print-7"});
  EXPECT_EQ(run.describe().status, reprise::RunStatus::kCancelled);
  EXPECT_EQ(pages, 7);
  EXPECT_EQ(waste, "never");
  EXPECT_EQ(env.start(printing("always")).result(), "always is printed");
  EXPECT_EQ(pages, 100);
}

TEST(Print, ElsewhereIsToldByItsHeartbeat) {
  reprise::testing::Env env;
  std::string token;
  env.implement(printing, run_print);
  env.implement_async(print,
                      [&](reprise::ActivityContext&, reprise::Completion<std::string> printed,
                          const std::string&) { token = printed.token(); });
  env.stub(collect_waste, [](const std::string&) {});
  const auto run = env.start(printing("never"));
  EXPECT_TRUE(still_wanted(env.client(), token, 10));
  run.cancel("misprint");
  EXPECT_FALSE(still_wanted(env.client(), token, 20));
  EXPECT_EQ(run.describe().status, reprise::RunStatus::kCancelled);
  EXPECT_FALSE(still_wanted(env.client(), token, 30));
}

TEST(Visit, IsWrittenDownAllTheSame) {
  reprise::testing::Env env;
  std::vector<std::string> written;
  env.implement(visit, run_visit);
  env.implement(write_down, [&](reprise::ActivityContext&, const std::string& visitor) {
    env.client().handle("visit-1").cancel("closed");
    written.push_back(visitor);
  });
  const auto run = env.start(visit("ann"), {.id = "visit-1"});
  EXPECT_EQ(run.describe().status, reprise::RunStatus::kCancelled);
  EXPECT_EQ(written, std::vector<std::string>{"ann"});
}

TEST(Cancellation, PageIsThisCode) {
  reprise::testing::expect_code_of("docs/language/cancellation.md",
                                   "tests/unit/sdk/cancellation_page_test.cc", 4);
}

}  // namespace
}  // namespace reprise_cancellation_page_test
