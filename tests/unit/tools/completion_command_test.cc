// What the commands show of an attempt that is left open, and how they end it.
#include <gmock/gmock.h>

#include "tests/unit/tools/command_fixture.h"

namespace reprise::tools::completion_command_test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class CompletionCommands : public CommandFixture {
 protected:
  // A store without its engine; the run waits for its first attempt.
  void leave_open(bool limited) {
    open_engine();
    workflow("order", [this, limited](reprise::testing::Execution& e) {
      const auto asked = e.schedule_activity(
          [&](proto::ActivityScheduled& activity) {
            activity.set_name("ask");
            if (limited) activity.set_start_to_close_ms(24 * 3'600'000);
            activity.mutable_retry()->set_maximum_attempts(3);
            activity.set_on_cancel(on_cancel_);
          },
          reprise::testing::at(7));
      e.wait(*asked);
      const auto outcome = asked->take_outcome();
      return outcome.ok() ? reprise::testing::Outcome::success(outcome.payload())
                          : reprise::testing::Outcome::failed(outcome.failure());
    });
    activity("ask", [this](runtime::ActivityAttempt& attempt, std::string_view) {
      token_ = *attempt.token();
      attempt.leave_open();
      return reprise::testing::Outcome::success("");
    });
    start_worker();
    start("order", "order-7");
    if (on_cancel_ != proto::ActivityScheduled::TRY) {
      ASSERT_TRUE(cancel("order-7"));
    }
    close_engine();
  }
  void engine_goes_on() {
    open_engine();
    start_worker();
    skip(10 * 365 * 24 * base::Duration(3'600'000));  // commands go by the wall clock
    close_engine();
  }

  std::string token_;
  // The run is cancelled if this is not the default.
  proto::ActivityScheduled::OnCancel on_cancel_ = proto::ActivityScheduled::TRY;
};

TEST_F(CompletionCommands, ShowWhatIsWaitedFor) {
  leave_open(true);
  clock_.advance(base::Duration(3 * 3'600'000));
  const std::string line =
      "waits to be completed elsewhere (attempt 1, for 3h00m, limit in 21h00m)";
  EXPECT_THAT(reprise({"why", store_, "order-7"}).out, HasSubstr(line));
  EXPECT_THAT(reprise({"show", store_, "order-7"}).out, HasSubstr(line));
  EXPECT_THAT(reprise({"history", store_, "order-7"}).out,
              HasSubstr("AttemptLeftOpen #1 attempt 1; limit at "));
  const json shown = reprise_json({"why", store_, "order-7"})["waits_for"][0];
  EXPECT_TRUE(shown["left_open"].contains("since"));
  EXPECT_TRUE(shown["left_open"].contains("limit"));
  EXPECT_EQ(reprise_json({"stats", store_})["operations"].size(), 1U);
}

