// Every kind of wait, for every kind of operation, meets every source of cancellation: the wait
// throws, whatever the cancellation itself completes. Only operations that were complete before it
// count.
#include <optional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/env_modes.h"

namespace reprise::cancelled_waits {
namespace {

using namespace std::chrono_literals;
using testing::Crash;
using testing::Order;

enum What { kActivity, kTimer, kSignal, kStep, kSpawn, kStubborn, kShielded, kWhats };
enum How {
  kGet,
  kFirst,
  kLast,
  kFirstOfMany,
  kAll,
  kCondition,
  kReady,
  kConditionForAWhile,
  kReadyForAWhile,
  kNext,
  kHows
};
enum Source {
  kRunCancel,       // the scope is the run's
  kRunAroundScope,  // the run is cancelled, and the wait is in a scope of it
  kSameStrand,      // before the wait
  kOtherStrand,     // when a signal comes
  kOtherAtOnce,     // in the turn in which the wait begins
  kUpdateHandler,
  kScopeAround,
  kSources
};

constexpr Workflow<std::string(int, int, int)> waiting{"waiting"};
constexpr Activity<int(int)> failing{"failing"};
constexpr Signal<int> unsent{"unsent"};
constexpr Signal<int> cut{"cut"};
constexpr Update<int()> stop{"stop"};

const RetryPolicy kTomorrow{.initial_interval = 24h, .maximum_interval = 24h};

// Begins something that completes by itself tomorrow at the earliest, and passes it on.
template <class Use>
void with_pending(Context& ctx, What what, Use use) {
  switch (what) {
    case kActivity:
      return use(ctx.start(failing(1), {.retry = kTomorrow}));
    case kTimer:
      return use(ctx.timer(24h));
    case kSignal:
      return use(ctx.inbox(unsent).next());
    case kStep:
      return use(ctx.spawn([&ctx] {
        return ctx.step("s", []() -> int { throw std::runtime_error("no"); }, {.retry = kTomorrow});
      }));
    case kSpawn:
      return use(ctx.spawn([&ctx] { ctx.sleep(24h); }));
    case kStubborn:  // ends well because of the cancellation
      return use(ctx.spawn([&ctx] {
        try {
          ctx.sleep(24h);
        } catch (const CancelledFailure&) {
        }
        return 1;
      }));
    case kShielded:
      return use(ctx.spawn([&ctx] {
        const Shield shield(ctx);
        ctx.sleep(24h);
      }));
    case kWhats:
      break;
  }
}

template <class P>
void wait_for(Context& ctx, How how, P pending) {
  auto other = ctx.inbox(unsent).next();
  std::vector<P> many;
  switch (how) {
    case kGet:
      return (void)pending.get();
    case kFirst:
      return (void)ctx.first_of(pending, other);
    case kLast:
      return (void)ctx.first_of(other, pending);
    case kFirstOfMany:
      many.push_back(std::move(pending));
      return (void)ctx.first_of(many);
    case kAll:
      many.push_back(std::move(pending));
      return (void)ctx.all(many);
    case kCondition:
      return ctx.wait_until([] { return false; });
    case kReady:
      return ctx.wait_until([&] { return pending.ready(); });
    case kConditionForAWhile:
      return (void)ctx.wait_until([] { return false; }, 24h);
    case kReadyForAWhile:
      return (void)ctx.wait_until([&] { return pending.ready(); }, 24h);
    case kNext:
      return (void)other.get();
    case kHows:
      break;
  }
}

// In a scope that is cancelled from there.
template <class Body>
void in_cancelled_scope(Context& ctx, Source source, Body body) {
  if (source == kRunCancel) return body([] {});
  CancelScope outer(ctx);
  std::optional<CancelScope> inner;
  if (source == kScopeAround || source == kRunAroundScope) inner.emplace(ctx);
  auto accepting = ctx.accept(stop, [&] {
    outer.cancel();
    return 1;
  });
  const auto other = ctx.spawn([&] {
    const Shield shield(ctx);
    if (source != kOtherAtOnce) ctx.inbox(cut).next().get();
    outer.cancel();
  });
  body([&] {
    if (source == kSameStrand) outer.cancel();
  });
}

std::string run_waiting(Context& ctx, int what, int how, int source) {
  try {
    in_cancelled_scope(ctx, static_cast<Source>(source), [&](auto ready_to_wait) {
      with_pending(ctx, static_cast<What>(what), [&](auto pending) {
        ready_to_wait();
        wait_for(ctx, static_cast<How>(how), std::move(pending));
      });
    });
  } catch (const CancelledFailure&) {
    return "cancelled";
  }
  return "went on";
}

void cancel_from(Source source, const Handle<std::string>& run) {
  switch (source) {
    case kRunCancel:
    case kRunAroundScope:
      return run.cancel();
    case kOtherStrand:
    case kScopeAround:
      return run.signal(cut(1));
    case kUpdateHandler:
      return (void)run.update(stop());
    case kSameStrand:
    case kOtherAtOnce:
    case kSources:
      break;
  }
}

// A condition that already holds does not wait.
const char* expected(int what, int how, int source) {
  const bool ready_by_then = (what == kActivity || what == kTimer) && source == kSameStrand;
  return ready_by_then && (how == kReady || how == kReadyForAWhile) ? "went on" : "cancelled";
}

class CancelledRuns : public testing::InEveryMode {
 protected:
  // Attempts that were lost with a process are made again after a while.
  void expect_no_time_since(Time before) const {
    if (GetParam().options.crash == Crash::kNever) {
      EXPECT_EQ(env.now(), before);
    }
  }
};

class CancelledWaits : public CancelledRuns {
 protected:
  // The modes with other orders share the combinations among them: all would take minutes.
  bool is_mine(int combination) const {
    if (GetParam().options.order == Order::kUsual) return true;
    constexpr int kShares = 8;
    return static_cast<std::uint64_t>(combination % kShares) == GetParam().options.seed % kShares;
  }
};

TEST_P(CancelledWaits, AllThrow) {
  env.implement(waiting, run_waiting);
  env.stub(failing, [](int) -> int { throw std::runtime_error("no"); });
  int combination = 0;
  for (int what = 0; what < kWhats; ++what) {
    for (int how = 0; how < kHows; ++how) {
      for (int source = 0; source < kSources; ++source) {
        if (!is_mine(++combination)) continue;
        const auto before = env.now();
        const auto run = env.start(waiting(what, how, source));
        cancel_from(static_cast<Source>(source), run);
        EXPECT_EQ(run.result(), expected(what, how, source)) << what << " " << how << " " << source;
        expect_no_time_since(before);
      }
    }
  }
}

// A result from before the cancellation is handed over; one from after it is not. Both waits begin
// in a cancelled scope.
constexpr Workflow<std::string()> late_waiting{"late_waiting"};
constexpr Workflow<std::string()> two_strands{"two_strands"};
constexpr Signal<int> early{"early"};
constexpr Signal<int> late{"late"};
constexpr Signal<int> end{"end"};
constexpr Activity<int(int)> twice{"twice"};

TEST_P(CancelledWaits, HandOutWhatWasCompleteBefore) {
  env.stub(twice, [](int value) { return 2 * value; });
  env.implement(late_waiting, [](Context& ctx) {
    auto activity = ctx.start(twice(1));
    auto timer = ctx.timer(1s);
    auto before = ctx.inbox(early).next();
    auto after = ctx.inbox(late).next();
    auto spawned = ctx.spawn([&ctx] {
      ctx.sleep(1s);
      return 3;
    });
    {
      const Shield shield(ctx);
      ctx.inbox(end).next().get();
    }
    EXPECT_TRUE(ctx.cancelled());
    EXPECT_TRUE(after.ready());
    std::string seen;
    EXPECT_EQ(ctx.first_of(after, before), 1u);
    seen += std::to_string(before.get()) + std::to_string(activity.get());
    timer.get();
    seen += std::to_string(spawned.get());
    try {
      after.get();
      seen += " late";
    } catch (const CancelledFailure&) {
    }
    try {
      (void)ctx.first_of(after);
      seen += " late";
    } catch (const CancelledFailure&) {
    }
    ctx.wait_until([] { return true; });
    EXPECT_TRUE(ctx.wait_until([] { return true; }, 1s));
    const Shield shield(ctx);
    return seen + " then " + std::to_string(after.get());
  });
  const auto run = env.start(late_waiting());
  run.signal(early(1));
  env.skip(1min);
  run.cancel();
  run.signal(late(7));
  run.signal(end(1));
  EXPECT_EQ(run.result(), "123 then 7");
}

// Both strands wait for one signal. The first to wake cancels the scope of the second, which still
// gets the signal because it came before.
TEST_P(CancelledWaits, OfAStrandThatHasNotWokenYet) {
  env.implement(two_strands, [](Context& ctx) {
    auto signal = ctx.inbox(early).next();
    CancelScope scope(ctx);
    auto other = ctx.inbox(late).next();
    const auto canceller = ctx.spawn([&] {
      const Shield shield(ctx);
      (void)ctx.first_of(signal);
      scope.cancel();
    });
    const auto waiter = [&] { return ctx.first_of(other, signal); };
    auto second = ctx.spawn([&] { return waiter(); });
    const Shield shield(ctx);
    return std::to_string(second.get());
  });
  const auto run = env.start(two_strands());
  run.signal(early(1));
  EXPECT_EQ(run.result(), "1");
}

INSTANTIATE_TEST_SUITE_P(Modes,
                         CancelledWaits,
                         ::testing::ValuesIn(testing::all_modes()),
                         testing::name_of);

// ---- steps ------------------------------------------------------------------------------------

class CancelledSteps : public CancelledRuns {};

TEST_P(CancelledSteps, EndWhileTheyWaitForARetry) {
  env.implement(two_strands, [](Context& ctx) -> std::string {
    ctx.step("s", []() -> int { throw std::runtime_error("gone"); }, {.retry = kTomorrow});
    return "went on";
  });
  const auto run = env.start(two_strands());
  const auto before = env.now();
  run.cancel();
  EXPECT_THROW(run.result(), CancelledFailure);
  EXPECT_EQ(run.describe().status, RunStatus::kCancelled);
  expect_no_time_since(before);
}

TEST_P(CancelledSteps, GoOnUnderAShield) {
  env.implement(two_strands, [tries = 0](Context& ctx) mutable {
    const Shield shield(ctx);
    return ctx.step("s",
                    [&] {
                      if (++tries < 3) throw std::runtime_error("gone");
                      return std::string("went on");
                    },
                    {.retry = kTomorrow});
  });
  const auto run = env.start(two_strands());
  run.cancel();
  EXPECT_EQ(run.result(), "went on");
}

TEST_P(CancelledSteps, OfAScopeEndWithIt) {
  env.implement(two_strands, [](Context& ctx) -> std::string {
    CancelScope scope(ctx);
    const auto other = ctx.spawn([&] {
      const Shield shield(ctx);
      ctx.inbox(cut).next().get();
      scope.cancel();
    });
    try {
      ctx.step("s", []() -> int { throw std::runtime_error("gone"); }, {.retry = kTomorrow});
    } catch (const CancelledFailure&) {
      return "cancelled";
    }
    return "went on";
  });
  const auto run = env.start(two_strands());
  const auto before = env.now();
  run.signal(cut(1));
  EXPECT_EQ(run.result(), "cancelled");
  expect_no_time_since(before);
}

// It is cancelled in the very turn that asks for it, and never executed.
TEST_P(CancelledSteps, AreNotBegun) {
  int executed = 0;
  env.implement(two_strands, [&](Context& ctx) -> std::string {
    CancelScope scope(ctx);
    const auto other = ctx.spawn([&] { scope.cancel(); });
    try {
      ctx.step("s", [&] { return ++executed; });
    } catch (const CancelledFailure&) {
      return "cancelled";
    }
    return "went on";
  });
  EXPECT_EQ(env.start(two_strands()).result(), "cancelled");
  EXPECT_EQ(executed, 0);
}

INSTANTIATE_TEST_SUITE_P(Modes,
                         CancelledSteps,
                         ::testing::ValuesIn(testing::all_modes()),
                         testing::name_of);

}  // namespace
}  // namespace reprise::cancelled_waits
