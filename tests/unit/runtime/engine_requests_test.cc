// Clients' requests to an engine, and runs whose code is wrong; in memory, without threads, with a
// clock that the test moves.
#include <stdexcept>

#include <gmock/gmock.h>

#include "tests/support/engine_fixture.h"

namespace reprise::testing::engine_requests_test {
namespace {

using base::ErrorCode;
using runtime::ActivityAttempt;
using runtime::RunStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class EngineRequestTest : public EngineFixture {
 protected:
  // Why it is refused; nullopt: it is not.
  std::optional<ErrorCode> result_of_start(runtime::StartRequest request) {
    start(std::move(request));
    return *started_ ? std::nullopt : std::optional(started_->error().code);
  }
};

// ---- signals, queries, updates, cancellation --------------------------------------------------

TEST_F(EngineRequestTest, SignalsReachTheRunAndLateOnesAreRefused) {
  workflow("w", wait_for_signal);
  start_worker();
  const Watch watch = start("w", "run-1");
  ASSERT_TRUE(signal("run-1", "other", "ignored"));
  ASSERT_TRUE(signal("run-1", "go", "hello"));
  EXPECT_EQ(result(watch), "hello");
  EXPECT_EQ(signal("run-1", "go").error().code, ErrorCode::kRunClosed);
  EXPECT_EQ(signal("run-2", "go").error().code, ErrorCode::kNotFound);
}

// After an input that the code has not seen, it is unknown what the code reads next.
TEST_F(EngineRequestTest, SignalsAreRefusedOnlyWhereTheCodeHasSeenAllThatWasSent) {
  const auto reads = [](std::string_view input, std::shared_ptr<void>*, std::string* why_not) {
    *why_not = "it is not good";
    return input == "good";
  };
  workflow("w", [reads](Execution& e) {
    const auto first = e.next_signal("go", {}, reads);
    e.wait(*first);
    const auto any = e.next_signal("go");
    e.wait(*any);
    return any->take_outcome();
  });
  start_worker();
  const Watch watch = start("w", "run-1");
  settle();
  base::Status alone;
  engine_->ask(runtime::verb::Signal{{"run-1", {}},
                                     "go",
                                     "bad",
                                     [&](const base::Status& sent) { alone = sent; },
                                     /*checked=*/true});
  settle();
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, ErrorCode::kSignalUnreadable);
  std::optional<base::Status> behind;
  engine_->ask(runtime::verb::Signal{{"run-1", {}}, "go", "good", [](const base::Status&) {}});
  engine_->ask(runtime::verb::Signal{{"run-1", {}},
                                     "go",
                                     "bad",
                                     [&](const base::Status& sent) { behind = sent; },
                                     /*checked=*/true});
  settle();
  EXPECT_EQ(result(watch), "bad");
  EXPECT_TRUE(behind.value());
}

TEST_F(EngineRequestTest, CancellationReachesTheCode) {
  workflow("w", wait_for_signal);
  start_worker();
  const Watch watch = start("w", "run-1");
  ASSERT_TRUE(cancel("run-1"));
  EXPECT_EQ(describe("run-1")->status, RunStatus::kCancelled);
  EXPECT_THAT(result(watch), HasSubstr("Cancelled"));
}

TEST_F(EngineRequestTest, TerminationDoesNotAskTheCode) {
  workflow("w", wait_for_signal);
  start_worker();
  const Watch watch = start("w", "run-1");
  ASSERT_TRUE(terminate("run-1"));
  EXPECT_EQ(describe("run-1")->status, RunStatus::kTerminated);
  EXPECT_THAT(result(watch), HasSubstr("test"));
}

TEST_F(EngineRequestTest, ACancelledActivityIsNoLongerPending) {
  workflow("w", [](Execution& e) {
    const auto a = schedule(e, "a");
    const auto go = e.next_signal("go");
    e.wait(*go);
    e.cancel(*a, {});
    return wait_for_signal(e);
  });
  start_worker();  // no activity "a": it waits for its retry
  start("w", "run-1");
  ASSERT_TRUE(signal("run-1", "go"));
  EXPECT_THAT(describe("run-1")->activities, SizeIs(0));
}

TEST_F(EngineRequestTest, QueriesSeeOpenAndFinishedRuns) {
  // A class-style workflow: its handlers outlive run().
  class Stages final : public replay::WorkflowInstance {
   public:
    explicit Stages(Execution& e) : e_(e) {
      e.answer("stage", [this](std::string_view) { return base::Result<std::string>(stage_); });
    }
    Outcome run(std::string_view) override {
      const auto go = e_.next_signal("go");
      e_.wait(*go);
      stage_ = "done";
      return {};
    }

   private:
    Execution& e_;
    std::string stage_ = "waiting";
  };
  code().workflows["w"] = [](Execution& e) { return std::make_unique<Stages>(e); };
  start_worker();
  start("w", "run-1");
  EXPECT_EQ(*query("run-1", "stage"), "waiting");
  ASSERT_TRUE(signal("run-1", "go"));
  EXPECT_EQ(*query("run-1", "stage"), "done");
  EXPECT_EQ(query("run-1", "colour").error().code, ErrorCode::kUnknownQuery);
}

TEST_F(EngineRequestTest, AnUpdateIsAnsweredByItsHandler) {
  workflow("w", [](Execution& e) {
    e.accept("double", [](std::string_view input) {
      return Outcome::success(std::string(input) + std::string(input));
    });
    return wait_for_signal(e);
  });
  start_worker();
  start("w", "run-1");
  std::string answer;
  engine_->ask(runtime::verb::Update{
      {"run-1", {}}, "double", "ab", [&](const base::Result<Outcome>& outcome) {
        answer = outcome->payload();
      }});
  settle();
  EXPECT_EQ(answer, "abab");
}

// ---- parking ----------------------------------------------------------------------------------

TEST_F(EngineRequestTest, ABugParksTheRunUntilFixedCodeStarts) {
  workflow("w", [](Execution& e) -> Outcome {
    const Outcome got = wait_for_signal(e);
    throw std::logic_error("off by one");
  });
  start_worker();
  const Watch watch = start("w", "run-1");
  ASSERT_TRUE(signal("run-1", "go", "kept"));
  const auto parked = describe("run-1")->parked;
  ASSERT_TRUE(parked.has_value());
  EXPECT_EQ(parked->code, ErrorCode::kWorkflowBug);
  EXPECT_THAT(parked->message, HasSubstr("off by one"));
  EXPECT_THAT(logged_, HasSubstr("is parked"));
  ASSERT_TRUE(signal("run-1", "go", "also kept"));

  worker_.reset();
  workflow("w", [](Execution& e) {
    const Outcome first = wait_for_signal(e);
    return Outcome::success(first.payload() + ", " + wait_for_signal(e).payload());
  });
  start_worker();
  settle();
  EXPECT_EQ(result(watch), "kept, also kept");
  EXPECT_FALSE(describe("run-1")->parked.has_value());
}

TEST_F(EngineRequestTest, AChangedWorkflowIsParkedWithBothSides) {
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "a", 10)); });
  start_worker();
  start("w", "run-1");
  worker_.reset();
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "b", 20)); });
  start_worker();
  ASSERT_TRUE(signal("run-1", "wake"));
  const auto parked = describe("run-1")->parked;
  ASSERT_TRUE(parked.has_value());
  EXPECT_EQ(parked->code, ErrorCode::kNondeterminism);
  EXPECT_THAT(parked->message, HasSubstr("ActivityScheduled a"));
  EXPECT_THAT(parked->message, HasSubstr("tests/workflow.cc:20"));
}

