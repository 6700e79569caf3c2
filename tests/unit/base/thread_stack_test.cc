#include "base/thread_stack.h"

#include <atomic>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sanitizers.h"
#include "base/symbols.h"

namespace reprise::base {

// Not static: a name that the program exports.
[[gnu::noinline]] void spin_until(const std::atomic<bool>& end, std::atomic<bool>& begun) {
  begun = true;
  begun.notify_all();
  while (!end) {
  }
}

namespace {

// The thread sanitizer delivers a signal to a spinning thread only when it calls something.
TEST(ThreadStack, NamesWhatAnotherThreadIsDoing) {
  if (REPRISE_TSAN) GTEST_SKIP() << "signals wait until the thread makes a call";
  std::atomic<bool> begun{false};
  std::atomic<bool> end{false};
  std::thread spinning([&] {
    const SignalStack stack;
    spin_until(end, begun);
  });
  begun.wait(false);
  std::thread::id noted_on;
  const auto frames = interrupt(
      spinning.native_handle(), [&] { noted_on = std::this_thread::get_id(); }, Duration(10'000));
  const auto spinning_id = spinning.get_id();
  end = true;
  spinning.join();
  ASSERT_TRUE(frames);
  EXPECT_EQ(noted_on, spinning_id);
  EXPECT_THAT(describe_frames(*frames), ::testing::Contains(::testing::HasSubstr("spin_until")));
}

TEST(ThreadStack, LeavesAHandlerOfTheProgramAlone) {
  struct sigaction before {};
  struct sigaction theirs {};
  theirs.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGURG, &theirs, &before), 0);
  EXPECT_FALSE(interrupt(
      ::pthread_self(), [] {}, Duration(1)));
  ASSERT_EQ(::sigaction(SIGURG, &before, nullptr), 0);
}

}  // namespace
}  // namespace reprise::base
