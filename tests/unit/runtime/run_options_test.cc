// Retries, limits, delays and requests of runs over a directory that is closed and opened again.
#include <memory>
#include <string>

#include <gmock/gmock.h>

#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::run_options_test {
namespace {

using base::ErrorCode;
using runtime::RunStatus;
using runtime::StartRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr base::Duration kMinute{60'000};
constexpr base::Duration kHour{3'600'000};

// The parameter: how many records go to the archive at a time.
class RunOptionsTest : public EngineFixture, public ::testing::WithParamInterface<std::size_t> {
 protected:
  RunOptionsTest() {
    workflow("fails", [](Execution& e) {
      const std::uint32_t attempt = e.info().attempt;
      if (attempt < 3) return application_failure("Boom", "attempt " + std::to_string(attempt));
      return Outcome::success("attempt " + std::to_string(attempt));
    });
    workflow("reads", [](Execution& e) {
      std::string all;
      for (int i = 0; i < 2; ++i) {
        const auto s = e.next_signal("s");
        if (e.wait(*s) == replay::Waited::kCancelled) return wait_for_signal(e);
        all += s->take_outcome().payload();
      }
      return Outcome::success(all);
    });
    reopen();
  }
  ~RunOptionsTest() override {
    worker_.reset();
    engine_.reset();
  }

  void reopen(bool with_worker = true) {
    worker_.reset();
    engine_.reset();
    auto with_slice = options();
    with_slice.archive_slice = GetParam();
    auto opened = runtime::Engine::open(directory_ / "store", with_slice);
    ASSERT_TRUE(opened) << opened.error().text();
    engine_ = std::move(*opened);
    if (with_worker) start_worker();
    settle();
  }

  static StartRequest request(std::string workflow, std::string id = "x") {
    StartRequest request;
    request.workflow = std::move(workflow);
    request.workflow_id = std::move(id);
    return request;
  }
  static proto::RetryPolicy every_minute(int attempts = 0) {
    proto::RetryPolicy policy;
    policy.set_initial_interval_ms(kMinute.count());
    policy.set_backoff_coefficient(1);
    policy.set_maximum_interval_ms(kMinute.count());
    policy.set_maximum_attempts(attempts);
    return policy;
  }
  std::string end_of(const std::string& id) {
    const auto watch = std::make_shared<runtime::RunWatch>();
    engine_->ask(runtime::verb::Watch{{id, {}}, watch});
    settle();
    return result(watch);
  }
  // The run id that a start is answered with; the error's name.
  std::string started_by(const StartRequest& asked) {
    (void)start(StartRequest(asked));
    return *started_ ? (*started_)->run_id.to_string()
                     : std::string(to_string(started_->error().code));
  }

  TemporaryDirectory directory_;
};
INSTANTIATE_TEST_SUITE_P(Slices, RunOptionsTest, ::testing::Values(1, 1'000'000));

TEST_P(RunOptionsTest, AttemptsGoOnAfterARestart) {
  StartRequest asked = request("fails");
  asked.terms.retry = every_minute();
  const auto watch = start(std::move(asked));
  const base::RunId first = (*started_)->run_id;
  EXPECT_EQ(result(watch), "(running)");
  reopen();
  EXPECT_EQ(describe("x")->attempt, 2U);
  EXPECT_TRUE(describe("x")->delayed_until.has_value());
  skip(kMinute);
  EXPECT_EQ(describe("x")->attempt, 3U);
  reopen();
  skip(kMinute - base::Duration(1));
  EXPECT_EQ(end_of("x"), "(running)");
  skip(base::Duration(1));
  EXPECT_EQ(end_of("x"), "attempt 3");
  EXPECT_EQ(describe("x")->first_run_id, first);
  EXPECT_THAT(list({.status = RunStatus::kFailed}), SizeIs(2));
}

TEST_P(RunOptionsTest, AWatchGoesToTheLastAttempt) {
  StartRequest asked = request("fails");
  asked.terms.retry = every_minute();
  const auto watch = start(std::move(asked));
  skip(kHour);
  EXPECT_EQ(result(watch), "attempt 3");
}

TEST_P(RunOptionsTest, ADelayEndsAfterARestartAndOnce) {
  StartRequest asked = request("reads");
  asked.terms.start_delay = kHour;
  asked.signal = runtime::FirstSignal{"s", "a"};
  (void)start(std::move(asked));
  for (int i = 0; i < 3; ++i) reopen();
  EXPECT_THAT(history("x"), SizeIs(1));
  EXPECT_TRUE(signal("x", "s", "b"));
  reopen(false);
  skip(2 * kHour);
  EXPECT_FALSE(describe("x")->delayed_until.has_value()) << "it waits for a worker now";
  reopen(false);
  skip(2 * kHour);
  start_worker();
  EXPECT_EQ(end_of("x"), "ab");
  int ended = 0;
  for (const proto::Turn& turn : history("x")) {
    for (const proto::Event& input : turn.inputs()) ended += input.has_delay_ended() ? 1 : 0;
  }
  EXPECT_EQ(ended, 1);
}

// The clock is set back while the code waits for a worker: the delay is over all the same.
TEST_P(RunOptionsTest, ADelayIsOverWhateverTheClockSaysLater) {
  reopen(false);
  StartRequest asked = request("fails");
  asked.terms.start_delay = kHour;
  (void)start(std::move(asked));
  skip(kHour);
  clock_.advance(-kHour);
  reopen();
  EXPECT_THAT(end_of("x"), HasSubstr("attempt 1"));
}

TEST_P(RunOptionsTest, ARunThatIsCalledOffIsCancelled) {
  StartRequest asked = request("fails");
  asked.terms.start_delay = kHour;
  const auto watch = start(std::move(asked));
  EXPECT_TRUE(cancel("x"));
  EXPECT_EQ(result(watch), "Cancelled: the run was cancelled");
  EXPECT_EQ(signal("x", "s").error().code, ErrorCode::kRunClosed);
  reopen();
  EXPECT_EQ(describe("x")->status, RunStatus::kCancelled);
  EXPECT_THAT(history("x"), SizeIs(3));
}

TEST_P(RunOptionsTest, TheChainsLimitHoldsAfterARestart) {
  StartRequest asked = request("reads");
  asked.terms.execution_timeout = kHour;
  asked.terms.run_timeout = 25 * kMinute;
  asked.terms.retry = every_minute();
  const auto watch = start(std::move(asked));
  skip(10 * kMinute);
  EXPECT_TRUE(signal("x", "s", "a"));
  reopen();
  skip(20 * kMinute);
  EXPECT_EQ(describe("x")->attempt, 2U);
  reopen();
  skip(kHour);
  EXPECT_EQ(end_of("x"), "TimedOut: the run reached the execution_timeout of its chain");
  EXPECT_EQ(describe("x")->attempt, 3U);
  EXPECT_EQ(describe("x")->closed,
            base::add_sat(list({.newest_first = false}).front().started, kHour));
}

TEST_P(RunOptionsTest, AtALimitWhatIsUnreadIsKnownFromTheCodeOrTheHistory) {
  for (const bool with_worker : {true, false}) {
    const std::string id = with_worker ? "with" : "without";
    StartRequest asked = request("reads", id);
    asked.terms.run_timeout = kHour;
    asked.terms.retry = every_minute(2);
    reopen();
    (void)start(std::move(asked));
    reopen(with_worker);
    EXPECT_TRUE(signal(id, "other", "unread"));
    EXPECT_TRUE(signal(id, "s", "a"));
    EXPECT_TRUE(signal(id, "other", "unread too"));
    skip(kHour);
    const auto turns = history(id);
    EXPECT_EQ(turns[0].inputs(0).run_started().attempt(), 2U);
    EXPECT_EQ(turns[0].inputs(0).run_started().carried(), with_worker ? 2U : 3U);
    EXPECT_EQ(turns[0].inputs(0).run_started().carried_new(), 0U);
    EXPECT_EQ(turns[0].inputs_size(), with_worker ? 3 : 4);
  }
}

// Its history says that it has no answer yet. One that no code has looked at is not in a history.
TEST_P(RunOptionsTest, AcceptedUpdatesGoAlongThoughTheCodeCannotRun) {
  workflow("updated", [](Execution& e) {
    e.accept("u", [&](std::string_view input) {
      const auto step = e.next_signal("step");
      e.wait(*step);
      return Outcome::success(std::string(input) + " " + step->take_outcome().payload());
    });
    return wait_for_signal(e);
  });
  reopen();
  StartRequest asked = request("updated");
  asked.terms.run_timeout = kHour;
  asked.terms.retry = every_minute(2);
  (void)start(std::move(asked));
  const auto update = [&](const std::string& id) {
    engine_->ask(runtime::verb::Update{.key = {"x", {}},
                                       .name = "u",
                                       .input = id,
                                       .reply = [](const base::Result<Outcome>&) {},
                                       .id = id});
    settle();
  };
  update("accepted");
  reopen(/*with_worker=*/false);
  update("waiting");
  skip(kHour);
  const auto started = history("x")[0];
  ASSERT_EQ(started.inputs_size(), 2);
  EXPECT_EQ(started.inputs(0).run_started().attempt(), 2U);
  EXPECT_EQ(started.inputs(1).update_received().update_id(), "accepted");
  start_worker();
  skip(kMinute);
  EXPECT_TRUE(signal("x", "step", "1"));
  EXPECT_TRUE(signal("x", "step", "2"));
  std::vector<std::string> answers;
  for (const proto::Turn& turn : history("x")) {
    for (const proto::Event& command : turn.commands()) {
      if (command.has_update_completed()) answers.push_back(command.update_completed().result());
    }
  }
  EXPECT_EQ(answers, (std::vector<std::string>{"accepted 1", "waiting 2"}));
}

TEST_P(RunOptionsTest, ACancellationIsRememberedByTheFold) {
  workflow("stubborn", [](Execution& e) {
    e.on_signal("s", [](const auto&) {});
    const auto shield = e.enter_scope(replay::Scope::Kind::kShielded);
    const auto never = e.next_signal("never");
    (void)e.wait(*never);
    e.leave_scope(shield);
    return Outcome();
  });
  reopen();
  StartRequest asked = request("stubborn");
  asked.terms.run_timeout = kHour;
  asked.terms.retry = every_minute();
  (void)start(std::move(asked));
  EXPECT_TRUE(cancel("x"));
  reopen();
  skip(2 * kHour);
  EXPECT_EQ(end_of("x"), "TimedOut: the run reached its run_timeout");
  EXPECT_THAT(list(), SizeIs(1));
}

TEST_P(RunOptionsTest, ARequestIsKnownAfterRestarts) {
  StartRequest asked = request("reads");
  asked.terms.request_id = "r";
  const std::string first = started_by(asked);
  EXPECT_EQ(started_by(asked), first);
  reopen();
  EXPECT_EQ(started_by(asked), first);
  asked.conflict = runtime::IdConflict::kTerminateExisting;
  EXPECT_EQ(started_by(asked), first);
  EXPECT_TRUE((*started_)->existing);
  EXPECT_TRUE(signal("x", "s", "a"));
  EXPECT_TRUE(signal("x", "s", "b"));
  EXPECT_EQ(started_by(asked), first);
  reopen();
  EXPECT_EQ(started_by(asked), first);
  asked.workflow = "fails";
  EXPECT_EQ(started_by(asked), std::string(to_string(ErrorCode::kAlreadyStarted)));
  EXPECT_EQ(started_->error().message, first + " reads");
}

TEST_P(RunOptionsTest, TwoOfOneRequestInOneRoundStartOne) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    StartRequest asked = request("reads");
    asked.terms.request_id = "r";
    engine_->ask(runtime::verb::Start{std::move(asked), nullptr,
                                      [&](const base::Result<runtime::StartedRun>& run) {
                                        ids.push_back(run ? run->run_id.to_string() : "refused");
                                      }});
  }
  settle();
  ASSERT_THAT(ids, SizeIs(3));
  EXPECT_THAT(ids, ElementsAre(ids[0], ids[0], ids[0]));
  EXPECT_THAT(list(), SizeIs(1));
}

