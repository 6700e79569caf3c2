// Attempts that are left open, in an engine over a directory: what clients may do with their
// tokens, before and after a restart, and when their limits end them.
#include <algorithm>
#include <filesystem>
#include <optional>

#include <gmock/gmock.h>

#include "event/catalogue.h"
#include "runtime/completion_token.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::completions_test {
namespace {

using base::ErrorCode;
using runtime::ActivityAttempt;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t kSecond = 1'000;

// The parameter: how many records go to the archive at a time.
class Completions : public EngineFixture, public ::testing::WithParamInterface<std::size_t> {
 protected:
  Completions() {
    spec_.set_name("ask");
    spec_.mutable_retry()->set_initial_interval_ms(kSecond);
    workflow("order", [this](Execution& e) {
      const auto asked = e.schedule_activity(
          [this](proto::ActivityScheduled& activity) { activity.MergeFrom(spec_); }, at(7));
      const auto stop = e.next_signal("stop");
      replay::Operation* const both[] = {asked.get(), stop.get()};
      const auto first = e.wait_first(both);
      if (first == 1U) {
        e.cancel(*asked, at(8));
        const auto go = e.next_signal("go");
        (void)e.wait(*go);
        return Outcome::success("stopped");
      }
      const Outcome outcome = asked->take_outcome();
      return outcome.ok() ? Outcome::success(outcome.payload())
                          : Outcome::failed(outcome.failure());
    });
    activity("ask", [this](ActivityAttempt& attempt, std::string_view) {
      tokens_.push_back(*attempt.token());
      details_.emplace_back(attempt.heartbeat_details());
      attempt.leave_open();
      return Outcome::success("what is returned counts for nothing");
    });
    reopen();
  }
  ~Completions() override {
    worker_.reset();
    engine_.reset();
  }

  void reopen() {
    worker_.reset();
    engine_.reset();
    auto with_slice = options();
    with_slice.archive_slice = GetParam();
    auto opened = runtime::Engine::open(directory_ / "store", with_slice);
    ASSERT_TRUE(opened) << opened.error().text();
    engine_ = std::move(*opened);
    start_worker();
    settle();
  }

  // 0: done.
  template <class Verb>
  int ask(Verb asked) {
    std::optional<base::Status> answer;
    asked.reply = [&](const base::Status& status) { answer = status; };
    engine_->ask(std::move(asked));
    settle();
    if (!answer) return -1;
    if (!*answer) why_ = answer->error().message;
    return *answer ? 0 : static_cast<int>(answer->error().code);
  }
  int complete(const std::string& token, const std::string& result = "yes") {
    return ask(runtime::verb::Complete{.token = token, .result = result});
  }
  int fail(const std::string& token, const std::string& message, bool final = false) {
    proto::Failure failure;
    failure.set_kind(proto::Failure::APPLICATION);
    failure.set_message(message);
    failure.set_non_retryable(final);
    return ask(runtime::verb::Fail{.token = token, .failure = failure});
  }
  int heartbeat(const std::string& token, const std::string& details = {}) {
    return ask(runtime::verb::Heartbeat{.token = token, .details = details});
  }
  Watch watch(std::string id) {
    auto watch = std::make_shared<runtime::RunWatch>();
    engine_->ask(runtime::verb::Watch{{std::move(id), {}}, watch});
    settle();
    return watch;
  }
  // The kinds of the inputs in the history that are bookkeeping or answers.
  std::vector<std::string> events(const std::string& id) {
    std::vector<std::string> names;
    for (const proto::Turn& turn : history(id)) {
      for (const auto& input : turn.inputs()) names.emplace_back(event::row_of(input).name);
    }
    return names;
  }

