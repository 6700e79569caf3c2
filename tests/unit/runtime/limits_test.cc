// An engine at its limits: it makes callers wait, names the limit, and goes on when there is room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/engine_fixture.h"

namespace reprise::testing::limits_test {
namespace {

using base::ErrorCode;
using runtime::EngineLimits;

class Limits : public EngineFixture {
 protected:
  void limit(const EngineLimits& limits) {
    runtime::EngineOptions with_limits = options();
    with_limits.limits = limits;
    engine_ = runtime::Engine::in_memory(with_limits);
  }

  using Started = std::optional<base::Result<runtime::StartedRun>>;
  // Without driving the engine.
  std::shared_ptr<Started> submit(const std::string& id, std::string input = {}) {
    auto started = std::make_shared<Started>();
    runtime::StartRequest request{.workflow = "w", .workflow_id = id, .input = std::move(input)};
    engine_->ask(runtime::verb::Start{
        std::move(request), nullptr,
        [started](const base::Result<runtime::StartedRun>& run) { *started = run; }});
    return started;
  }
  static std::string refusal(const std::shared_ptr<Started>& started) {
    return *started && !**started ? (**started).error().text() : "(not refused)";
  }
};

TEST_F(Limits, RequestsBeyondTheLimitAreRefusedUntilOthersAreDurable) {
  limit({.pending_requests = 2});
  const auto first = submit("1");
  const auto second = submit("2");
  const auto third = submit("3");
  EXPECT_THAT(refusal(third), ::testing::AllOf(::testing::StartsWith("RP3011"),
                                               ::testing::HasSubstr("pending_requests = 2")));
  settle();
  EXPECT_TRUE(first->value());
  EXPECT_TRUE(second->value());
  const auto again = submit("3");
  settle();
  EXPECT_TRUE(again->value());
}

TEST_F(Limits, PayloadsThatAreNotDurableAreLimitedTogether) {
  limit({.pending_bytes = 10'000});
  const auto large = submit("1", std::string(20'000, 'x'));
  EXPECT_THAT(refusal(submit("2")), ::testing::HasSubstr("pending_bytes = 10000"));
  settle();
  EXPECT_TRUE(large->value());
  EXPECT_EQ(refusal(submit("2")), "(not refused)");
}

TEST_F(Limits, EveryKindOfRequestCounts) {
  limit({.pending_requests = 1});
  workflow("w", wait_for_signal);
  start_worker();
  (void)submit("held");
  const auto code_of_reply = [](auto ask) {
    std::optional<ErrorCode> code;
    ask([&](const auto& reply) { code = reply ? std::optional<ErrorCode>() : reply.error().code; });
    return code;
  };
  const runtime::RunKey key{"x", {}};
  EXPECT_EQ(code_of_reply([&](auto reply) {
              engine_->ask(runtime::verb::Signal{key, "s", "", reply});
            }),
            ErrorCode::kOverloaded);
  // Ends have an eighth of the limit, plus one, beyond it: here that is one.
  bool let_in = false;
  engine_->ask(runtime::verb::Cancel{
      {"held", {}}, "", [&](const base::Status& status) { let_in = status.has_value(); }});
  EXPECT_EQ(code_of_reply([&](auto reply) {
              engine_->ask(runtime::verb::Cancel{key, "", reply});
            }),
            ErrorCode::kOverloaded);
  EXPECT_EQ(code_of_reply([&](auto reply) {
              engine_->ask(runtime::verb::Terminate{key, "", reply});
            }),
            ErrorCode::kOverloaded);
  EXPECT_EQ(code_of_reply([&](auto reply) {
              engine_->ask(runtime::verb::Retry{key, reply});
            }),
            ErrorCode::kOverloaded);
  EXPECT_EQ(code_of_reply([&](auto reply) {
              engine_->ask(runtime::verb::Update{key, "u", "", reply});
            }),
            ErrorCode::kOverloaded);
  // A question still has room; a second one has not.
  bool answered = false;
  engine_->ask(runtime::verb::Describe{key, [&](const auto&) { answered = true; }});
  EXPECT_FALSE(answered);
  EXPECT_EQ(code_of_reply([&](auto reply) {
              engine_->ask(runtime::verb::Query{key, "q", "", reply});
            }),
            ErrorCode::kOverloaded);
  settle();
  EXPECT_TRUE(answered);
  EXPECT_TRUE(let_in);
}

// An update may wait for days: it must not keep others out for so long.
TEST_F(Limits, AnUpdateUnderWayTakesNoRoom) {
  limit({.pending_requests = 1});
  workflow("w", [](Execution& e) {
    e.accept("u", [&e](std::string_view) {
      const auto never = e.next_signal("never");
      e.wait(*never);
      return Outcome();
    });
    return wait_for_signal(e);
  });
  start_worker();
  const auto run = start("w", "1");
  engine_->ask(runtime::verb::Update{{"1", {}}, "u", "", [](const auto&) {}});
  settle();
  EXPECT_TRUE(signal("1", "go"));
}

TEST_F(Limits, StartsWaitWhileAttemptsHavePiledUp) {
  limit({.waiting_attempts = 2});
  workflow("w", [](Execution& e) {
    proto::ActivityScheduled elsewhere;
    elsewhere.set_name("a");
    elsewhere.set_task_queue("other");
    const auto first = e.schedule_activity(as(elsewhere), {});
    const auto second = e.schedule_activity(as(elsewhere), {});
    e.wait(*first);
    e.wait(*second);
    return Outcome();
  });
  start_worker();
  const auto run = start("w", "1");
  EXPECT_THAT(refusal(submit("2")), ::testing::HasSubstr("waiting_attempts = 2"));
  EXPECT_TRUE(signal("1", "anything")) << "only starts make more of them";

  runtime::WorkerCode other;
  other.task_queue = "other";
  other.activities["a"] = [](runtime::ActivityAttempt&, std::string_view) { return Outcome(); };
  const auto session = engine_->register_worker(other);
  settle();
  EXPECT_EQ(result(run), "");
  EXPECT_EQ(refusal(submit("2")), "(not refused)");
}

// Like a loop that catches the exception of a cancelled wait, and tries again.
TEST_F(Limits, ACancelledRunThatDoesNothingButWaitAgainIsParked) {
  bool stubborn = true;
  workflow("w", [&stubborn](Execution& e) {
    const auto go = e.next_signal("go");
    while (e.wait(*go) == replay::Waited::kCancelled && stubborn) {
    }
    return Outcome::success("left");
  });
  workflow("start", [](Execution& e) {
    (void)wait_for_signal(e);
    while (!e.may_start()) {
    }
    return Outcome();
  });
  workflow("until", [](Execution& e) {
    while (e.wait_until([] { return false; }, nullptr, at(1)) == replay::Waited::kCancelled) {
    }
    return Outcome();
  });
  start_worker();
  const auto run = start("w", "1");
  start("until", "2");
  start("start", "3");
  for (const char* const id : {"1", "2", "3"}) {
    EXPECT_TRUE(cancel(id));
    ASSERT_TRUE(describe(id)->parked) << id;
    EXPECT_EQ(describe(id)->parked->code, ErrorCode::kRunLimit);
    EXPECT_THAT(describe(id)->parked->message, ::testing::HasSubstr("CancelledFailure"));
  }
  stubborn = false;
  worker_.reset();
  start_worker();
  settle();
  EXPECT_EQ(result(run), "left");
}

// Any number in all: calls shielded from the cancellation show that it makes progress.
TEST_F(Limits, ACancelledRunThatCleansUpIsNotParked) {
  workflow("w", [](Execution& e) {
    const auto go = e.next_signal("go");
    (void)e.wait(*go);
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 999'990; ++j) (void)e.wait(*go);
      (void)e.side_effect([] { return std::string(); }, at(1));
    }
    return Outcome::success("clean");
  });
  start_worker();
  const auto run = start("w", "1");
  EXPECT_TRUE(cancel("1"));
  EXPECT_EQ(result(run), "clean");
}

TEST_F(Limits, ARunThatAsksForTooManyOperationsIsParked) {
  limit({.pending_operations = 10});
  int wanted = 11;
  workflow("w", [&](Execution& e) {
    std::vector<replay::OperationRef> timers;
    for (int i = 0; i < wanted; ++i) timers.push_back(e.start_timer(base::Duration(5), {}));
    for (const auto& timer : timers) e.wait(*timer);
    return Outcome::success("all");
  });
  start_worker();
  const auto run = start("w", "1");
  const auto description = describe("1");
  ASSERT_TRUE(description->parked);
  EXPECT_EQ(description->parked->code, ErrorCode::kRunLimit);
  EXPECT_THAT(description->parked->message, ::testing::HasSubstr("pending_operations = 10"));
  // With code that asks for less it goes on.
  worker_.reset();
  wanted = 10;
  start_worker();
  skip(base::Duration(5));
  EXPECT_EQ(result(run), "all");
}

TEST_F(Limits, ALoopThatNeverWaitsIsParked) {
  limit({.turn_bytes = 10'000});
  workflow("w", [](Execution& e) -> Outcome {
    while (true) (void)e.side_effect([] { return std::string(100, 'x'); }, {});
  });
  start_worker();
  (void)start("w", "1");
  ASSERT_TRUE(describe("1")->parked);
  EXPECT_THAT(describe("1")->parked->message, ::testing::HasSubstr("turn_bytes = 10000"));
  EXPECT_EQ(history("1").size(), 1u) << "nothing but its start is recorded";
}

TEST_F(Limits, AHistoryThatIsTooLongTakesNoMoreSignals) {
  limit({.history_events = 5});
  workflow("w", [](Execution& e) -> Outcome {
    while (true) (void)wait_for_signal(e);
  });
  start_worker();
  const auto run = start("w", "1");
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(signal("1", "go"));
  const auto refused = signal("1", "go");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRunLimit);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("history_events = 5"));
  EXPECT_TRUE(terminate("1"));
  EXPECT_EQ(result(run), "Terminated: the run was terminated: test");
}

// Records have a largest size, and payloads may be large: inputs that come together are split over
// several turns.
TEST_F(Limits, ManyInputsForOneRunBecomeSeveralTurns) {
  constexpr int kSignals = 1'000;
  workflow("w", [](Execution& e) {
    std::string all;
    for (int i = 0; i < kSignals; ++i) {
      const auto s = e.next_signal("s");
      e.wait(*s);
      all += s->take_outcome().payload();
    }
    return Outcome::success(all);
  });
  start_worker();
  const auto run = start("w", "1");
  std::string sent;
  for (int i = 0; i < kSignals; ++i) {
    const std::string input(1, static_cast<char>('a' + i % 26));
    sent += input;
    engine_->ask(runtime::verb::Signal{{"1", {}}, "s", input, [](const base::Status&) {}});
  }
  settle();
  EXPECT_EQ(result(run), sent);
  for (const proto::Turn& turn : history("1")) EXPECT_LE(turn.inputs_size(), 256);
}

}  // namespace
}  // namespace reprise::testing::limits_test
