// Mutex and Semaphore.
#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sdk/one_workflow.h"

namespace reprise::sync_test {
namespace {

using namespace std::chrono_literals;
using one_workflow::code_of;
using one_workflow::main_workflow;
using one_workflow::run;
using testing::Env;

TEST(Mutex, IsHeldByOneAtATimeInTheOrderOfAsking) {
  Env env;
  const Time before = env.now();
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Mutex mutex(ctx);
                  std::string seen;
                  int inside = 0;
                  ctx.map({0, 1, 2, 3, 4}, [&](int i) {
                    const std::lock_guard lock(mutex);
                    EXPECT_EQ(++inside, 1);
                    ctx.sleep(1s);
                    --inside;
                    seen += std::to_string(i);
                  });
                  return seen;
                }),
            "01234");
  EXPECT_EQ(env.now() - before, 5s);
}

// One that asks while it is being handed on does not overtake those that wait.
TEST(Mutex, IsFair) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Mutex mutex(ctx);
                  std::string seen;
                  ctx.map({'a', 'b'}, [&](char who) {
                    for (int i = 0; i < 3; ++i) {
                      const std::lock_guard lock(mutex);
                      ctx.sleep(1s);
                      seen += who;
                    }
                  });
                  return seen;
                }),
            "ababab");
}

TEST(Mutex, WaitIsCancelledInEachPlace) {
  for (const int cancelled : {1, 2, 3}) {
    Env env;
    std::string others = "123";
    others.erase(static_cast<std::size_t>(cancelled) - 1, 1);
    const std::string order = run(env, [cancelled](Context& ctx) {
      Mutex mutex(ctx);
      std::string seen;
      CancelScope* scopes[4] = {};
      auto cancelling = ctx.spawn([&] {
        ctx.sleep(30min);
        scopes[cancelled]->cancel();
      });
      ctx.map({0, 1, 2, 3}, [&](int i) {
        CancelScope scope(ctx);
        scopes[i] = &scope;
        try {
          const std::lock_guard lock(mutex);
          ctx.sleep(1h);
          seen += std::to_string(i);
        } catch (const CancelledFailure&) {
          seen += "x";
        }
      });
      return seen;
    });
    EXPECT_EQ(order, "x0" + others);
  }
}

TEST(Mutex, ThatIsFreeIsTakenInACancelledScope) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Mutex mutex(ctx);
                  Semaphore semaphore(ctx, 1);
                  CancelScope scope(ctx);
                  scope.cancel();
                  const std::lock_guard lock(mutex);
                  semaphore.acquire();
                  EXPECT_THROW(semaphore.acquire(), CancelledFailure);
                  return std::string("taken");
                }),
            "taken");
}

TEST(Mutex, ComesBackFromAStrandThatIsStopped) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Mutex mutex(ctx);
                  const auto hold = [&] {
                    const std::lock_guard lock(mutex);
                    ctx.sleep(1h);
                  };
                  std::optional<Pending<void>> holder(ctx.spawn(hold));
                  std::optional<Pending<void>> waiter(ctx.spawn(hold));
                  ctx.sleep(1s);
                  waiter.reset();
                  holder.reset();
                  const std::lock_guard lock(mutex);
                  return std::string("free");
                }),
            "free");
}

TEST(Mutex, RefusesMisuse) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Mutex mutex(ctx);
                  mutex.lock();
                  std::string seen = code_of([&] { mutex.lock(); });
                  seen +=
                      " " + ctx.step("elsewhere", [&] { return code_of([&] { mutex.lock(); }); });
                  mutex.unlock();
                  mutex.lock();
                  return seen;
                }),
            "RP3010 RP2004");
}

// In a destructor, so it is told later.
TEST(Mutex, IsRefusedOnceAStrandHasUnlockedWhatItDidNotHave) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Mutex never_locked(ctx);
                  never_locked.unlock();
                  std::string seen = code_of([&] { never_locked.lock(); });
                  Mutex twice(ctx);
                  {
                    const std::lock_guard lock(twice);
                    twice.unlock();
                  }
                  seen += " " + code_of([&] { twice.lock(); });
                  Mutex moved(ctx);
                  std::unique_lock mine(moved);
                  auto waiting = ctx.spawn([&] { return code_of([&] { moved.lock(); }); });
                  ctx.spawn([lock = std::make_shared<std::unique_lock<Mutex>>(
                                 std::move(mine))]() mutable { lock.reset(); })
                      .get();
                  return seen + " " + waiting.get();
                }),
            "RP3010 RP3010 RP3010");
}

