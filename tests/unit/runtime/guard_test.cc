#include "runtime/guard/guard.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/thread_stack.h"
#include "runtime/guard/patched_objects.h"
#include "runtime/guard/system_calls.h"
#include "tests/support/scripted_run.h"

namespace reprise::runtime::guard_test {
namespace {

using replay::TurnEnd;
using testing::call;
using testing::ScriptedRun;
using testing::signal;

[[gnu::noinline]] std::time_t read_the_clock() {
  const std::time_t now = std::time(nullptr);
  asm volatile("" ::: "memory");  // no tail call: this function is to be on the stack
  return now;
}

class GuardTest : public ::testing::Test {
 protected:
  void make(GuardMode mode = GuardMode::kPark, GuardNets nets = {}) {
    guard_ = std::make_unique<Guard>(
        mode, [this](LogLevel, std::string_view line) { log_.emplace_back(line); }, nets);
    log_.clear();  // calls that it cannot catch here are not tested
  }
  std::unique_ptr<ScriptedRun> run(std::function<void(testing::Execution&)> body) {
    return std::make_unique<ScriptedRun>(
        [body = std::move(body)](testing::Execution& execution) {
          body(execution);
          return testing::Outcome::success("done");
        },
        replay::ExecutionOptions{.guard = guard_.get()});
  }
  // How a run of that code ends its first turn.
  TurnEnd outcome(const std::function<void()>& code) {
    auto made = run([&](testing::Execution&) { code(); });
    const TurnEnd end = made->start();
    report_ = end == TurnEnd::kParked ? made->execution().trouble().report : "";
    return end;
  }
  static bool has_system_calls() { return guard::prepare_dispatch().empty(); }

