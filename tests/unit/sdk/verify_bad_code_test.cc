// verify() with code that ends the process, or swallows its unwinding.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <sys/syscall.h>
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
using ::testing::Not;
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

// Its runs go on, but the report says what it leaves in memory.
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
class VerifyCrashTest : public VerifyTest {
 protected:
  // What `verify` in a process of its own has said on stderr before `crash` ended it.
  std::string verify_until(const std::function<void()>& crash) {
    leave(run_order, 3);
    const std::string log = directory_.path() + "/stderr";
    const auto child = testing::lines_of_child(false, [&](const auto&) {
      if (std::freopen(log.c_str(), "w", stderr) == nullptr) ::_exit(9);
      Worker worker;
      implement(worker, [&](Context& ctx, const int& value) {
        ctx.call(pick(value));
        if (value == 1) crash();
        ctx.call(ship(value));
        return wait_for_go(ctx);
      });
      const char* const argv[] = {"shop", "verify", "--store", store_.c_str()};
      (void)cli(4, argv, worker);
    });
    EXPECT_TRUE(WIFSIGNALED(child.status));
    std::ifstream file(log);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(VerifyCrashTest, NamesItsRun) {
  EXPECT_THAT(verify_until([] { ::raise(SIGSEGV); }),
              HasSubstr("the code crashed (SIGSEGV) while it replayed run order-1 of workflow "
                        "'order'\n  look at it          shop replay --store " +
                        store_ + " --run order-1\n"));
}

// Like a supervisor that has lost patience.
TEST_F(VerifyCrashTest, IsNotLaidToTheCodeWhenAnotherProcessEndsThisOne) {
  const auto killed = [] {
    const pid_t process = ::getpid();
    const pid_t thread = ::gettid();
    if (::fork() == 0) ::_exit(static_cast<int>(::syscall(SYS_tgkill, process, thread, SIGABRT)));
    for (;;) ::pause();
  };
  const std::string text = verify_until(killed);
  EXPECT_THAT(text, HasSubstr("another process has ended this one (SIGABRT) while it replayed run "
                              "order-1 of workflow 'order'"));
  EXPECT_THAT(text, Not(HasSubstr("the code crashed")));
}
#endif

}  // namespace
}  // namespace reprise::verify_test