TEST(Semaphore, IsReleasedOnTheRunsStrandsOnly) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Semaphore semaphore(ctx, 0);
                  const auto release = [&] { return code_of([&] { semaphore.release(); }); };
                  std::string seen = ctx.step("elsewhere", release);
                  seen += " " + ctx.side_effect(release);
                  (void)ctx.wait_until(
                      [&] {
                        seen += " " + release();
                        return true;
                      },
                      1s);
                  auto acquiring = ctx.spawn([&] { semaphore.acquire(); });
                  ctx.sleep(1s);
                  EXPECT_FALSE(acquiring.ready());
                  semaphore.release();
                  acquiring.get();
                  return seen;
                }),
            "RP2004 RP2004 RP2004");
}

TEST(Mutex, RefusesQueryHandlersAndConditions) {
  constexpr Query<std::string()> ask{"ask"};
  Env env;
  env.implement(main_workflow, [=](Context& ctx) {
    Mutex mutex(ctx);
    Semaphore semaphore(ctx, 1);
    const auto answering = ctx.answer(ask, [&] {
      return code_of([&] { mutex.lock(); }) + code_of([&] { semaphore.acquire(); });
    });
    std::string in_condition;
    ctx.wait_until([&] {
      in_condition = code_of([&] { mutex.lock(); });
      return true;
    });
    ctx.sleep(1h);
    return in_condition;
  });
  const auto handle = env.start(main_workflow());
  EXPECT_EQ(handle.query(ask()), "RP2004RP2004");
  EXPECT_EQ(handle.result(), "RP2004");
}

TEST(Semaphore, LetsInAsManyAsItHasPermits) {
  for (const std::size_t permits : {1u, 3u, 20u}) {
    Env env;
    EXPECT_EQ(run(env,
                  [permits](Context& ctx) {
                    Semaphore semaphore(ctx, permits);
                    std::size_t inside = 0;
                    std::size_t most = 0;
                    ctx.map(std::vector<int>(20), [&](int) {
                      const std::lock_guard permit(semaphore);
                      most = std::max(most, ++inside);
                      ctx.sleep(1s);
                      --inside;
                    });
                    return std::to_string(most);
                  }),
              std::to_string(permits));
  }
}

TEST(Semaphore, WakesTheOneThatWaitedLongest) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Semaphore semaphore(ctx, 0);
                  std::string seen;
                  std::vector<Pending<void>> strands;
                  for (int i = 0; i < 4; ++i) {
                    strands.push_back(ctx.spawn([&, i] {
                      semaphore.acquire();
                      seen += std::to_string(i);
                    }));
                  }
                  ctx.sleep(1s);
                  strands.erase(strands.begin() + 1);
                  for (int i = 0; i < 3; ++i) {
                    semaphore.release();
                    ctx.sleep(1s);
                    seen += ",";
                  }
                  ctx.all(strands);
                  return seen;
                }),
            "0,2,3,");
}

TEST(Semaphore, GivesAPermitOfACancelledWaitToTheNext) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Semaphore semaphore(ctx, 0);
                  std::string seen;
                  CancelScope* first_scope = nullptr;
                  auto first = ctx.spawn([&] {
                    CancelScope scope(ctx);
                    first_scope = &scope;
                    try {
                      semaphore.acquire();
                      seen += "first";
                    } catch (const CancelledFailure&) {
                      seen += "cancelled ";
                    }
                  });
                  auto second = ctx.spawn([&] {
                    semaphore.acquire();
                    seen += "second";
                  });
                  ctx.sleep(1s);
                  semaphore.release();  // and before it is taken:
                  first_scope->cancel();
                  ctx.all(first, second);
                  return seen;
                }),
            "cancelled second");
}

}  // namespace
}  // namespace reprise::sync_test