  std::vector<std::string> log_;
  std::string report_;
  std::unique_ptr<Guard> guard_;  // first to go: it writes a last line
};

TEST_F(GuardTest, LeavesCleanCodeAlone) {
  make();
  EXPECT_EQ(outcome([] {
              std::vector<std::string> words;
              for (int i = 0; i < 100'000; ++i) words.push_back(std::string(100, 'x'));
              try {
                throw std::runtime_error("caught");
              } catch (const std::exception&) {
              }
            }),
            TurnEnd::kClosed);
  EXPECT_TRUE(log_.empty());
}

TEST_F(GuardTest, ParksARunAndSaysWhatWhereAndWhatInstead) {
  make();
  auto made = run([](testing::Execution&) { (void)read_the_clock(); });
  ASSERT_EQ(made->start(), TurnEnd::kParked);
  EXPECT_EQ(made->execution().trouble().code, base::ErrorCode::kForbiddenCall);
  const std::string& report = made->execution().trouble().report;
  EXPECT_NE(report.find("workflow 'test', run run-1"), std::string::npos) << report;
  EXPECT_NE(report.find("called     time\n"), std::string::npos) << report;
  EXPECT_NE(report.find("by         "), std::string::npos) << report;
  EXPECT_NE(report.find("guard"), std::string::npos) << report;  // of this program or this file
  EXPECT_NE(report.find("instead    ctx.now()"), std::string::npos) << report;
  EXPECT_TRUE(made->history().empty()) << "the turn is not recorded";
}

TEST_F(GuardTest, ReportsEachPlaceOnceAndGoesOn) {
  make(GuardMode::kReport);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(outcome([] {
                (void)read_the_clock();
                (void)read_the_clock();
              }),
              TurnEnd::kClosed);
  }
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_NE(log_[0].find("RP2008 "), std::string::npos) << log_[0];
  guard_.reset();
  ASSERT_EQ(log_.size(), 2u);
  EXPECT_NE(log_[1].find("made 6 calls"), std::string::npos) << log_[1];
}

TEST_F(GuardTest, CountsCallsOfALoopAsOneFind) {
  make();
  EXPECT_EQ(outcome([] {
              for (int i = 0; i < 1'000; ++i) (void)read_the_clock();
            }),
            TurnEnd::kParked);
  EXPECT_NE(report_.find("time, 1000 times in this turn"), std::string::npos) << report_;
}

TEST_F(GuardTest, DoesNotParkWhatIsRecordedAlready) {
  make();
  auto made = run([](testing::Execution& execution) { call(execution, "a"); });
  ASSERT_EQ(made->start(), TurnEnd::kBlocked);
  made->change_code([](testing::Execution& execution) {
    (void)read_the_clock();
    return testing::Outcome::success(call(execution, "a"));
  });
  EXPECT_EQ(made->replay(), TurnEnd::kBlocked);
  EXPECT_EQ(log_.size(), 1u) << "but it says so";
}

TEST_F(GuardTest, KeepsTheInputsOfATurnThatItDoesNotLetEnd) {
  make();
  ScriptedRun made(
      [](testing::Execution&) {
        (void)read_the_clock();
        return testing::Outcome::success("done");
      },
      {.guard = guard_.get()});
  proto::Turn turn;
  *turn.add_inputs() = testing::started();
  *turn.add_inputs() = signal("late");
  EXPECT_EQ(made.execution().run_turn(&turn), TurnEnd::kParked);
  EXPECT_EQ(turn.inputs_size(), 2) << "the signal is not lost with the end that is not recorded";
}

TEST_F(GuardTest, LooksAtEveryTurnAndStrand) {
  make();
  auto made = run([](testing::Execution& execution) {
    auto spawned = execution.spawn([&] {
      call(execution, "a");
      (void)read_the_clock();
    });
    execution.wait(*spawned);
  });
  EXPECT_EQ(made->start(), TurnEnd::kBlocked);
  EXPECT_EQ(made->turn({testing::activity_completed(1)}), TurnEnd::kParked);
}

TEST_F(GuardTest, LeavesASideEffectAlone) {
  make();
  auto made = run([](testing::Execution& execution) {
    execution.side_effect([] { return std::to_string(read_the_clock()); }, testing::at(1));
  });
  EXPECT_EQ(made->start(), TurnEnd::kClosed);
  made = run([](testing::Execution& execution) {
    execution.side_effect([] { return std::string(); }, testing::at(1));
    (void)read_the_clock();
  });
  EXPECT_EQ(made->start(), TurnEnd::kParked) << "what follows is watched again";
}

TEST_F(GuardTest, LeavesQueriesAlone) {
  make();
  auto made = run([](testing::Execution& execution) {
    execution.answer("time", [](std::string_view) -> base::Result<std::string> {
      return std::to_string(read_the_clock());
    });
    call(execution, "a");
  });
  ASSERT_EQ(made->start(), TurnEnd::kBlocked);
  EXPECT_TRUE(made->execution().query("time", ""));
  EXPECT_EQ(made->turn({testing::activity_completed(1)}), TurnEnd::kClosed);
}

TEST_F(GuardTest, LeavesCodeAloneThatRunsBecauseTheRunLeavesMemory) {
  struct AtEnd {
    ~AtEnd() { (void)read_the_clock(); }
  };
  make();
  auto made = run([](testing::Execution& execution) {
    const AtEnd at_end;
    call(execution, "a");
  });
  ASSERT_EQ(made->start(), TurnEnd::kBlocked);
  made->drop();
  EXPECT_EQ(outcome([] {}), TurnEnd::kClosed) << "nor is it blamed on the next turn";
}

TEST_F(GuardTest, WhatAStrandHasSwitchedOffIsItsOwn) {
  make();
  auto made = run([](testing::Execution& execution) {
    const bool before = guard::watch_this_thread(false);
    call(execution, "a");
    (void)read_the_clock();  // allowed, also after waiting
    (void)guard::watch_this_thread(before);
  });
  ASSERT_EQ(made->start(), TurnEnd::kBlocked);
  EXPECT_EQ(outcome([] { (void)read_the_clock(); }), TurnEnd::kParked) << "another run is watched";
  EXPECT_EQ(made->turn({testing::activity_completed(1)}), TurnEnd::kClosed);
}

TEST_F(GuardTest, TellsALockThatIsTakenFromOneThatIsFree) {
  make();
  std::mutex free;
  EXPECT_EQ(outcome([&] { const std::lock_guard lock(free); }), TurnEnd::kClosed);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_t taken;
  pthread_mutex_init(&taken, &attributes);
  ASSERT_EQ(pthread_mutex_lock(&taken), 0);
  EXPECT_EQ(outcome([&] { EXPECT_EQ(pthread_mutex_lock(&taken), EDEADLK); }), TurnEnd::kParked);
  EXPECT_NE(report_.find("pthread_mutex_lock"), std::string::npos) << report_;
  pthread_mutex_unlock(&taken);
  pthread_mutex_destroy(&taken);
}

TEST_F(GuardTest, OtherThreadsAreNotWatched) {
  make();
  std::atomic<bool> go{false};
  std::thread other([&] {
    while (!go) std::this_thread::yield();
    for (int i = 0; i < 1'000; ++i) (void)read_the_clock();
    go = false;
  });
  EXPECT_EQ(outcome([&] {
              go = true;
              while (go) {
              }
            }),
            TurnEnd::kClosed);
  other.join();
}

TEST_F(GuardTest, WithoutItNothingIsRecorded) {
  ScriptedRun made([](testing::Execution&) {
    (void)read_the_clock();
    return testing::Outcome::success("done");
  });
  EXPECT_EQ(made.start(), TurnEnd::kClosed);
}

TEST_F(GuardTest, PatchesTheProgramOnce) {
  const std::size_t patched = guard::patch_loaded_objects();
  EXPECT_GT(patched, 0u);
  EXPECT_EQ(guard::patch_loaded_objects(), patched);
}

// ---- system calls -----------------------------------------------------------------------------

class SystemCallGuardTest : public GuardTest {
 protected:
  void SetUp() override {
    if (!has_system_calls()) GTEST_SKIP() << guard::prepare_dispatch();
    make(GuardMode::kPark, {.symbols = false});
  }
};

// Like code built to run without a library.
long system_call(long number, long a = 0, long b = 0, long c = 0) {
  long result = 0;
#if defined(__x86_64__)
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c)
               : "rcx", "r11", "memory");
#else
  result = ::syscall(number, a, b, c);
#endif
  return result;
}

TEST_F(SystemCallGuardTest, CatchesACallAndHasItDone) {
  long parent = 0;
  EXPECT_EQ(outcome([&] { parent = system_call(SYS_getppid); }), TurnEnd::kParked);
  EXPECT_EQ(parent, ::getppid());
  EXPECT_NE(report_.find("getppid (system call)"), std::string::npos) << report_;
}

TEST_F(SystemCallGuardTest, GivesTheCallsOwnResultsAndErrors) {
  int bad = 0;
  int good = 0;
  char text[4] = "";
  EXPECT_EQ(outcome([&] {
              int ends[2];
              bad = ::close(-1) == -1 ? errno : 0;
              if (::pipe(ends) == 0 && ::write(ends[1], "abc", 3) == 3) {
                good = static_cast<int>(::read(ends[0], text, 3));
              }
              ::close(ends[0]);
              ::close(ends[1]);
            }),
            TurnEnd::kParked);
  EXPECT_EQ(bad, EBADF);
  EXPECT_EQ(good, 3);
  EXPECT_STREQ(text, "abc");
}

TEST_F(SystemCallGuardTest, AChildProcessAndAThreadComeOutWhole) {
  int status = -1;
  EXPECT_EQ(outcome([&] {
              const pid_t child = ::fork();
              if (child == 0) ::_exit(7);
              ::waitpid(child, &status, 0);
            }),
            TurnEnd::kParked);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  int made = 0;
  EXPECT_EQ(outcome([&] { std::thread([&] { made = 1; }).join(); }), TurnEnd::kParked);
  EXPECT_EQ(made, 1);
  status = -1;
  EXPECT_EQ(outcome([&] { status = std::system("exit 3"); }), TurnEnd::kParked);
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

std::atomic<int> handled{0};

TEST_F(SystemCallGuardTest, SignalHandlersWorkAndAreNotTheRunsCode) {
  struct sigaction action {};
  struct sigaction before {};
  handled = 0;
  action.sa_handler = [](int) { handled += ::getppid() > 0 ? 1 : 0; };
  sigfillset(&action.sa_mask);  // SIGSYS among them
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  make();  // it mends the mask of the handler that is there
  std::atomic<int> phase{0};
  const pthread_t self = ::pthread_self();
  std::thread other([&] {
    while (phase != 1) {
    }
    ::pthread_kill(self, SIGUSR1);
  });
  EXPECT_EQ(outcome([&] {
              phase = 1;
              while (handled == 0) {
              }
            }),
            TurnEnd::kClosed)
      << report_;
  other.join();
  EXPECT_EQ(handled, 1);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(SystemCallGuardTest, TheWatchdogCanInterrupt) {
  make();
  std::atomic<int> phase{0};
  std::optional<std::vector<void*>> frames;
  const pthread_t self = ::pthread_self();
  std::thread other([&] {
    while (phase != 1) {
    }
    frames = base::interrupt(
        self, [] {}, base::Duration(60'000));
    phase = 2;
  });
  EXPECT_EQ(outcome([&] {
              phase = 1;
              while (phase != 2) {
              }
            }),
            TurnEnd::kClosed)
      << report_;
  other.join();
  ASSERT_TRUE(frames);
  EXPECT_GT(frames->size(), 3u);
}

TEST_F(SystemCallGuardTest, BlockingItsSignalDoesNotEndTheProcess) {
  make();
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &all, &before), 0);
  EXPECT_EQ(outcome([] { system_call(SYS_getppid); }), TurnEnd::kParked);
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_EQ(outcome([&] {
              sigset_t old;
              ::sigprocmask(SIG_SETMASK, &all, &old);
              system_call(SYS_getppid);
              ::sigprocmask(SIG_SETMASK, &old, nullptr);
            }),
            TurnEnd::kParked);
}

TEST_F(SystemCallGuardTest, MemoryManagementIsNoFind) {
  EXPECT_EQ(outcome([] {
              for (std::size_t size = 1; size < (std::size_t{64} << 20); size *= 3) {
                std::vector<char> much(size, 'x');
                much.resize(2 * size);
              }
            }),
            TurnEnd::kClosed)
      << report_;
}

// On a thread of its own, malloc works in another arena, and free() looks into /proc.
TEST_F(SystemCallGuardTest, MemoryManagementOfAnotherThreadIsNoFind) {
  std::thread([&] {
    EXPECT_EQ(outcome([] {
                std::vector<std::vector<char>> blocks;
                for (int i = 0; i < 2'000; ++i) blocks.emplace_back(50'000, 'x');
                while (!blocks.empty()) blocks.pop_back();
              }),
              TurnEnd::kClosed)
        << report_;
  }).join();
}

}  // namespace
}  // namespace reprise::runtime::guard_test
