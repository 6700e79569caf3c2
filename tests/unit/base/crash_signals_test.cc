#include "base/crash_signals.h"

#include <csignal>
#include <cstdlib>
#include <functional>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/sanitizers.h"

namespace reprise::base {
namespace {

void tell_it(const Crash& crash) {
  CrashText text;
  text.text("told of ").text(signal_name(crash.signal));
  text.text(crash.address == nullptr ? ", nowhere" : ", somewhere");
  text.text(crash.stack_pointer == nullptr ? "" : ", with a stack\n");
}

[[gnu::noinline]] void write_to(std::uintptr_t address) {
  *reinterpret_cast<volatile char*>(address) = 1;
}

// In a process of its own: handlers are for its life.
void expect_end(const std::function<void()>& die, int signal, const char* says) {
  const auto told = [&] {
    tell_crashes(tell_it);
    die();
  };
  if (kSanitized) {
    EXPECT_DEATH(told(), says);  // reported by the sanitizer, which exits in its own way
  } else {
    EXPECT_EXIT(told(), testing::KilledBySignal(signal), says);
  }
}

TEST(CrashSignalsDeathTest, AFaultIsToldAndEndsTheProcess) {
  expect_end([] { write_to(16); }, SIGSEGV, "told of SIGSEGV, somewhere");
}

TEST(CrashSignalsDeathTest, SoIsAnAbort) {
  expect_end([] { std::abort(); }, SIGABRT, "told of SIGABRT, nowhere");
}

TEST(CrashSignalsDeathTest, SoIsASignalFromOutside) {
  expect_end([] { (void)::raise(SIGFPE); }, SIGFPE, "told of SIGFPE, nowhere");
}

TEST(CrashSignalsDeathTest, TheProgramsOwnHandlerComesAfterThat) {
  const auto die = [] {
    struct sigaction own {};
    own.sa_sigaction = [](int, siginfo_t* info, void*) {
      CrashText text;
      text.text("the program sees ").number(reinterpret_cast<std::uintptr_t>(info->si_addr));
      text.flush();
      ::_exit(7);
    };
    own.sa_flags = SA_SIGINFO;
    (void)::sigaction(SIGSEGV, &own, nullptr);
    tell_crashes(tell_it);
    write_to(16);
  };
  EXPECT_EXIT(die(), testing::ExitedWithCode(7), "told of SIGSEGV.*\n?.*the program sees 16");
}

TEST(CrashSignalsDeathTest, SeveralMayTellIt) {
  const auto die = [] {
    tell_crashes(tell_it);
    tell_crashes([](const Crash&) { CrashText().text("and told again\n"); });
    tell_crashes(tell_it);
    std::abort();
  };
  EXPECT_DEATH(die(), "told of SIGABRT, nowhere.*\n?.*and told again");
}

TEST(CrashSignalsDeathTest, NobodyIsLeftOutInSilence) {
  const auto die = [] {
    tell_crashes([](const Crash&) { CrashText().text("1"); });
    tell_crashes([](const Crash&) { CrashText().text("2"); });
    tell_crashes([](const Crash&) { CrashText().text("3"); });
    tell_crashes([](const Crash&) { CrashText().text("4"); });
    tell_crashes([](const Crash&) { CrashText().text("5"); });
  };
  EXPECT_DEATH(die(), "there is room for who tells crashes");
}

// Like programs that use page faults for their own purposes.
TEST(CrashSignalsDeathTest, AHandlerThatMendsWhatFailedGoesOnMending) {
  const auto live = [] {
    static volatile std::sig_atomic_t mended = 0;
    (void)std::signal(SIGFPE, [](int) { mended = mended + 1; });
    tell_crashes(tell_it);
    (void)::raise(SIGFPE);
    (void)::raise(SIGFPE);
    ::_exit(mended == 2 ? 0 : 1);
  };
  EXPECT_EXIT(live(), testing::ExitedWithCode(0), "");
}

TEST(CrashSignalsDeathTest, NamesCannotForgeLines) {
  const auto say = [] {
    {
      CrashText text;
      const char name[] = "order\n\x1b[31m7";
      text.name(name, sizeof name - 1).text(", ").number(0).text(", ").number(~std::uint64_t{0});
    }
    ::_exit(0);
  };
  EXPECT_EXIT(say(), testing::ExitedWithCode(0), "order\\?\\?\\[31m7, 0, 18446744073709551615");
}

}  // namespace
}  // namespace reprise::base