// ---- finding runs -----------------------------------------------------------------------------

TEST_F(EngineRequestTest, ChangedCodeDoesNotChangeHowARunHasEnded) {
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "a")); });
  activity("a", [](ActivityAttempt&, std::string_view) { return Outcome::success("done"); });
  start_worker();
  start("w", "run-1");
  worker_.reset();
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "b")); });
  start_worker();
  EXPECT_EQ(query("run-1", "state").error().code, ErrorCode::kNondeterminism);
  const Watch watch = std::make_shared<runtime::RunWatch>();
  engine_->ask(runtime::verb::Watch{{"run-1", {}}, watch});
  settle();
  EXPECT_EQ(result(watch), "done");
  EXPECT_FALSE(describe("run-1")->parked);
}

TEST_F(EngineRequestTest, ABugInNewCodeDoesNotHideThatARunWasTerminated) {
  runtime::EngineOptions often = options();
  often.replay_every_turn = true;
  engine_ = runtime::Engine::in_memory(often);
  workflow("w", wait_for_signal);
  start_worker();
  const Watch watch = start("w", "run-1");
  worker_.reset();
  workflow("w", [](Execution&) -> Outcome { throw std::logic_error("a bug"); });
  start_worker();
  ASSERT_TRUE(terminate("run-1"));
  EXPECT_EQ(result(watch), "Terminated: the run was terminated: test");
}

TEST_F(EngineRequestTest, ListsByStatusAndType) {
  workflow("short", [](Execution&) { return Outcome(); });
  workflow("long", wait_for_signal);
  start_worker();
  for (int i = 0; i < 3; ++i) start("short", "s" + std::to_string(i));
  for (int i = 0; i < 2; ++i) start("long", "l" + std::to_string(i));
  const auto ids = [](const std::vector<runtime::RunDescription>& runs) {
    std::vector<std::string> names;
    for (const auto& run : runs) names.push_back(run.workflow_id);
    return names;
  };
  EXPECT_THAT(ids(list()), ElementsAre("l1", "l0", "s2", "s1", "s0"));
  EXPECT_THAT(ids(list({.status = RunStatus::kRunning})), ElementsAre("l1", "l0"));
  EXPECT_THAT(ids(list({.workflow = "short", .limit = 2})), ElementsAre("s2", "s1"));
  EXPECT_THAT(ids(list({.limit = 2, .newest_first = false})), ElementsAre("s0", "s1"));
}

