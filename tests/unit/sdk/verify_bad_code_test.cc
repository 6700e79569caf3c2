// verify() with code that ends the process, or does not leave memory when it is asked to.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sanitizers.h"
#include "reprise/cli.h"
#include "tests/support/child_lines.h"
#include "tests/unit/sdk/verify_fixture.h"

namespace reprise::verify_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

int swallowing_code(Context& ctx, const int& value) {
  ctx.call(pick(value));
  ctx.call(ship(value));
  for (;;) {
    try {
      return wait_for_go(ctx);
    } catch (...) {
    }
  }
}

// Its runs go on, and what it leaves in memory is not kept from whoever deploys it.
TEST_F(VerifyTest, CodeThatSwallowsItsUnwindingIsReported) {
  leave(run_order, 3);
  EXPECT_THAT(check(run_order).given_up, IsEmpty());
  const VerifyReport report = check(swallowing_code, {.threads = 3});
  EXPECT_EQ(report.safe, 3U);
  EXPECT_EQ(report.exit_status(), 0);
  ASSERT_THAT(report.given_up, SizeIs(1));
  EXPECT_EQ(report.given_up[0].workflow, "order");
  EXPECT_EQ(report.given_up[0].strands, 3U);
  EXPECT_THAT(report.given_up[0].report, HasSubstr("RP2011 run 'order-0'"));
}

// Every one of them leaves a stack behind.
TEST_F(VerifyTest, NotEveryRunOfCodeThatSwallowsItsUnwindingIsReplayed) {
  const Code waiting = [](Context& ctx, const int&) { return wait_for_go(ctx); };
  leave(waiting, 1'003);
  const VerifyReport report = check(
      [](Context& ctx, const int&) {
        for (;;) {
          try {
            return wait_for_go(ctx);
          } catch (...) {
          }
        }
      },
      {.threads = 1});
  EXPECT_EQ(report.safe, 1'000U);
  EXPECT_EQ(report.unreadable, 3U);
  EXPECT_EQ(report.exit_status(), 2);
  ASSERT_THAT(report.groups, SizeIs(1));
  EXPECT_EQ(report.groups[0].code, "RP2011");
}

TEST_F(VerifyTest, TheCommandReportsCodeThatSwallowsItsUnwinding) {
  leave(run_order);
  Worker worker;
  implement(worker, swallowing_code);
  ::testing::internal::CaptureStdout();
  const char* const argv[] = {"shop", "verify", "--store", store_.c_str()};
  EXPECT_EQ(cli(4, argv, worker), 0);
  std::fflush(stdout);
  const std::string text = ::testing::internal::GetCapturedStdout();
  EXPECT_THAT(text, HasSubstr("workflow 'order': 1 strand swallows"));
  EXPECT_THAT(text, HasSubstr("RP2011 run 'order-0'"));
  EXPECT_THAT(text, HasSubstr("safe to deploy"));
}

#if !REPRISE_SANITIZED
TEST_F(VerifyTest, ACrashNamesItsRun) {
  leave(run_order, 3);
  const auto child = testing::lines_of_child(false, [&](const auto&) {
    const std::string log = directory_.path() + "/stderr";
    if (std::freopen(log.c_str(), "w", stderr) == nullptr) ::_exit(9);
    Worker worker;
    implement(worker, [](Context& ctx, const int& value) {
      ctx.call(pick(value));
      if (value == 1) ::raise(SIGSEGV);
      ctx.call(ship(value));
      return wait_for_go(ctx);
    });
    const char* const argv[] = {"shop", "verify", "--store", store_.c_str()};
    (void)cli(4, argv, worker);
  });
  EXPECT_TRUE(WIFSIGNALED(child.status));
  std::ifstream file(directory_.path() + "/stderr");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(text,
              HasSubstr("the code crashed (SIGSEGV) while it replayed run order-1 of workflow "
                        "'order'\n  look at it          shop replay --store " +
                        store_ + " --run order-1\n"));
}
#endif

}  // namespace
}  // namespace reprise::verify_test
