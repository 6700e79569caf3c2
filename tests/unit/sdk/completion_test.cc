// Activities that are completed elsewhere: by a client with the attempt's token.
#include <map>
#include <optional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/env_modes.h"

namespace reprise::completion_test {
namespace {

using namespace std::chrono_literals;
using reprise::testing::Env;
using reprise::testing::EnvOptions;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr Activity<std::string(std::string)> ask{"ask"};
constexpr Activity<void()> wait_for_it{"wait_for_it"};
constexpr Workflow<std::string(ActivityOptions)> asking{"asking"};
constexpr Workflow<std::string()> order{"order"};

std::string run_order(Context& ctx) {
  return ctx.call(ask("refund?"));
}

// A test's order, and the tokens that its attempts were given.
struct Desk {
  explicit Desk(EnvOptions options = {}) : env(std::move(options)) {
    env.implement(order, run_order);
    env.implement_async(
        ask, [this](ActivityContext& ctx, Completion<std::string> completion, std::string) {
          details.push_back(ctx.heartbeat_details<std::string>().value_or(""));
          tokens.push_back(completion.token());
        });
  }
  Client& client() { return env.client(); }
  // With other options for the activity.
  void options(ActivityOptions with) {
    env.implement(order, [with](Context& ctx) { return ctx.call(ask("refund?"), with); });
  }