TEST_F(EngineRequestTest, TheHistoryHoldsEveryTurn) {
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "a")); });
  activity("a", [](ActivityAttempt&, std::string_view) { return Outcome::success("r"); });
  start_worker();
  start("w", "run-1");
  const auto turns = history("run-1");
  ASSERT_THAT(turns, SizeIs(2));
  EXPECT_TRUE(turns[0].inputs(0).has_run_started());
  EXPECT_EQ(turns[1].commands(0).run_completed().result(), "r");
  EXPECT_EQ(describe("run-1")->history_events, 4u);
}

TEST_F(EngineRequestTest, OneWorkerPerTaskQueue) {
  workflow("w", wait_for_signal);
  start_worker();
  const auto second = engine_->register_worker(code_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInvalidOption);
}

// ---- what is checked before anything is recorded -----------------------------------------------

// Some requests come over the control socket, so an engine does not rely on its clients' checks.
TEST_F(EngineRequestTest, APrincipalMustBePrintable) {
  workflow("w", wait_for_signal);
  start_worker();
  start("w", "run-1");
  const std::size_t events = history("run-1").size();
  const auto told = [&](auto asked) {
    ErrorCode code{};
    asked.principal = std::string("a\0b", 3);
    asked.reply = [&](const base::Status& status) { code = status.error().code; };
    engine_->ask(std::move(asked));
    settle();
    return code;
  };
  EXPECT_EQ(told(runtime::verb::Signal{{"run-1"}, "go"}), ErrorCode::kInvalidPrincipal);
  EXPECT_EQ(told(runtime::verb::Cancel{{"run-1"}}), ErrorCode::kInvalidPrincipal);
  EXPECT_EQ(told(runtime::verb::Terminate{{"run-1"}}), ErrorCode::kInvalidPrincipal);
  EXPECT_EQ(told(runtime::verb::Retry{{"run-1"}}), ErrorCode::kInvalidPrincipal);
  runtime::StartRequest request{.workflow = "w", .workflow_id = "run-2"};
  request.principal = std::string(257, 'x');
  EXPECT_EQ(result_of_start(std::move(request)), ErrorCode::kInvalidPrincipal);
  EXPECT_EQ(history("run-1").size(), events);
}

TEST_F(EngineRequestTest, AStartThatNeedsAWorkerIsRefusedWithoutOne) {
  workflow("w", wait_for_signal);
  runtime::StartRequest request{.workflow = "w", .workflow_id = "run-1"};
  request.needs_worker = true;
  EXPECT_EQ(result_of_start(request), ErrorCode::kNoWorker);
  start_worker();
  EXPECT_EQ(result_of_start(request), std::nullopt);
}

TEST_F(EngineRequestTest, ArgumentsAreCheckedUnlessTheyAreOfTheSameTypes) {
  static constexpr char kTypes = 0;
  int checks = 0;
  workflow("w", wait_for_signal);
  code().arguments["w"] = {.types = &kTypes, .check = [&](std::string_view input) -> base::Status {
                             ++checks;
                             if (input == "good") return {};
                             return base::Error{ErrorCode::kArgumentUnreadable, "it is bad"};
                           }};
  start_worker();
  EXPECT_EQ(result_of_start({.workflow = "w", .workflow_id = "1", .input = "bad"}),
            ErrorCode::kArgumentUnreadable);
  EXPECT_EQ(result_of_start({.workflow = "w", .workflow_id = "1", .input = "good"}), std::nullopt);
  EXPECT_EQ(checks, 2);
  runtime::StartRequest typed{.workflow = "w", .workflow_id = "2", .input = "bad"};
  typed.argument_types = &kTypes;
  EXPECT_EQ(result_of_start(std::move(typed)), std::nullopt);
  EXPECT_EQ(checks, 2);
}

TEST_F(EngineRequestTest, AnEngineMayRefuseStartsByItsOwnRules) {
  runtime::EngineOptions with_rule = options();
  with_rule.refuse_start = [](const runtime::StartRequest& asked) {
    return asked.principal == "ann" ? std::string() : "only ann may, \xff";
  };
  engine_ = runtime::Engine::in_memory(with_rule);
  runtime::StartRequest request{.workflow = "w", .workflow_id = "run-1"};
  request.principal = "bob";
  EXPECT_EQ(result_of_start(request), ErrorCode::kStartNotAllowed);
  EXPECT_EQ(started_->error().text(),
            "RP3033 only ann may, \uFFFD (the start of workflow 'w' by bob)");
  request.principal = "ann";
  EXPECT_EQ(result_of_start(request), std::nullopt);
}

}  // namespace
}  // namespace reprise::testing::engine_requests_test