TEST_F(CompletionCommands, CompleteWithoutAnEngine) {
  leave_open(false);
  EXPECT_THAT(reprise({"why", store_, "order-7"}).out, HasSubstr("without a limit)"));
  EXPECT_EQ(reprise({"heartbeat", store_, token_, "--json", "50"}).out,
            "order-7: attempt 1 of activity #1 goes on; the run goes on when an engine runs\n");
  const Output done = reprise({"complete", store_, token_, "--json", R"({"by":"ann"})"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(
      done.out,
      "order-7: attempt 1 of activity #1 is completed; the run goes on when an engine runs\n");
  const Output again = reprise({"complete", store_, token_});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, StartsWith("reprise complete: RP3022 attempt 1 of activity 'ask'"));
  engine_goes_on();
  EXPECT_EQ(reprise_json({"show", store_, "order-7"})["result"]["by"], "ann");
  EXPECT_THAT(reprise({"history", store_, "order-7"}).out,
              HasSubstr(R"(ActivityCompleted #1 elsewhere {"by":"ann"})"));
}

TEST_F(CompletionCommands, FailWithoutAnEngine) {
  leave_open(false);
  EXPECT_EQ(
      reprise({"fail", store_, token_, "--message", "the desk is closed", "--type", "Closed"}).out,
      "order-7: attempt 1 of activity #1 has failed; the run goes on when an engine runs\n");
  EXPECT_THAT(reprise({"history", store_, "order-7"}).out,
              HasSubstr("AttemptFailed #1 attempt 1 elsewhere: Closed: the desk is closed"));
  const std::string first = token_;
  engine_goes_on();
  ASSERT_NE(token_, first);
  EXPECT_EQ(reprise({"fail", store_, first}).code, 1);
  EXPECT_EQ(reprise({"fail", store_, token_, "--no-retry"}).code, 0);
  engine_goes_on();
  EXPECT_EQ(reprise_json({"show", store_, "order-7"})["status"], "Failed");
}

TEST_F(CompletionCommands, ShowWhatIsToCancelAndReportThatItHas) {
  on_cancel_ = proto::ActivityScheduled::WAIT;
  leave_open(false);
  clock_.advance(base::Duration(5 * 60'000));
  const std::string line = "cancel requested 5m00s ago; the code waits for the end of its attempt";
  EXPECT_THAT(reprise({"why", store_, "order-7"}).out, HasSubstr(line));
  EXPECT_THAT(reprise({"show", store_, "order-7"}).out, HasSubstr(line));
  EXPECT_THAT(reprise({"history", store_, "order-7"}).out,
              AllOf(HasSubstr("ActivityScheduled #1 ask on_cancel wait"),
                    HasSubstr("ActivityCancelAwaited #1")));
  const json shown = reprise_json({"why", store_, "order-7"})["waits_for"][0];
  EXPECT_EQ(shown["on_cancel"], "wait");
  EXPECT_TRUE(shown.contains("cancel_asked"));
  const Output heartbeat = reprise({"heartbeat", store_, token_});
  EXPECT_EQ(heartbeat.code, 1);
  EXPECT_THAT(heartbeat.err, HasSubstr("RP3023 activity #1 of run 'order-7' is cancelled"));
  EXPECT_EQ(reprise({"fail", store_, token_, "--cancelled", "--message", "stopped"}).code, 0);
  EXPECT_THAT(
      reprise({"history", store_, "order-7"}).out,
      HasSubstr("ActivityFailed #1 elsewhere activity 'ask' was cancelled at attempt 1: stopped"));
  EXPECT_EQ(reprise_json({"stats", store_})["operations"][0]["cancelled"], 1);
  engine_goes_on();
  EXPECT_EQ(reprise_json({"show", store_, "order-7"})["status"], "Cancelled");
}

TEST_F(CompletionCommands, ShowWhatACancellationDoesNotStop) {
  open_engine();
  workflow("order", [](reprise::testing::Execution& e) {
    const auto asked = e.schedule_activity(
        [&](proto::ActivityScheduled& activity) {
          activity.set_name("ask");
          activity.set_on_cancel(activity.ABANDON);
        },
        reprise::testing::at(7));
    const auto never = e.next_signal("never");
    e.wait(*never);
    return reprise::testing::Outcome();
  });
  start_worker();
  start("order", "order-7");
  close_engine();
  EXPECT_THAT(reprise({"why", store_, "order-7"}).out,
              HasSubstr("a cancellation does not stop it, and need not be in the log"));
  EXPECT_THAT(reprise({"history", store_, "order-7"}).out,
              HasSubstr("ActivityScheduled #1 ask on_cancel abandon"));
}

TEST_F(CompletionCommands, RefuseWhatIsNotAToken) {
  leave_open(false);
  for (const std::string& token : {std::string("token"), token_ + "A", token_.substr(1),
                                   std::string(5'000, 'A'), std::string("\x1b[31m")}) {
    for (const char* const command : {"complete", "fail", "heartbeat"}) {
      const Output refused = reprise({command, store_, token});
      EXPECT_EQ(refused.code, 1) << token;
      EXPECT_THAT(refused.err, HasSubstr("RP3020"));
    }
  }
  EXPECT_EQ(reprise({"complete", store_}).code, 2) << "which attempt?";
  EXPECT_THAT(reprise({"complete", store_, token_, "--json", "ann"}),
              ::testing::Field(&Output::err, HasSubstr("ann is no JSON")));
  EXPECT_EQ(reprise({"complete", directory_ / "nothing", token_}).code, 2);
  EXPECT_EQ(reprise({"complete", store_, token_}).code, 0) << "nothing was recorded before";
}

// The secret is nowhere to be seen.
TEST_F(CompletionCommands, NothingShowsTheKeyOfTheTokens) {
  leave_open(false);
  EXPECT_EQ(reprise({"check", store_}).code, 0);
  for (const char* const command : {"export", "history", "show", "why"}) {
    const Output output = reprise({command, store_, "order-7"});
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_EQ(output.out.find("token"), std::string::npos) << command;
  }
}

}  // namespace
}  // namespace reprise::tools::completion_command_test
