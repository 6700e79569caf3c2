// Saga: what is undone, when, in which order, and what then goes on.
#include <memory>
#include <optional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::saga_test {
namespace {

using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Activity<void(int)> book{"book"};
constexpr Activity<void(int)> give_back{"give_back"};

// What the activities did.
struct Services {
  explicit Services(Env& env) {
    env.stub(book, [this](int leg) {
      if (leg < 0) throw ApplicationFailure("Full", "no seats", false);
      done += "+" + std::to_string(leg);
    });
    env.stub(give_back, [this](int leg) {
      if (leg >= 90) throw ApplicationFailure("Stuck", "leg " + std::to_string(leg), false);
      done += "-" + std::to_string(leg);
    });
  }
  std::string done{};
};

void travel(Context& ctx, Saga& saga, const std::vector<int>& legs) {
  for (const int leg : legs) {
    ctx.call(book(leg));
    saga.undo_with([&ctx, leg] { ctx.call(give_back(leg)); });
  }
}

template <class Fn>
std::string run(Env& env, Fn fn) {
  env.implement(main_workflow, fn);
  try {
    return env.start(main_workflow()).result();
  } catch (const ApplicationFailure& failure) {
    return std::string(failure.type()) + ": " + failure.what();
  } catch (const Failure& failure) {
    return failure.what();
  }
}

TEST(Saga, ReturnsWhatItsFunctionReturns) {
  Env env;
  Services services(env);
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Saga saga(ctx);
                  saga.run([] {});
                  const auto made = saga.run([&] {
                    travel(ctx, saga, {1, 2});
                    return std::make_unique<int>(7);
                  });
                  return std::to_string(*made);
                }),
            "7");
  EXPECT_EQ(services.done, "+1+2");
}

TEST(Saga, UndoesInReverseOrderAtEachPlace) {
  const std::pair<std::vector<int>, std::string> cases[] = {
      {{-1}, ""}, {{1, -1}, "+1-1"}, {{1, 2, -1}, "+1+2-2-1"}, {{1, 2, 3, -1}, "+1+2+3-3-2-1"}};
  for (const auto& [legs, done] : cases) {
    Env env;
    Services services(env);
    EXPECT_EQ(run(env,
                  [legs = legs](Context& ctx) -> std::string {
                    Saga saga(ctx);
                    saga.run([&] { travel(ctx, saga, legs); });
                    return "travelled";
                  }),
              "'book' failed after 1 attempt: no seats");
    EXPECT_EQ(services.done, done);
  }
}

TEST(Saga, UndoesForAFailureOfAnyClassAndThrowsThatOne) {
  struct OwnFailure : Failure {
    using Failure::Failure;
    int number = 42;
  };
  Env env;
  Services services(env);
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  Saga saga(ctx);
                  try {
                    saga.run([&] {
                      travel(ctx, saga, {1});
                      throw OwnFailure("mine");
                    });
                  } catch (const OwnFailure& failure) {
                    return std::to_string(failure.number);
                  }
                  return "none";
                }),
            "42");
  EXPECT_EQ(services.done, "+1-1");
}

TEST(Saga, UndoesACancelledRunShielded) {
  Env env;
  Services services(env);
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    Saga saga(ctx);
    saga.run([&] {
      travel(ctx, saga, {1, 2});
      ctx.sleep(24h);
    });
    return "travelled";
  });
  const auto handle = env.start(main_workflow());
  env.skip(1h);
  handle.cancel("stays at home");
  EXPECT_THROW(handle.result(), CancelledFailure);
  EXPECT_EQ(handle.describe().status, RunStatus::kCancelled);
  EXPECT_EQ(services.done, "+1+2-2-1");
}

TEST(Saga, IsNotDisturbedByACancellationWhileItUndoes) {
  Env env;
  Services services(env);
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    Saga saga(ctx);
    saga.run([&] {
      travel(ctx, saga, {1});
      saga.undo_with([&ctx] { ctx.sleep(10h); });
      throw ApplicationFailure("No", "way", false);
    });
    return "travelled";
  });
  const auto handle = env.start(main_workflow());
  env.skip(1h);
  handle.cancel("stays at home");
  EXPECT_THROW(handle.result(), ApplicationFailure);
  EXPECT_EQ(services.done, "+1-1");
}

TEST(Saga, UndoesAtOnceIfAsked) {
  Env env;
  Services services(env);
  const Time before = env.now();
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  Saga saga(ctx, {.parallel = true});
                  saga.run([&] {
                    for (const int leg : {1, 2, 3}) {
                      saga.undo_with([&ctx, leg] {
                        ctx.sleep(1h);
                        ctx.call(give_back(leg));
                      });
                    }
                    throw ApplicationFailure("No", "way", false);
                  });
                  return "travelled";
                }),
            "No: way");
  EXPECT_EQ(services.done, "-3-2-1");
  EXPECT_EQ(env.now() - before, 1h);
}

// What the workflow sees of it, as text.
std::string seen(const SagaFailure& failure) {
  std::string text = failure.cause().what();
  for (const auto& compensation : failure.compensations()) {
    const auto& activity = dynamic_cast<const ActivityFailure&>(*compensation);
    text += "; " + std::string(activity.cause()->what());
  }
  return text;
}

std::string undone_badly(Context& ctx, const SagaOptions& options) {
  Saga saga(ctx, options);
  try {
    saga.run([&] { travel(ctx, saga, {1, 91, 2, 92, 3, -1}); });
  } catch (const SagaFailure& failure) {
    const SagaFailure copy = failure;
    return seen(copy);
  }
  return "undone";
}