  testing::TemporaryDirectory directory_;
  proto::ActivityScheduled spec_;
  std::vector<std::string> tokens_;
  std::vector<std::string> details_;
  std::string why_;
};

constexpr int kInvalid = 3020;
constexpr int kLate = 3021;
constexpr int kRepeated = 3022;

TEST_P(Completions, TheFirstCompletionCounts) {
  const auto run = start("order", "o-1");
  ASSERT_THAT(tokens_, SizeIs(1));
  EXPECT_EQ(complete(tokens_[0]), 0);
  EXPECT_EQ(result(run), "yes");
  EXPECT_EQ(complete(tokens_[0]), kRepeated);
  EXPECT_EQ(complete(tokens_[0], "no"), kRepeated);
  EXPECT_EQ(fail(tokens_[0], "no"), kRepeated);
  EXPECT_EQ(heartbeat(tokens_[0]), kRepeated);
  EXPECT_THAT(why_, HasSubstr("attempt 1 of activity 'ask', #1 of run 'o-1' was completed with "
                              "this token before"));
  EXPECT_THAT(events("o-1"), ElementsAre("RunStarted", "AttemptLeftOpen", "ActivityCompleted"));
}

TEST_P(Completions, SurvivesRestartsWithoutAnotherAttempt) {
  (void)start("order", "o-1");
  for (int i = 0; i < 3; ++i) {
    reopen();
    clock_.advance(base::Duration(24 * 3'600 * kSecond));
    settle();
  }
  EXPECT_THAT(tokens_, SizeIs(1));
  const auto described = describe("o-1");
  ASSERT_TRUE(described);
  ASSERT_THAT(described->activities, SizeIs(1));
  EXPECT_TRUE(described->activities[0].open_since);
  EXPECT_FALSE(described->activities[0].limit);
  EXPECT_EQ(complete(tokens_[0]), 0);
  EXPECT_EQ(result(watch("o-1")), "yes");
  reopen();
  EXPECT_EQ(complete(tokens_[0]), kRepeated);
}

TEST_P(Completions, TwoInTheSameRoundAreOne) {
  const auto run = start("order", "o-1");
  std::vector<int> answers;
  for (int i = 0; i < 3; ++i) {
    engine_->ask(runtime::verb::Complete{
        .token = tokens_[0], .result = std::to_string(i), .reply = [&](const base::Status& status) {
          answers.push_back(status ? 0 : static_cast<int>(status.error().code));
        }});
  }
  EXPECT_THAT(answers, SizeIs(0)) << "nothing is durable";
  settle();
  EXPECT_THAT(answers, UnorderedElementsAre(0, kRepeated, kRepeated));
  EXPECT_EQ(result(run), "0");
}

TEST_P(Completions, AFailureIsFollowedByAnAttemptWithAnotherToken) {
  const auto run = start("order", "o-1");
  EXPECT_EQ(heartbeat(tokens_[0], "half"), 0);
  EXPECT_EQ(fail(tokens_[0], "nobody is there"), 0);
  EXPECT_EQ(fail(tokens_[0], "nobody is there"), kRepeated);
  reopen();
  skip(base::Duration(kSecond));
  ASSERT_THAT(tokens_, SizeIs(2));
  EXPECT_THAT(details_, ElementsAre("", "half"));
  EXPECT_EQ(complete(tokens_[0]), kRepeated);
  EXPECT_EQ(fail(tokens_[1], "for good", true), 0);
  EXPECT_EQ(fail(tokens_[1], "for good", true), kRepeated);
  EXPECT_THAT(result(watch("o-1")), HasSubstr("activity 'ask' failed at attempt 2: for good"));
  const auto turns = history("o-1");
  int elsewhere = 0;
  for (const proto::Turn& turn : turns) {
    for (const auto& input : turn.inputs()) {
      elsewhere += input.attempt_failed().elsewhere() || input.activity_failed().elsewhere();
    }
  }
  EXPECT_EQ(elsewhere, 2);
}

// ---- limits -----------------------------------------------------------------------------------

TEST_P(Completions, ALimitEndsTheAttemptAtItsTimeAlsoAfterARestart) {
  spec_.set_start_to_close_ms(10 * kSecond);
  const auto run = start("order", "o-1");
  const auto described = describe("o-1");
  EXPECT_EQ(described->activities[0].limit, clock_.now() + base::Duration(10 * kSecond));
  skip(base::Duration(6 * kSecond));
  reopen();
  skip(base::Duration(4 * kSecond - 1));
  EXPECT_THAT(tokens_, SizeIs(1));
  skip(base::Duration(1 + kSecond));
  ASSERT_THAT(tokens_, SizeIs(2));
  EXPECT_EQ(complete(tokens_[0]), kLate);
  EXPECT_THAT(why_, HasSubstr("has failed: the attempt overran its start_to_close limit"));
  EXPECT_EQ(heartbeat(tokens_[0]), kLate);
  EXPECT_EQ(complete(tokens_[1]), 0);
  EXPECT_EQ(result(watch("o-1")), "yes");
}

TEST_P(Completions, ALimitThatPassedWhileNoEngineRanCounts) {
  spec_.set_start_to_close_ms(10 * kSecond);
  (void)start("order", "o-1");
  clock_.advance(base::Duration(11 * kSecond));
  reopen();
  skip(base::Duration(kSecond));
  EXPECT_THAT(tokens_, SizeIs(2));
  EXPECT_EQ(complete(tokens_[0]), kLate);
}

TEST_P(Completions, HeartbeatsMoveTheirLimit) {
  spec_.set_heartbeat_ms(10 * kSecond);
  (void)start("order", "o-1");
  for (int i = 0; i < 5; ++i) {
    skip(base::Duration(8 * kSecond));
    EXPECT_EQ(heartbeat(tokens_[0], std::to_string(i)), 0);
    if (i % 2 == 1) reopen();
  }
  EXPECT_THAT(tokens_, SizeIs(1));
  skip(base::Duration(11 * kSecond));
  ASSERT_THAT(tokens_, SizeIs(2));
  EXPECT_EQ(details_[1], "4");
  EXPECT_EQ(heartbeat(tokens_[0]), kLate);
  EXPECT_THAT(why_, HasSubstr("overran its heartbeat limit"));
}

TEST_P(Completions, AHeartbeatWithoutDetailsKeepsTheOldOnes) {
  (void)start("order", "o-1");
  EXPECT_EQ(heartbeat(tokens_[0], "half"), 0);
  skip(base::Duration(2 * kSecond));
  EXPECT_EQ(heartbeat(tokens_[0]), 0);
  reopen();
  EXPECT_EQ(fail(tokens_[0], "no"), 0);
  skip(base::Duration(kSecond));
  EXPECT_THAT(details_, ElementsAre("", "half"));
}

TEST_P(Completions, AtMostOneHeartbeatASecondIsRecorded) {
  (void)start("order", "o-1");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(heartbeat(tokens_[0], std::to_string(i)), 0);
    skip(base::Duration(100));
  }
  const auto names = events("o-1");
  EXPECT_LE(std::count(names.begin(), names.end(), "HeartbeatRecorded"), 3);
  EXPECT_EQ(fail(tokens_[0], "no"), 0);
  skip(base::Duration(kSecond));
  EXPECT_THAT(details_, ElementsAre("", "19"));
}

TEST_P(Completions, AllAttemptsTogetherHaveALimit) {
  spec_.set_schedule_to_close_ms(10 * kSecond);
  (void)start("order", "o-1");
  reopen();
  skip(base::Duration(11 * kSecond));
  EXPECT_THAT(result(watch("o-1")), HasSubstr("it did not end in time, retries included"));
  EXPECT_EQ(complete(tokens_[0]), kLate);
}

// ---- what else ends it ------------------------------------------------------------------------

TEST_P(Completions, OfACancelledActivityItIsLate) {
  (void)start("order", "o-1");
  EXPECT_TRUE(signal("o-1", "stop"));
  EXPECT_EQ(heartbeat(tokens_[0]), kLate);
  EXPECT_THAT(why_, HasSubstr("was cancelled"));
  EXPECT_EQ(complete(tokens_[0]), kLate);
  EXPECT_TRUE(signal("o-1", "go"));
  EXPECT_EQ(result(watch("o-1")), "stopped");
  EXPECT_EQ(fail(tokens_[0], "no"), kLate);
}

TEST_P(Completions, OfARunThatHasEndedItIsLate) {
  (void)start("order", "o-1");
  EXPECT_TRUE(terminate("o-1"));
  EXPECT_EQ(complete(tokens_[0]), kLate);
  EXPECT_THAT(why_, HasSubstr("ended with its run"));
  reopen();
  EXPECT_EQ(complete(tokens_[0]), kLate);
  clock_.advance(base::Duration(1));  // the next process makes other run ids
  (void)start("order", "o-1");
  EXPECT_EQ(complete(tokens_[0]), kLate) << "the newest run of that id is another one";
  EXPECT_EQ(complete(tokens_[1]), 0);
}

TEST_P(Completions, OfARunThatIsNotThereItIsNotFound) {
  (void)start("order", "o-1");
  auto attempt = *runtime::read_token(tokens_[0]);
  attempt.operation = 9;
  const auto forged = runtime::CompletionTokens(runtime::CompletionTokens::Key{}).make(attempt);
  EXPECT_EQ(complete(*forged), kInvalid);
  worker_.reset();
  engine_.reset();
  std::filesystem::remove_all(directory_ / "store");
  const std::string of_lost_store = tokens_[0];
  reopen();
  EXPECT_EQ(complete(of_lost_store), kInvalid) << "a new store has a new key";
}

// ---- while the function runs ------------------------------------------------------------------

TEST_P(Completions, MayComeBeforeTheFunctionReturns) {
  int answer = -1;
  code().activities["ask"] = [&](ActivityAttempt& attempt, std::string_view) {
    tokens_.push_back(*attempt.token());
    engine_->ask(runtime::verb::Complete{
        .token = tokens_.back(), .result = "early", .reply = [&](const base::Status& status) {
          answer = status ? 0 : static_cast<int>(status.error().code);
        }});
    settle();
    attempt.leave_open();
    return Outcome::success("");
  };
  reopen();
  const auto run = start("order", "o-1");
  EXPECT_EQ(answer, 0);
  EXPECT_EQ(result(run), "early");
  EXPECT_THAT(events("o-1"), ElementsAre("RunStarted", "ActivityCompleted"));
  EXPECT_EQ(complete(tokens_[0]), kRepeated);
}

TEST_P(Completions, AFunctionThatThrowsLeavesNothingOpen) {
  code().activities["ask"] = [&](ActivityAttempt& attempt, std::string_view) {
    tokens_.push_back(*attempt.token());
    attempt.leave_open();
    return tokens_.size() == 1 ? application_failure("Busy", "no") : Outcome::success("");
  };
  reopen();
  (void)start("order", "o-1");
  EXPECT_EQ(complete(tokens_[0]), kLate);
  EXPECT_THAT(why_, HasSubstr("has failed: no"));
  skip(base::Duration(kSecond));
  EXPECT_EQ(complete(tokens_[1]), 0);
}

TEST_P(Completions, WhatItsWorkerCompletedIsLate) {
  code().activities["ask"] = [&](ActivityAttempt& attempt, std::string_view) {
    tokens_.push_back(*attempt.token());
    return Outcome::success("by itself");
  };
  reopen();
  EXPECT_EQ(result(start("order", "o-1")), "by itself");
  EXPECT_EQ(complete(tokens_[0]), kLate);
  EXPECT_THAT(why_, HasSubstr("was completed by its worker"));
}

TEST_P(Completions, ManyWaitWithoutThreads) {
  constexpr int kRuns = 300;
  for (const Watch& run : submit_many("order", kRuns)) EXPECT_FALSE(run->ready());
  settle();
  ASSERT_THAT(tokens_, SizeIs(kRuns));
  reopen();
  EXPECT_THAT(tokens_, SizeIs(kRuns));
  for (const std::string& token : tokens_) EXPECT_EQ(complete(token), 0);
}

INSTANTIATE_TEST_SUITE_P(ArchiveSlice,
                         Completions,
                         ::testing::Values(std::size_t{1}, std::size_t{1'000'000}),
                         [](const auto& slice) { return slice.index == 0 ? "All" : "None"; });

}  // namespace
}  // namespace reprise::testing::completions_test
