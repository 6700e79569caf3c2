// How the commands show runs that are tried again, and runs that are delayed.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/unit/tools/sample_store.h"

namespace reprise::tools {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// A run that has failed twice and waits for its third attempt, and one that is delayed.
class AttemptsTest : public SampleStore {
 protected:
  void make_attempts() {
    open_engine();
    workflow("flaky", [](reprise::testing::Execution&) {
      return reprise::testing::application_failure("Busy", "try again");
    });
    start_worker();
    runtime::StartRequest request{.workflow = "flaky", .workflow_id = "job-1"};
    request.input = cbor(json::array({7}));
    request.terms.execution_timeout = 10 * kHour;
    request.terms.request_id = "req\x1b[31m";
    proto::RetryPolicy& retry = request.terms.retry.emplace();
    retry.set_initial_interval_ms(kHour.count());
    retry.set_maximum_interval_ms(kHour.count());
    retry.set_backoff_coefficient(1);
    retry.set_maximum_attempts(5);
    start(request);
    skip(kHour + kSecond);
    for (const runtime::RunDescription& run : list()) ids_.push_back(run.run_id.to_string());
    start({.workflow = "flaky", .workflow_id = "job-2", .terms = {.start_delay = 2 * kHour}});
    close_engine();
  }
  std::vector<std::string> ids_;  // the newest first
};

TEST_F(AttemptsTest, AreSeenFromEachOfTheirRuns) {
  make_attempts();
  ASSERT_THAT(ids_, SizeIs(3));
  const std::string newest = reprise({"show", store_, "job-1"}).out;
  EXPECT_THAT(newest, HasSubstr("retries   run " + ids_[1] + "; the first of its chain is " +
                                ids_[2] + "\n"));
  EXPECT_THAT(newest, HasSubstr("attempt   3 of 5\n"));
  EXPECT_THAT(newest, HasSubstr("delayed   until "));
  EXPECT_THAT(newest, HasSubstr(", of the whole chain\n"));
  EXPECT_THAT(newest, HasSubstr("request   req\\x1b[31m\n"));
  const std::string first = reprise({"show", store_, ids_[2]}).out;
  EXPECT_THAT(first, HasSubstr("attempt   1 of 5\n"));
  EXPECT_THAT(first, HasSubstr("Busy: try again"));
  EXPECT_THAT(first, HasSubstr("retried   as run " + ids_[1] + "\n"));
  EXPECT_THAT(reprise({"why", store_, ids_[2]}).out,
              HasSubstr("it was retried as run " + ids_[1] + "\n"));
  const std::string why = reprise({"why", store_, "job-1"}).out;
  EXPECT_THAT(why, HasSubstr("its code: attempt 3, after a failure, runs in 59m59s, at "));
  EXPECT_THAT(why,
              HasSubstr("its execution_timeout, which is that of the whole chain, ends it in"));
  EXPECT_THAT(reprise({"why", store_, "job-2"}).out,
              HasSubstr("its code: it was started with a delay and runs in 2h00m, at "));
  const std::string runs = reprise({"list", store_}).out;
  EXPECT_THAT(runs, HasSubstr("Delayed"));
  EXPECT_THAT(runs, HasSubstr("Failed"));
}

TEST_F(AttemptsTest, AreInEachJson) {
  make_attempts();
  const json list = reprise_json({"list", store_});
  ASSERT_THAT(list, SizeIs(4));
  EXPECT_EQ(list[1]["attempt"], 3);
  EXPECT_EQ(list[1]["status"], "Running");
  EXPECT_TRUE(list[0].contains("delayed_until"));
  EXPECT_FALSE(list[0].contains("attempt"));
  EXPECT_TRUE(list[1].contains("execution_limit"));
  EXPECT_EQ(list[1]["retry"]["maximum_attempts"], 5);
  EXPECT_EQ(list[1]["request_id"], "req\x1b[31m");
  EXPECT_EQ(list[2]["continued_to"], ids_[0]);
  const json stats = reprise_json({"stats", store_});
  EXPECT_EQ(stats["retried_runs"], 2);
  EXPECT_EQ(stats["delayed_runs"], 2);
  EXPECT_THAT(reprise({"stats", store_}).out,
              HasSubstr("2 of these runs were tried again as others, 2 wait for their time\n"));
}

TEST_F(AttemptsTest, AreInTheHistories) {
  make_attempts();
  const std::string middle = reprise({"history", store_, ids_[1]}).out;
  EXPECT_THAT(middle, HasSubstr("RunStarted flaky delayed until "));
  EXPECT_THAT(middle, HasSubstr("attempt 2, retries run " + ids_[2] + " [7]"));
  EXPECT_THAT(middle, HasSubstr("DelayEnded"));
  EXPECT_THAT(middle, HasSubstr("; retried in 1h00m as run " + ids_[0]));
  const std::string exported = reprise({"export", store_, ids_[1], "--compact"}).out;
  EXPECT_THAT(exported, HasSubstr("\"next_run_id\":\"" + ids_[0] + "\""));
  EXPECT_EQ(reprise({"check", store_}).code, 0);
}

}  // namespace
}  // namespace reprise::tools
