// Activities and steps as workflow code sees them: results, retries, failures, limits.
#include <cmath>
#include <optional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise::activities_test {
namespace {

using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<int(int)> main_workflow{"main"};
constexpr Workflow<std::string(int)> text_workflow{"text"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Activity<void()> nothing{"nothing"};

int call_twice(Context& ctx, int value) {
  return ctx.call(twice(value));
}

TEST(Activities, ReturnResults) {
  Env env;
  env.implement(main_workflow, call_twice);
  env.stub(twice, [](int value) { return 2 * value; });
  EXPECT_EQ(env.start(main_workflow(4)).result(), 8);
}

TEST(Activities, MayHaveNoArgumentsAndNoResult) {
  Env env;
  env.implement(main_workflow, [](Context& ctx, int value) {
    ctx.call(nothing());
    auto pending = ctx.start(nothing());
    pending.get();
    return value;
  });
  env.stub(nothing, [] {});
  EXPECT_EQ(env.start(main_workflow(4)).result(), 4);
  EXPECT_EQ(env.calls(nothing), 2);
}

TEST(Activities, AreRetriedAsThePolicySays) {
  Env env;
  env.implement(main_workflow, [](Context& ctx, int value) {
    return ctx.call(twice(value), {.retry = {.initial_interval = 1s, .backoff_coefficient = 3}});
  });
  int attempts = 0;
  env.stub(twice, [&](int value) {
    if (++attempts < 4) throw std::runtime_error("not yet");
    return 2 * value;
  });
  const auto before = env.now();
  EXPECT_EQ(env.start(main_workflow(4)).result(), 8);
  EXPECT_EQ(env.calls(twice), 4);
  EXPECT_EQ(env.now() - before, 1s + 3s + 9s);
}

TEST(Activities, FailWhenTheirAttemptsAreUsedUp) {
  Env env;
  env.implement(text_workflow, [](Context& ctx, int value) {
    try {
      ctx.call(twice(value), {.retry = {.maximum_attempts = 3}});
    } catch (const ActivityFailure& failure) {
      const auto* cause = failure.cause_as<ApplicationFailure>();
      return std::string(failure.activity()) + " " + std::to_string(failure.attempts()) + " " +
             std::string(cause->type()) + " " + cause->what();
    }
    return std::string("no failure");
  });
  env.stub(twice, [](int) -> int { throw std::out_of_range("too large"); });
  EXPECT_EQ(env.start(text_workflow(4)).result(), "twice 3 std::out_of_range too large");
  EXPECT_EQ(env.calls(twice), 3);
}

TEST(Activities, AreNotRetriedWhenTheFailureSaysSo) {
  Env env;
  env.implement(main_workflow, call_twice);
  env.stub(twice, [](int) -> int { throw ApplicationFailure("Bad", "never", false); });
  EXPECT_THROW(env.start(main_workflow(4)).result(), ActivityFailure);
  EXPECT_EQ(env.calls(twice), 1);
}

TEST(Activities, AreNotRetriedForTypesThatThePolicyNames) {
  Env env;
  env.implement(main_workflow, [](Context& ctx, int value) {
    return ctx.call(twice(value), {.retry = {.non_retryable = {"Bad"}}});
  });
  env.stub(twice, [](int) -> int { throw ApplicationFailure("Bad", "never"); });
  EXPECT_THROW(env.start(main_workflow(4)).result(), ActivityFailure);
  EXPECT_EQ(env.calls(twice), 1);
}

TEST(Activities, GiveUpRetriesWhenTheTimeForThemIsOver) {
  Env env;
  env.implement(main_workflow, [](Context& ctx, int value) {
    return ctx.call(twice(value), {.schedule_to_close = 10s, .retry = {.initial_interval = 4s}});
  });
  env.stub(twice, [](int) -> int { throw std::runtime_error("no"); });
  EXPECT_THROW(env.start(main_workflow(4)).result(), ActivityFailure);
  EXPECT_EQ(env.calls(twice), 2);
}

TEST(Activities, TellTimeLimitsByTheirCause) {
  Env env;
  env.implement(text_workflow, [](Context& ctx, int value) -> std::string {
    try {
      ctx.call(twice(value), {.retry = {.maximum_attempts = 1}});
    } catch (const ActivityFailure& failure) {
      const auto* timeout = failure.cause_as<TimeoutFailure>();
      return timeout != nullptr && timeout->kind() == TimeoutKind::kStartToClose ? "timeout"
                                                                                 : "other";
    }
    return "none";
  });
  env.stub(twice, [](int) -> int { throw TimeoutFailure(TimeoutKind::kStartToClose, "slow"); });
  EXPECT_EQ(env.start(text_workflow(4)).result(), "timeout");
}

TEST(Activities, SeeTheirContext) {
  Env env;
  env.implement(text_workflow, [](Context& ctx, int) {
    return std::to_string(ctx.call(twice(1))) + std::to_string(ctx.call(twice(2)));
  });
  std::vector<std::string> keys;
  env.implement(twice, [&](ActivityContext& ctx, int value) {
    keys.emplace_back(ctx.idempotency_key());
    EXPECT_EQ(ctx.activity(), "twice");
    EXPECT_EQ(ctx.workflow_id(), "order-7");
    EXPECT_FALSE(ctx.stop_token().stop_requested());
    if (ctx.attempt() == 1) throw std::runtime_error("again");
    return value;
  });
  EXPECT_EQ(env.start(text_workflow(0), {.id = "order-7"}).result(), "12");
  ASSERT_EQ(keys.size(), 4U);
  EXPECT_EQ(keys[0], keys[1]);
  EXPECT_EQ(keys[2], keys[3]);
  EXPECT_NE(keys[0], keys[2]);
}

TEST(Activities, HandProgressToTheNextAttempt) {
  Env env;
  env.implement(main_workflow, call_twice);
  env.implement(twice, [](ActivityContext& ctx, int) {
    const auto done = ctx.heartbeat_details<std::vector<int>>();
    if (!done) {
      ctx.heartbeat(std::vector<int>{1, 2, 3});
      throw std::runtime_error("crash");
    }
    return static_cast<int>(done->size());
  });
  EXPECT_EQ(env.start(main_workflow(0)).result(), 3);
}

TEST(Activities, KeepProgressThroughAPlainHeartbeat) {
  Env env;
  env.implement(main_workflow, call_twice);
  env.implement(twice, [](ActivityContext& ctx, int) {
    if (ctx.attempt() == 3) return ctx.heartbeat_details<int>().value_or(-1);
    if (ctx.attempt() == 1) ctx.heartbeat(7);
    ctx.heartbeat();
    throw std::runtime_error("crash");
  });
  EXPECT_EQ(env.start(main_workflow(0)).result(), 7);
}

TEST(Activities, RefuseAnInputThatDoesNotDecode) {
  constexpr Activity<int(std::string)> same_name{"twice"};
  Env env;
  env.implement(main_workflow, call_twice);
  env.stub(same_name, [](const std::string&) { return 0; });
  try {
    env.start(main_workflow(4)).result();
    FAIL() << "an int is no string";
  } catch (const ActivityFailure& failure) {
    ASSERT_NE(failure.cause_as<ApplicationFailure>(), nullptr);
    EXPECT_EQ(failure.cause_as<ApplicationFailure>()->type(), "RP3001");
  }
  EXPECT_EQ(env.calls(twice), 1);
}

TEST(Activities, WithAResultOfAnotherTypeParkTheRun) {
  constexpr Activity<std::string(int)> same_name{"twice"};
  Env env;
  env.implement(main_workflow, call_twice);
  env.stub(same_name, [](int) { return std::string("eight"); });
  try {
    env.start(main_workflow(4)).result();
    FAIL() << "a string is no int";
  } catch (const ParkedError& error) {
    EXPECT_NE(std::string(error.what()).find("RP3001 the payload is no int"), std::string::npos)
        << error.what();
  }
}

// The error of a call with these options, in workflow code.
template <class Call>
std::string refusal_of(const Call& call) {
  Env env;
  env.stub(twice, [](int value) { return value; });
  env.implement(text_workflow, [&](Context& ctx, int) -> std::string {
    try {
      call(ctx);
    } catch (const InvalidOption& error) {
      return error.what();
    }
    return "(taken)";
  });
  return env.start(text_workflow(1)).result();
}

std::string refusal_by_an_activity(const ActivityOptions& options) {
  return refusal_of([&](Context& ctx) { ctx.call(twice(1), options); });
}

std::string refusal_by_a_step(const StepOptions& options) {
  return refusal_of([&](Context& ctx) {
    ctx.step(
        "weigh\x1b\nFORGED", [] { return 1; }, options);
  });
}

TEST(Activities, RefuseOptionsThatMakeNoSenseByName) {
  const std::pair<ActivityOptions, const char*> refused[] = {
      {{.start_to_close = -5s},
       "RP3010 ActivityOptions::start_to_close of activity 'twice' is -5000 ms; it must be "
       "positive, or 0: no limit"},
      {{.schedule_to_start = -1ms},
       "RP3010 ActivityOptions::schedule_to_start of activity 'twice'"},
      {{.schedule_to_close = -1ms},
       "RP3010 ActivityOptions::schedule_to_close of activity 'twice'"},
      {{.heartbeat = -1ms}, "RP3010 ActivityOptions::heartbeat of activity 'twice' is -1 ms"},
      {{.retry = {.backoff_coefficient = 0.5}},
       "RP3010 ActivityOptions::retry.backoff_coefficient of activity 'twice' is 0.5; it must be "
       "at least 1"},
      {{.retry = {.backoff_coefficient = -1e308}}, "'twice' is -1e+308; it must be at least 1"},
      {{.retry = {.backoff_coefficient = std::nan("")}}, "'twice' is nan; it must be at least 1"},
      {{.retry = {.maximum_attempts = -1}},
       "RP3010 ActivityOptions::retry.maximum_attempts of activity 'twice' is -1; it must be at "
       "least 1, or 0: no limit"},
      {{.retry = {.initial_interval = -1s}},
       "RP3010 ActivityOptions::retry.initial_interval of activity 'twice' is -1000 ms; it must "
       "be 0 or more"},
      {{.retry = {.maximum_interval = -1s}},
       "RP3010 ActivityOptions::retry.maximum_interval of activity 'twice'"},
      {{.task_queue = "\xff"},
       "RP3003 ActivityOptions::task_queue of activity 'twice' is no UTF-8"},
  };
  for (const auto& [options, says] : refused) {
    EXPECT_THAT(refusal_by_an_activity(options), ::testing::HasSubstr(says));
  }
  const std::string long_queue(kMaxIdBytes + 1, 'q');
  EXPECT_THAT(refusal_by_an_activity({.task_queue = long_queue}),
              ::testing::StartsWith(
                  "RP3003 ActivityOptions::task_queue of activity 'twice' has 1001 bytes"));
  EXPECT_EQ(refusal_by_an_activity({}), "(taken)");
}

TEST(Steps, RefuseOptionsThatMakeNoSenseByName) {
  EXPECT_EQ(refusal_by_a_step({.start_to_close = -1ms}),
            "RP3010 StepOptions::start_to_close of step 'weigh\\x1b\\nFORGED' is -1 ms; it must be "
            "positive, or 0: no limit");
  EXPECT_THAT(refusal_by_a_step({.retry = {.maximum_attempts = -2}}),
              ::testing::HasSubstr("StepOptions::retry.maximum_attempts of step 'weigh"));
  EXPECT_EQ(refusal_by_a_step({}), "(taken)");
}

TEST(Activities, RefuseAnInputThatIsTooLarge) {
  constexpr Activity<int(std::string)> measure{"measure"};
  Env env;
  env.implement(text_workflow, [&](Context& ctx, int bytes) -> std::string {
    try {
      return std::to_string(ctx.call(measure(std::string(static_cast<std::size_t>(bytes), 'x'))));
    } catch (const PayloadError& error) {
      return error.what();
    }
  });
  env.stub(measure, [](const std::string& text) { return static_cast<int>(text.size()); });
  EXPECT_EQ(env.start(text_workflow(1'000'000)).result(), "1000000");
  EXPECT_THAT(
      env.start(text_workflow(3'000'000)).result(),
      ::testing::StartsWith("RP3002 the arguments of activity 'measure': 3000006 bytes when "
                            "encoded; the limit is 2097152"));
}

// ---- steps ------------------------------------------------------------------------------------

TEST(Steps, AreRecordedOnce) {
  for (const StepOn where : {StepOn::kActivityThread, StepOn::kShard}) {
    Env env;
    int executed = 0;
    env.implement(main_workflow, [&](Context& ctx, int value) {
      const int stepped = ctx.step("double", [&] { return ++executed, 2 * value; }, {.on = where});
      ctx.sleep(1h);
      return stepped;
    });
    EXPECT_EQ(env.start(main_workflow(4)).result(), 8);
    EXPECT_EQ(executed, 1);
  }
}

TEST(Steps, AreRetried) {
  Env env;
  int executed = 0;
  env.implement(main_workflow, [&](Context& ctx, int value) {
    return ctx.step("flaky", [&] {
      if (++executed < 3) throw std::runtime_error("not yet");
      return value;
    });
  });
  EXPECT_EQ(env.start(main_workflow(4)).result(), 4);
  EXPECT_EQ(executed, 3);
}

TEST(Steps, ThrowWhatTheirClosureThrew) {
  Env env;
  env.implement(text_workflow, [](Context& ctx, int attempts) -> std::string {
    try {
      ctx.step("check", [] { throw ApplicationFailure("OutOfHats", "none left", false); });
    } catch (const ApplicationFailure& failure) {
      EXPECT_EQ(failure.type(), "OutOfHats");
    }
    try {
      ctx.step("range", [] { throw std::out_of_range("far"); },
               {.retry = {.maximum_attempts = attempts}});
    } catch (const ApplicationFailure& failure) {
      return std::string(failure.type());
    }
    return "none";
  });
  EXPECT_EQ(env.start(text_workflow(2)).result(), "std::out_of_range");
}

TEST(Steps, EndInATestEvenIfTheyAlwaysFail) {
  Env env({.last_attempt = 5});
  int executed = 0;
  env.implement(main_workflow, [&](Context& ctx, int) -> int {
    return ctx.step("hopeless",
                    [&]() -> int { throw std::runtime_error(std::to_string(++executed)); });
  });
  EXPECT_THROW(env.start(main_workflow(4)).result(), ApplicationFailure);
  EXPECT_EQ(executed, 5);
}

}  // namespace
}  // namespace reprise::activities_test