TEST_P(RunOptionsTest, ARequestIsRecognisedAmongTheNewestRuns) {
  workflow("ends", [](Execution&) { return Outcome(); });
  reopen();
  const auto of = [&](int number) {
    StartRequest asked = request("ends");
    asked.terms.request_id = "r" + std::to_string(number);
    return started_by(asked);
  };
  const std::string first = of(0);
  const std::string second = of(1);
  for (int i = 2; i < 101; ++i) (void)of(i);
  EXPECT_EQ(of(1), second);
  EXPECT_NE(of(0), first) << "100 runs are newer";
}

TEST_P(RunOptionsTest, WrongTermsAreRefusedBeforeAnythingIsRecorded) {
  const auto refusal = [&](const auto& change, std::string id = "x") {
    StartRequest asked = request("fails", std::move(id));
    change(asked.terms);
    const auto watch = start(std::move(asked));
    if (*started_) return std::string("accepted");
    EXPECT_TRUE(watch->ready()) << "who waits for the end is told too";
    return std::string(to_string(started_->error().code));
  };
  using Terms = runtime::StartTerms;
  const std::string invalid(to_string(ErrorCode::kInvalidOption));
  EXPECT_EQ(refusal([](Terms& t) { t.run_timeout = base::Duration(-1); }), invalid);
  EXPECT_EQ(refusal([](Terms& t) { t.execution_timeout = base::Duration::min(); }), invalid);
  EXPECT_EQ(refusal([](Terms& t) { t.start_delay = base::Duration(-1); }), invalid);
  EXPECT_EQ(refusal([](Terms& t) { t.start_delay = t.execution_timeout = kHour; }), invalid);
  EXPECT_EQ(refusal([](Terms& t) { t.retry.emplace(); }), invalid) << "a factor of 0";
  EXPECT_EQ(refusal([](Terms& t) {
              t.retry = every_minute();
              t.retry->set_backoff_coefficient(std::numeric_limits<double>::quiet_NaN());
            }),
            invalid);
  EXPECT_EQ(refusal([](Terms& t) {
              t.retry = every_minute();
              for (int i = 0; i < 100; ++i) t.retry->add_non_retryable(std::string(200, 'x'));
            }),
            invalid);
  EXPECT_EQ(refusal([](Terms& t) { t.request_id = std::string(1'001, 'x'); }),
            to_string(ErrorCode::kInvalidId));
  EXPECT_EQ(refusal([](Terms& t) { t.request_id = "\xc3"; }), to_string(ErrorCode::kInvalidId));
  EXPECT_EQ(refusal([](Terms& t) { t.request_id = "r"; }, ""), invalid);
  EXPECT_THAT(list(), SizeIs(0));
}

TEST_P(RunOptionsTest, LargestTermsAreKept) {
  StartRequest asked = request("reads", std::string(1'000, 'x'));
  asked.terms.run_timeout = asked.terms.execution_timeout = base::Duration::max();
  asked.terms.start_delay = base::Duration::max() - base::Duration(1);
  asked.terms.retry = every_minute(std::numeric_limits<std::int32_t>::max());
  asked.terms.retry->set_initial_interval_ms(std::numeric_limits<std::int64_t>::max());
  asked.terms.request_id = std::string("\0\x01 \x7f\n", 5);
  const StartRequest same = asked;
  const std::string first = started_by(asked);
  reopen();
  EXPECT_EQ(started_by(same), first);
  EXPECT_TRUE(describe(same.workflow_id)->delayed_until.has_value());
  skip(kHour);
  EXPECT_TRUE(cancel(same.workflow_id));
  EXPECT_EQ(describe(same.workflow_id)->status, RunStatus::kCancelled);
}

}  // namespace
}  // namespace reprise::testing::run_options_test