  std::vector<std::string> tokens;
  std::vector<std::string> details;
  Env env;
};

template <class E, class Call>
std::string refused(Call call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "not refused";
}

TEST(Completion, TheActivityReturnsWhatTheClientSays) {
  Desk desk;
  const auto run = desk.env.start(order());
  ASSERT_THAT(desk.tokens, SizeIs(1));
  const RunDescription waiting = run.describe();
  ASSERT_THAT(waiting.activities, SizeIs(1));
  EXPECT_FALSE(waiting.activities[0].under_way);
  EXPECT_EQ(waiting.activities[0].open_since, desk.env.now());
  EXPECT_FALSE(waiting.activities[0].limit);
  desk.env.skip(24h * 365);
  desk.client().complete<std::string>(desk.tokens[0], "yes");
  EXPECT_EQ(run.result(), "yes");
  EXPECT_THAT(desk.tokens, SizeIs(1));
}

TEST(Completion, AFailureIsRetriedByTheUsualRules) {
  Desk desk;
  const auto run = desk.env.start(order());
  desk.client().fail(desk.tokens[0], ApplicationFailure("Busy", "nobody is there"));
  desk.env.skip(1s);
  ASSERT_THAT(desk.tokens, SizeIs(2));
  EXPECT_NE(desk.tokens[0], desk.tokens[1]);
  EXPECT_THAT(
      refused<CompletionLate>([&] { desk.client().complete<std::string>(desk.tokens[0], "yes"); }),
      HasSubstr("RP3022 attempt 1 of activity 'ask', #1 of run"));
  desk.client().complete<std::string>(desk.tokens[1], "no");
  EXPECT_EQ(run.result(), "no");
}

TEST(Completion, AnActivityThatReturnsNothingIsCompletedWithNothing) {
  Env env;
  std::string token;
  constexpr Workflow<int()> waiting{"waiting"};
  env.implement(waiting, [](Context& ctx) {
    ctx.call(wait_for_it());
    return 1;
  });
  env.implement_async(wait_for_it,
                      [&](ActivityContext&, Completion<void> done) { token = done.token(); });
  const auto run = env.start(waiting());
  env.client().complete(token);
  EXPECT_EQ(run.result(), 1);
}

// The type is not in the token; the code gets what any wrong result gives it.
TEST(Completion, AResultOfAnotherTypeIsMetByTheCode) {
  Desk desk;
  desk.env.implement(order, [](Context& ctx) -> std::string {
    try {
      return ctx.call(ask("refund?"));
    } catch (const PayloadError& error) {
      return std::string(error.code());
    }
  });
  const auto run = desk.env.start(order());
  desk.client().complete(desk.tokens[0], 7);
  EXPECT_EQ(run.result(), "RP3001");
}

TEST(Completion, AResultThatIsTooLargeIsRefused) {
  Desk desk;
  const auto run = desk.env.start(order());
  const std::string large(kMaxPayloadBytes, 'x');
  EXPECT_THAT(refused<PayloadError>([&] { desk.client().complete(desk.tokens[0], large); }),
              HasSubstr("RP3002"));
  EXPECT_THAT(refused<PayloadError>([&] { desk.client().heartbeat(desk.tokens[0], large); }),
              HasSubstr("RP3002"));
  desk.client().complete(desk.tokens[0], std::string(kMaxPayloadBytes - 8, 'x'));
  EXPECT_EQ(run.result().size(), kMaxPayloadBytes - 8);
}

TEST(Completion, AFunctionThatThrowsFailsItsAttempt) {
  Env env;
  std::vector<std::string> tokens;
  env.implement(order, run_order);
  env.implement_async(ask, [&](ActivityContext&, Completion<std::string> done, std::string) {
    tokens.push_back(done.token());
    if (tokens.size() == 1) throw std::runtime_error("no desk");
  });
  const auto run = env.start(order());
  env.skip(1s);
  EXPECT_THAT(refused<CompletionLate>([&] { env.client().complete<std::string>(tokens[0], "x"); }),
              HasSubstr("RP3021"));
  env.client().complete<std::string>(tokens.at(1), "yes");
  EXPECT_EQ(run.result(), "yes");
}

TEST(Completion, MayComeFromTheFunctionItself) {
  Env env;
  env.implement(order, run_order);
  env.implement_async(ask, [&](ActivityContext&, const Completion<std::string>& done, std::string) {
    env.client().complete<std::string>(done.token(), "at once");
    return 5;  // counts for nothing
  });
  EXPECT_EQ(env.start(order()).result(), "at once");
  EXPECT_EQ(env.calls(ask), 1);
}

TEST(Completion, LimitsEndTheAttempt) {
  Desk desk;
  desk.options({.start_to_close = 10min, .retry = {.maximum_attempts = 2}});
  const auto run = desk.env.start(order());
  EXPECT_EQ(run.describe().activities.at(0).limit, desk.env.now() + 10min);
  desk.env.skip(10min + 1s);
  ASSERT_THAT(desk.tokens, SizeIs(2));
  try {
    (void)run.result();
    FAIL();
  } catch (const ActivityFailure& failure) {
    ASSERT_NE(failure.cause_as<TimeoutFailure>(), nullptr);
    EXPECT_EQ(failure.cause_as<TimeoutFailure>()->kind(), TimeoutKind::kStartToClose);
    EXPECT_EQ(failure.attempts(), 2);
  }
}

TEST(Completion, AHeartbeatTellsTheNextAttemptHowFarItCame) {
  Desk desk;
  desk.options({.heartbeat = 1min});
  (void)desk.env.start(order());
  desk.env.skip(50s);
  desk.client().heartbeat<std::string>(desk.tokens[0], "half");
  desk.env.skip(50s);
  EXPECT_THAT(desk.tokens, SizeIs(1));
  desk.env.skip(20s);
  ASSERT_THAT(desk.tokens, SizeIs(2));
  EXPECT_EQ(desk.details[1], "half");
  EXPECT_THAT(refused<CompletionLate>([&] { desk.client().heartbeat(desk.tokens[0]); }),
              HasSubstr("heartbeat limit"));
}

TEST(Completion, AHeartbeatLearnsThatTheActivityWasCancelled) {
  Desk desk;
  const auto run = desk.env.start(order());
  run.cancel();
  EXPECT_THAT(refused<CompletionLate>([&] { desk.client().heartbeat(desk.tokens[0]); }),
              HasSubstr("RP3021"));
  EXPECT_THROW(run.result(), CancelledFailure);
}

TEST(Completion, IsAValueThatOutlivesItsFunction) {
  Env env;
  std::optional<Completion<std::string>> kept;
  env.implement(order, run_order);
  env.implement_async(ask, [&](ActivityContext&, Completion<std::string> done, std::string) {
    kept = std::move(done);
  });
  const auto run = env.start(order());
  const Completion<std::string> copy = *kept;
  kept.reset();
  env.client().complete<std::string>(copy.token(), "yes");
  EXPECT_EQ(run.result(), "yes");
}

TEST(Completion, IsNotForWorkflowCode) {
  Env env;
  env.implement(order, [&](Context&) -> std::string {
    try {
      env.client().complete("token");
    } catch (const UsageError& error) {
      return std::string(error.code());
    }
    return "allowed";
  });
  EXPECT_EQ(env.start(order()).result(), "RP2004");
}

// ---- hostile tokens ---------------------------------------------------------------------------

TEST(Completion, NoOtherTextEndsTheAttempt) {
  Desk desk;
  Desk other;
  const auto run = desk.env.start(order());
  (void)other.env.start(order());
  const std::string good = desk.tokens[0];
  std::vector<std::string> forged = {"",
                                     "token",
                                     std::string(1, '\0'),
                                     good + '\0',
                                     good + "A",
                                     std::string(std::size_t{1} << 20, 'A'),
                                     other.tokens.at(0),
                                     "\xff\xfe"};
  for (std::size_t at = 0; at < good.size(); at += 5) {
    forged.push_back(good.substr(0, at));
    forged.push_back(good);
    forged.back()[at] = static_cast<char>(forged.back()[at] ^ 1);
  }
  for (const std::string& token : forged) {
    EXPECT_THROW(desk.client().complete<std::string>(token, "forged"), InvalidToken);
    EXPECT_THROW(desk.client().fail(token, Failure("forged")), InvalidToken);
    EXPECT_THROW(desk.client().heartbeat(token), InvalidToken);
  }
  desk.client().complete<std::string>(good, "yes");
  EXPECT_EQ(run.result(), "yes");
}

TEST(Completion, TheTokenOfARunIsForNoOtherRun) {
  Desk desk;
  const auto one = desk.env.start(order(), {.id = "one"});
  const auto two = desk.env.start(order(), {.id = "two"});
  desk.client().complete<std::string>(desk.tokens.at(1), "for two");
  EXPECT_EQ(two.result(), "for two");
  EXPECT_FALSE(one.describe().closed);
  desk.client().complete<std::string>(desk.tokens.at(0), "for one");
  EXPECT_EQ(one.result(), "for one");
}

// ---- in every mode ----------------------------------------------------------------------------

class CompletionInEveryMode : public testing::InEveryMode {
 protected:
  CompletionInEveryMode() {
    env.implement(order, [](Context& ctx) {
      const std::string first = ctx.call(ask("first"), {.start_to_close = 1h});
      return first + ", " + ctx.call(ask("second"), {.start_to_close = 1h});
    });
    env.implement_async(
        ask, [this](ActivityContext&, Completion<std::string> done, std::string question) {
          tokens[question].push_back(done.token());
        });
  }
  std::map<std::string, std::vector<std::string>> tokens;
};
INSTANTIATE_TEST_SUITE_P(All,
                         CompletionInEveryMode,
                         ::testing::ValuesIn(testing::all_modes()),
                         testing::name_of);

TEST_P(CompletionInEveryMode, EachIsAcknowledgedOnce) {
  const auto run = env.start(order(), {.id = "o-1"});
  env.skip(1min);  // attempts that a dying process has lost are made again
  env.client().heartbeat(tokens["first"].back(), 1);
  env.client().complete<std::string>(tokens["first"].back(), "one");
  EXPECT_THROW(env.client().complete<std::string>(tokens["first"].back(), "again"),
               AlreadyCompleted);
  env.skip(1min);
  env.client().fail(tokens["second"].back(), Failure("not yet"));
  EXPECT_THROW(env.client().fail(tokens["second"].back(), Failure("not yet")), AlreadyCompleted);
  env.skip(1min);
  env.client().complete<std::string>(tokens["second"].back(), "two");
  EXPECT_EQ(run.result(), "one, two");
  EXPECT_THROW(env.client().complete<std::string>(tokens["second"].back(), "again"),
               AlreadyCompleted);
}

TEST(Completion, SurvivesACrashAtEveryCommitWithReplayAtEveryTurn) {
  Desk desk({.replay = testing::Replay::kEveryTurn, .crash = testing::Crash::kEveryCommit});
  const auto run = desk.env.start(order());
  desk.env.skip(1min);
  const std::size_t calls = desk.tokens.size();
  desk.env.skip(24h);
  EXPECT_EQ(desk.tokens.size(), calls) << "the open attempt is not made again";
  desk.client().complete<std::string>(desk.tokens.back(), "yes");
  EXPECT_EQ(run.result(), "yes");
}

}  // namespace
}  // namespace reprise::completion_test