TEST(Saga, CollectsWhatCompensationsThrow) {
  const auto check = [](const SagaOptions& options, const std::string& text,
                        const std::string& done) {
    Env env;
    Services services(env);
    EXPECT_EQ(run(env, [options](Context& ctx) { return undone_badly(ctx, options); }),
              "'book' failed after 1 attempt: no seats; leg " + text);
    EXPECT_EQ(services.done, "+1+91+2+92+3" + done);
  };
  check({}, "92; leg 91", "-3-2-1");
  check({.parallel = true}, "92; leg 91", "-3-2-1");
  check({.go_on_after_failed_compensation = false}, "92", "-3");
  check({.parallel = true, .go_on_after_failed_compensation = false}, "92; leg 91", "-3-2-1");
}

TEST(SagaFailure, IsAnApplicationFailureForClients) {
  Env env;
  Services services(env);
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  Saga saga(ctx);
                  saga.run([&] { travel(ctx, saga, {1, 91, -1}); });
                  return "travelled";
                }),
            "reprise::SagaFailure: 'book' failed after 1 attempt: no seats; not everything was "
            "undone; 'give_back' failed after 1 attempt: leg 91");
}

TEST(Saga, ForgetsWhatHasSucceeded) {
  Env env;
  Services services(env);
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  Saga saga(ctx);
                  saga.run([&] { travel(ctx, saga, {1}); });
                  saga.run([&] { travel(ctx, saga, {2, -1}); });
                  return "travelled";
                }),
            "'book' failed after 1 attempt: no seats");
  EXPECT_EQ(services.done, "+1+2-2");
}

TEST(Saga, CanBeRunAgainAfterAFailure) {
  Env env;
  Services services(env);
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  Saga saga(ctx);
                  for (const int first : {1, 2}) {
                    try {
                      saga.run([&] { travel(ctx, saga, {first, -1}); });
                    } catch (const ActivityFailure&) {
                    }
                  }
                  return "tried twice";
                }),
            "tried twice");
  EXPECT_EQ(services.done, "+1-1+2-2");
}

TEST(Saga, NestsInItself) {
  for (const bool outer_fails : {false, true}) {
    Env env;
    Services services(env);
    run(env, [outer_fails](Context& ctx) -> std::string {
      Saga saga(ctx);
      saga.run([&] {
        travel(ctx, saga, {1});
        saga.run([&] { travel(ctx, saga, {2}); });
        try {
          saga.run([&] { travel(ctx, saga, {3, -1}); });
        } catch (const ActivityFailure&) {
        }
        travel(ctx, saga, {4});
        if (outer_fails) throw ApplicationFailure("No", "way", false);
      });
      return "travelled";
    });
    EXPECT_EQ(services.done, outer_fails ? "+1+2+3-3+4-4-2-1" : "+1+2+3-3+4");
  }
}

TEST(Saga, UndoesWhatStrandsHaveDone) {
  Env env;
  Services services(env);
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  Saga saga(ctx);
                  saga.run([&] {
                    ctx.map({1, 2, 3, -1}, [&](int leg) {
                      ctx.sleep(std::chrono::seconds(10 - leg));
                      travel(ctx, saga, {leg});
                    });
                  });
                  return "travelled";
                }),
            "'book' failed after 1 attempt: no seats");
  EXPECT_EQ(services.done, "+3+2+1-1-2-3");
}

TEST(Saga, UndoesWhatACompensationHasDone) {
  for (const bool parallel : {false, true}) {
    Env env;
    Services services(env);
    run(env, [parallel](Context& ctx) -> std::string {
      Saga saga(ctx, {.parallel = parallel});
      saga.run([&] {
        saga.undo_with([&ctx, &saga] { travel(ctx, saga, {5}); });
        throw ApplicationFailure("No", "way", false);
      });
      return "travelled";
    });
    EXPECT_EQ(services.done, "+5-5");
  }
}

TEST(Saga, LeavesBugsAlone) {
  Env env;
  Services services(env);
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    Saga saga(ctx);
    saga.run([&] {
      travel(ctx, saga, {1});
      throw std::logic_error("a bug");
    });
    return "travelled";
  });
  EXPECT_THROW(env.start(main_workflow()).result(), ParkedError);
  EXPECT_EQ(services.done, "+1");
}

TEST(Saga, DoesNotUndoWhatIsUnwound) {
  Env env;
  Services services(env);
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  std::optional<Pending<void>> strand(ctx.spawn([&ctx] {
                    Saga saga(ctx);
                    saga.run([&] {
                      travel(ctx, saga, {1});
                      ctx.sleep(10h);
                    });
                  }));
                  ctx.sleep(1h);
                  strand.reset();
                  ctx.sleep(1h);
                  return std::string("dropped");
                }),
            "dropped");
  EXPECT_EQ(services.done, "+1");
}

TEST(Saga, RefusesMisuse) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  const auto code_of = [](auto fn) -> std::string {
                    try {
                      fn();
                    } catch (const UsageError& error) {
                      return std::string(error.code()) + " ";
                    }
                    return "no error ";
                  };
                  Saga saga(ctx);
                  std::string codes = code_of([&] { saga.undo_with([] {}); });
                  saga.run([&] {
                    codes += code_of([&] { saga.undo_with(nullptr); });
                    codes += ctx.spawn([&] { return code_of([&] { saga.run([] {}); }); }).get();
                  });
                  codes += ctx.step("elsewhere", [&] { return code_of([&] { saga.run([] {}); }); });
                  return codes;
                }),
            "RP3010 RP3010 RP3010 RP2004 ");
}

}  // namespace
}  // namespace reprise::saga_test
