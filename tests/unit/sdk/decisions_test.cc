// Decisions through the public interface. First the code of docs/language/decisions.md; a test
// makes sure that it is that code.
#include <chrono>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/history.h"
#include "reprise/replayer.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/unit/sdk/verify_fixture.h"

namespace decisions_page_test {

// ---- the page ---------------------------------------------------------------------------------

constexpr reprise::Workflow<std::string(int)> loan{"loan"};
constexpr reprise::Activity<int(int)> score_of{"score_of"};
constexpr reprise::Activity<void(int)> pay_out{"pay_out"};
constexpr reprise::Signal<bool> approve{"approve"};

std::string run_loan(reprise::Context& ctx, int amount) {
  const int score = ctx.call(score_of(amount));
  if (!ctx.decide("credit ok", score > 600)) return "refused";
  if (ctx.decide("needs approval", amount > 10'000)) {
    if (!ctx.decide("approved", ctx.inbox(approve).next().get())) return "refused";
  }
  ctx.call(pay_out(amount));
  return "paid";
}

bool credit_is_ok(reprise::Context& ctx, int score) {
  const int limit = ctx.patched("limit-650") ? 650 : 600;
  return ctx.decide("credit ok", score > limit);
}

}  // namespace decisions_page_test

namespace reprise::decisions_test {
namespace {

using namespace std::chrono_literals;
using namespace decisions_page_test;
using testing::Crash;
using ::testing::ElementsAre;
using testing::Env;
using testing::EnvOptions;
using ::testing::HasSubstr;
using testing::Replay;
using ::testing::SizeIs;

TEST(DecisionsPage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/decisions.md", "tests/unit/sdk/decisions_test.cc", 2);
}

struct Bank {
  explicit Bank(EnvOptions options = {}) : env(std::move(options)) {
    env.implement(loan, run_loan);
    env.stub(score_of, [this](int) { return score; });
    env.stub(pay_out, [](int) {});
  }
  Env env;
  int score = 700;
};

// "credit ok: true" of each decision in the history.
std::vector<std::string> decisions_of(const RunHandle& run) {
  std::vector<std::string> decisions;
  std::istringstream lines(run.history().to_json(JsonLayout::kCompact));
  for (std::string line; std::getline(lines, line);) {
    const std::string before = "\"kind\":\"DecisionRecorded\"";
    if (line.find(before) == line.npos) continue;
    decisions.push_back(line.substr(line.find("\"data\"")));
  }
  return decisions;
}

TEST(Decisions, AreRecordedInEveryReplayAndAfterEveryCrash) {
  for (const Replay replay : {Replay::kOff, Replay::kEveryTurn, Replay::kShake}) {
    for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
      Bank bank({.replay = replay, .crash = crash});
      const auto run = bank.env.start(loan(20'000));
      run.signal(approve(true));
      EXPECT_EQ(run.result(), "paid");
      EXPECT_THAT(decisions_of(run),
                  ElementsAre(R"("data":{"what":"credit ok","outcome":true}})",
                              R"("data":{"what":"needs approval","outcome":true}})",
                              R"("data":{"what":"approved","outcome":true}})"));
      bank.score = 500;
      const auto refused = bank.env.start(loan(5));
      EXPECT_EQ(refused.result(), "refused");
      EXPECT_THAT(decisions_of(refused),
                  ElementsAre(R"("data":{"what":"credit ok","outcome":false}})"));
    }
  }
}

TEST(Decisions, RunsFromBeforeAChangeOfTheRuleKeepTheOldOne) {
  Bank bank;
  bank.score = 620;
  const auto old = bank.env.start(loan(20'000));
  bank.env.implement(loan, [](Context& ctx, int amount) {
    if (!credit_is_ok(ctx, ctx.call(score_of(amount)))) return std::string("refused");
    if (ctx.decide("needs approval", amount > 10'000)) {
      if (!ctx.decide("approved", ctx.inbox(approve).next().get())) return std::string("refused");
    }
    ctx.call(pay_out(amount));
    return std::string("paid by the new code");
  });
  old.signal(approve(true));
  EXPECT_EQ(old.result(), "paid by the new code");
  EXPECT_EQ(bank.env.start(loan(20'000)).result(), "refused");
}

// ---- what may be decided, and where -----------------------------------------------------------

constexpr Workflow<std::string()> deciding{"deciding"};
constexpr Signal<int> go{"go"};

std::string code_of(Context& ctx, const std::string& what) {
  try {
    return ctx.decide(what, true) ? "true" : "false";
  } catch (const InvalidOption& error) {
    return std::string(error.code());
  }
}

TEST(Decisions, HaveNamesLikeAllOthers) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"", "RP3003"},
      {std::string(kMaxIdBytes, 'x'), "true"},
      {std::string(kMaxIdBytes + 1, 'x'), "RP3003"},
      {"\xff\xfe", "RP3003"},
      {"a\x1b[2J\n\u202e: true", "true"},
      {std::string("a\0b", 3), "true"},
      {"\u00fcber", "true"},
  };
  for (const auto& [name, expected] : names) {
    Env env;
    env.implement(deciding, [name = name](Context& ctx) {
      const std::string code = code_of(ctx, name);
      ctx.sleep(1s);
      return code;
    });
    const auto run = env.start(deciding());
    EXPECT_EQ(run.result(), expected) << name;
    EXPECT_THAT(decisions_of(run), SizeIs(expected == "true" ? 1 : 0));
    const History history = run.history();
    for (const JsonLayout layout : {JsonLayout::kCompact, JsonLayout::kIndented}) {
      EXPECT_EQ(History::parse(history.to_json(layout)).to_bytes(), history.to_bytes());
    }
  }
}

TEST(Decisions, AreMadeInACancelledScopeAndAreNoReasonToThrow) {
  Env env;
  env.implement(deciding, [](Context& ctx) {
    CancelScope scope(ctx);
    scope.cancel();
    std::string seen = ctx.decide("in the scope", ctx.cancelled()) ? "cancelled" : "not";
    try {
      ctx.sleep(1s);
    } catch (const CancelledFailure&) {
      seen += ctx.decide("after it", false) ? "" : " and caught";
    }
    return seen;
  });
  EXPECT_EQ(env.start(deciding()).result(), "cancelled and caught");
}

TEST(Decisions, AreMadeInHandlersAndSpawnedFunctions) {
  Env env;
  env.implement(deciding, [](Context& ctx) {
    constexpr Update<bool(bool)> judge{"judge"};
    const auto judging =
        ctx.accept(judge, [&ctx](bool outcome) { return ctx.decide("judged", outcome); });
    auto other = ctx.spawn([&ctx] { return ctx.decide("spawned", true); });
    const bool spawned = other.get();
    ctx.inbox(go).next().get();
    return std::string(spawned ? "yes" : "no");
  });
  constexpr Update<bool(bool)> judge{"judge"};
  const auto run = env.start(deciding());
  EXPECT_FALSE(run.update(judge(false)));
  EXPECT_TRUE(run.update(judge(true)));
  run.signal(go(1));
  EXPECT_EQ(run.result(), "yes");
  EXPECT_THAT(decisions_of(run), SizeIs(3));
}

// ---- what differs -----------------------------------------------------------------------------

// What is compared is the outcome of the code, whatever it depends on.
TEST(Decisions, ThatDependOnTheWorldOutsideAreFound) {
  Env env;
  int calls = 0;
  env.implement(deciding, [&calls](Context& ctx) {
    const bool first = ctx.decide("first", ++calls == 1);
    ctx.sleep(1s);
    return std::string(first ? "first" : "again");
  });
  try {
    env.start(deciding()).result();
    FAIL();
  } catch (const NondeterminismError& error) {
    EXPECT_EQ(error.code(), "RP2001");
    EXPECT_THAT(error.what(), HasSubstr("DecisionRecorded first: true"));
    EXPECT_THAT(error.what(), HasSubstr("DecisionRecorded first: false"));
    EXPECT_THAT(error.what(), HasSubstr("the outcome: true in the log, false now"));
    EXPECT_THAT(error.what(), HasSubstr("sdk/decisions_test.cc"));
  }
}

TEST(Decisions, AReplayerNamesTheMismatch) {
  Bank bank;
  const auto run = bank.env.start(loan(5));
  EXPECT_EQ(run.result(), "paid");
  for (const bool strict : {false, true}) {
    Replayer same({.strict = strict});
    EXPECT_TRUE(same.implement(loan, run_loan).replay(run.history()));
    Replayer other({.strict = strict});
    other.implement(loan, [](Context& ctx, int amount) {
      const int score = ctx.call(score_of(amount));
      return std::string(ctx.decide("credit ok", score > 900) ? "paid" : "refused");
    });
    const ReplayReport report = other.replay(run.history());
    EXPECT_EQ(report.mismatch, "decided otherwise");
    EXPECT_EQ(report.event, 4U);
    EXPECT_EQ(report.recorded.text, "DecisionRecorded credit ok: true");
    EXPECT_EQ(report.attempted.text, "DecisionRecorded credit ok: false");
    EXPECT_EQ(report.last_match.text, "ActivityScheduled score_of");
  }
}

// ---- verify -----------------------------------------------------------------------------------

using verify_test::Code;
using verify_test::wait_for_go;

class VerifyDecisions : public verify_test::VerifyTest {};

Code deciding_by(int limit, const char* what) {
  return [limit, what](Context& ctx, const int& value) {
    ctx.decide(what, value >= limit);
    return wait_for_go(ctx);
  };
}

TEST_F(VerifyDecisions, AChangedOutcomeIsFoundBeforeTheDeployment) {
  leave(deciding_by(2, "large"), 4);
  EXPECT_THAT(check(deciding_by(2, "large")).groups, SizeIs(0));
  const VerifyReport report = check(deciding_by(3, "large"));
  ASSERT_THAT(report.groups, SizeIs(1));
  const VerifyGroup& group = report.groups[0];
  EXPECT_EQ(group.what, "decided otherwise");
  EXPECT_EQ(group.runs, 1U) << "the one that the new rule judges otherwise";
  EXPECT_EQ(group.recorded, "DecisionRecorded large: true");
  EXPECT_EQ(group.attempted, "DecisionRecorded large: false");
  EXPECT_THAT(group.edit, HasSubstr("if (ctx.patched(\"change-large\")) {\n"
                                    "  // the rule of decision 'large' as it is\n"
                                    "} else {\n  // the rule as it was\n}"));
  EXPECT_THAT(group.edit_at, HasSubstr("sdk/decisions_test.cc"));
  EXPECT_THAT(group.note, HasSubstr("something outside the run"));
}

TEST_F(VerifyDecisions, AnotherNameAndAMissingOneAreFoundToo) {
  leave(deciding_by(0, "large"));
  const VerifyReport renamed = check(deciding_by(0, "big"));
  ASSERT_THAT(renamed.groups, SizeIs(1));
  EXPECT_EQ(renamed.groups[0].what, "other name");
  EXPECT_THAT(renamed.groups[0].edit, HasSubstr("decision 'big'"));
  const VerifyReport removed = check([](Context& ctx, const int&) { return wait_for_go(ctx); });
  ASSERT_THAT(removed.groups, SizeIs(1));
  EXPECT_EQ(removed.groups[0].what, "missing");
  EXPECT_THAT(
      removed.groups[0].edit,
      HasSubstr("if (!ctx.patched(\"remove-large\")) {\n  // the old call: decision 'large'"));
}

TEST_F(VerifyDecisions, ANewOneIsAddedWithPatched) {
  leave([](Context& ctx, const int&) { return wait_for_go(ctx); });
  const VerifyReport report = check(deciding_by(0, "large"));
  ASSERT_THAT(report.groups, SizeIs(1));
  EXPECT_EQ(report.groups[0].what, "extra");
  EXPECT_THAT(report.groups[0].edit, HasSubstr("if (ctx.patched(\"add-large\")) {\n"
                                               "  // the new call: decision 'large'"));
}

}  // namespace
}  // namespace reprise::decisions_test
