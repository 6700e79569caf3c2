// What the commands that read a store print: list, show, why, history, stats.
#include <gmock/gmock.h>

#include "tests/unit/tools/sample_store.h"

namespace reprise::tools::reading_test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class ReadingTest : public SampleStore {};

// ---- list -------------------------------------------------------------------------------------

TEST_F(ReadingTest, ListsRunsTheNewestFirst) {
  make_store();
  const Output output = reprise({"list", store_});
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_EQ(output.out,
            R"(STATUS     WORKFLOW  WORKFLOW ID  STARTED               DURATION  EVENTS  RUN ID
Running    checkout  order-6      2023-11-15 00:13:32Z       0ms       1  7baff3d39f98
Running    checkout  order-2      2023-11-15 00:13:31Z     262ms       5  112ebdaac8b7
Failed     refuse    order-5      2023-11-15 00:13:31Z       0ms       4  1c8f37f694e6
Running    checkout  order-3      2023-11-15 00:13:30Z    1.524s       6  fd01d2951a0e
Running    checkout  order-4      2023-11-14 23:13:30Z     1h00m       7  ffd9046c54e4
Completed  checkout  order-1      2023-11-14 22:13:20Z     1h00m      11  347a546705f3
)");
}

TEST_F(ReadingTest, ListsWhatIsAskedFor) {
  make_store();
  const auto ids = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"list", store_});
    std::string found;
    for (const json& run : reprise_json(arguments)) {
      found += std::string(run["workflow_id"]).substr(6) + " ";
    }
    return found;
  };
  EXPECT_EQ(ids({}), "6 2 5 3 4 1 ");
  EXPECT_EQ(ids({"--status", "running"}), "6 2 3 4 ");
  EXPECT_EQ(ids({"--status", "Failed"}), "5 ");
  EXPECT_EQ(ids({"--type", "checkout", "--limit", "3"}), "6 2 3 ");
  EXPECT_EQ(ids({"--id-prefix", "order-4"}), "4 ");
  EXPECT_EQ(ids({"--since", "30m"}), "6 2 5 3 ");
  EXPECT_EQ(ids({"--since", "2h", "--limit", "0"}), "6 2 5 3 4 ");
  EXPECT_EQ(ids({"--since", "2023-11-14T23:00"}), "6 2 5 3 4 ");
  EXPECT_EQ(ids({"--since", "2024-01-01"}), "");
  const Output cut = reprise({"list", store_, "--limit", "2"});
  EXPECT_THAT(cut.err, HasSubstr("there are more"));
  EXPECT_EQ(reprise({"list", store_, "--limit", "6"}).err, "");
}

TEST_F(ReadingTest, AListOfOneRunSaysAllThatIsKnown) {
  make_store();
  const json list = reprise_json({"list", store_, "--id-prefix", "order-1"});
  ASSERT_THAT(list, SizeIs(1));
  EXPECT_EQ(list[0]["status"], "Completed");
  EXPECT_EQ(list[0]["started"], "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(list[0]["events"], 11);
  EXPECT_EQ(list[0]["duration_ms"], 3'610'262);
  EXPECT_EQ(list[0]["task_queue"], "default");
  EXPECT_FALSE(list[0].contains("quarantined"));
}

// ---- show -------------------------------------------------------------------------------------

TEST_F(ReadingTest, ShowsWhatARunDid) {
  make_store();
  const Output output = reprise({"show", store_, "order-1", "--payloads"});
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_EQ(output.out, R"(run       order-1
workflow  checkout
run id    018bcfe5-6800-77d9-a2c1-347a546705f3
status    Completed after 1h00m
started   2023-11-14 22:13:20.000Z
ended     2023-11-14 23:13:30.262Z
queue     default
events    11
input     [{"id":"order-1"}]

     AT    TOOK  STATE  WHAT                 ATTEMPTS  CALLED AT
   +0ms    12ms  done   activity #1 reserve         1  tests/workflow.cc:10
            input  {"count":2,"sku":"mug"}
            result true
  +12ms  3.750s  done   activity #2 charge          3  tests/workflow.cc:11
            attempt 1 failed after 250ms: Unavailable: busy; retry in 1s
            attempt 2 failed after 1.500s: Unavailable: busy; retry in 2s
            input  {"cents":1900}
            result "C-7"
+3.762s   1h00m  done   timer #3 1h00m                 tests/workflow.cc:12
 +1h00m                 signal packed
            input  "by Ann"

result    {"parcel":"P-1"}
)");
}

TEST_F(ReadingTest, ShowsAFailureWithoutItsControlCharacters) {
  make_store();
  const Output output = reprise({"show", store_, "order-5"});
  EXPECT_EQ(output.out, R"(run       order-5
workflow  refuse
run id    018bd053-730a-71a1-8644-1c8f37f694e6
status    Failed after 0ms
started   2023-11-15 00:13:31.786Z
ended     2023-11-15 00:13:31.786Z
queue     default
events    4

  AT  TOOK  STATE   WHAT                 ATTEMPTS  CALLED AT
+0ms   0ms  failed  activity #1 inspect         1  tests/workflow.cc:20
            attempt 1 failed after 0ms: Closed: the shop is closed

failure   OutOfStock: no mugs\x1b[31m left
)");
}

TEST_F(ReadingTest, ColoursOnlyWhenAsked) {
  make_store();
  const std::string green = "\x1b[32m";
  EXPECT_THAT(reprise({"show", store_, "order-1"}).out, Not(HasSubstr("\x1b")));
  const std::string coloured = reprise({"show", store_, "order-1", "--color", "always"}).out;
  EXPECT_THAT(coloured, HasSubstr("\x1b[32mdone\x1b[0m"));
  EXPECT_THAT(coloured, HasSubstr("\x1b[31m            attempt 1 failed"));
  EXPECT_THAT(reprise({"show", store_, "order-3", "--color", "always"}).out,
              HasSubstr("\x1b[33mwaiting\x1b[0m"));
  EXPECT_THAT(reprise({"list", store_, "--color", "never"}).out, Not(HasSubstr("\x1b")));
}

TEST_F(ReadingTest, ShowsARunAsJson) {
  make_store();
  const json shown = reprise_json({"show", store_, "order-1"});
  EXPECT_EQ(shown["input"][0]["id"], "order-1");
  EXPECT_EQ(shown["result"]["parcel"], "P-1");
  ASSERT_THAT(shown["operations"], SizeIs(4));
  const json& charge = shown["operations"][1];
  EXPECT_EQ(charge["name"], "charge");
  EXPECT_EQ(charge["attempts"], 3);
  EXPECT_THAT(charge["failures"], SizeIs(2));
  EXPECT_EQ(charge["failures"][0]["failure"], "Unavailable: busy");
  EXPECT_EQ(charge["call_site"], "tests/workflow.cc:11");
  EXPECT_EQ(charge["result"], "C-7");
  EXPECT_EQ(shown["operations"][3]["input"], "by Ann");
}

// ---- why --------------------------------------------------------------------------------------

TEST_F(ReadingTest, SaysWhatARunWaitsFor) {
  make_store();
  const auto why = [&](const std::string& id) {
    const std::string text = reprise({"why", store_, id}).out;
    return text.substr(0, text.find("\n\n"));
  };
  EXPECT_EQ(why("order-1"), R"(order-1 is Completed, started 2023-11-14 22:13:20.000Z (2h00m ago)
  it waits for nothing: it ended 1h00m ago
)");
  EXPECT_EQ(why("order-2"), R"(order-2 is Running, started 2023-11-15 00:13:31.786Z (262ms ago)
  activity #2 charge, asked for 250ms ago, called at tests/workflow.cc:11
      attempt 1 failed 0ms ago: Unavailable: busy
      attempt 2 may begin in 1s, at 2023-11-15 00:13:33.048Z
  a signal, an update or a condition may be what it waits for as well: the log does not
  say; signals received so far: none)");
  EXPECT_EQ(why("order-3"), R"(order-3 is Running, started 2023-11-15 00:13:30.524Z (1.524s ago)
  timer #3 of 1h00m, asked for 1.262s ago, called at tests/workflow.cc:12
      fires in 59m58s, at 2023-11-15 01:13:30.786Z
  a signal, an update or a condition may be what it waits for as well: the log does not
  say; signals received so far: none)");
  EXPECT_EQ(why("order-4"), R"(order-4 is Running, started 2023-11-14 23:13:30.262Z (1h00m ago)
  a signal that nobody has sent: no activity, step, timer, message or child is under
  way, so its code waits for one, for an update, or for a condition that these make true;
  received so far: none)");
  EXPECT_EQ(why("order-5"), R"(order-5 is Failed, started 2023-11-15 00:13:31.786Z (262ms ago)
  it waits for nothing: it ended 262ms ago: OutOfStock: no mugs\x1b[31m left
)");
  EXPECT_EQ(why("order-6"), R"(order-6 is Running, started 2023-11-15 00:13:32.048Z (0ms ago)
  its code: inputs that it has not seen are recorded (1). No worker of task queue 'elsewhere'
  was there that has workflow 'checkout', or the run was parked: its code met a bug, or did not
  match the history
  a signal, an update or a condition may be what it waits for as well: the log does not
  say; signals received so far: none)");
  EXPECT_THAT(reprise({"why", store_, "order-4"}).out,
              HasSubstr("WORKER replay --store " + store_));
}

// The engine notes it outside the histories, and the note outlives the engine.
TEST_F(ReadingTest, SaysThatARunIsParked) {
  open_engine();
  using reprise::testing::wait_for_signal;
  workflow("broken", [](replay::Execution& e) -> replay::Outcome {
    if (e.info().workflow_id == "bad") throw std::logic_error("a \x1b bug");
    return wait_for_signal(e);
  });
  start_worker();
  start("broken", "bad");
  start("broken", "good");
  close_engine();

  const json list = reprise_json({"list", store_});
  ASSERT_THAT(list, SizeIs(2));
  EXPECT_FALSE(list[0].contains("parked"));
  EXPECT_EQ(list[1]["parked"]["code"], "RP2002");
  EXPECT_THAT(list[1]["parked"]["report"].get<std::string>(), HasSubstr("bug"));
  EXPECT_THAT(reprise({"list", store_}).out, HasSubstr("parked   broken"));
  const std::string why = reprise({"why", store_, "bad"}).out;
  EXPECT_THAT(why, HasSubstr("the engine has parked it"));
  EXPECT_THAT(why, HasSubstr("RP2002"));
  EXPECT_THAT(why, HasSubstr("a \\x1b bug"));
  EXPECT_THAT(reprise({"why", store_, "good"}).out, HasSubstr("has not parked it"));
  EXPECT_EQ(reprise_json({"why", store_, "bad"})["parked"]["code"], "RP2002");

  open_engine();
  workflow("broken", wait_for_signal);
  start_worker();
  settle();
  close_engine();
  EXPECT_FALSE(reprise_json({"list", store_})[1].contains("parked"));
}

TEST_F(ReadingTest, SaysWhatARunWaitsForAsJson) {
  make_store();
  const json retry = reprise_json({"why", store_, "order-2"});
  ASSERT_THAT(retry["waits_for"], SizeIs(1));
  EXPECT_EQ(retry["waits_for"][0]["name"], "charge");
  EXPECT_TRUE(retry["waits_for"][0]["failures"][0].contains("next_attempt"));
  const json timer = reprise_json({"why", store_, "order-3"});
  EXPECT_EQ(timer["waits_for"][0]["kind"], "timer");
  EXPECT_TRUE(timer["waits_for"][0].contains("fires"));
  EXPECT_THAT(reprise_json({"why", store_, "order-4"})["waits_for"], SizeIs(0));
  EXPECT_EQ(reprise_json({"why", store_, "order-6"})["unapplied_inputs"], 1);
}

// ---- history, stats ---------------------------------------------------------------------------

TEST_F(ReadingTest, PrintsEventsAsMismatchReportsNumberThem) {
  make_store();
  EXPECT_EQ(reprise({"history", store_, "order-1"}).out,
            R"(     1  2023-11-14 22:13:20.000Z  RunStarted checkout [{"id":"order-1"}]
     2  2023-11-14 22:13:20.000Z  ActivityScheduled #1 reserve {"count":2,"sku":"mug"}  at tests/workflow.cc:10
     3  2023-11-14 22:13:20.012Z  ActivityCompleted #1 true
     4  2023-11-14 22:13:20.012Z  ActivityScheduled #2 charge {"cents":1900}  at tests/workflow.cc:11
     5  2023-11-14 22:13:20.262Z  AttemptFailed #2 attempt 1: Unavailable: busy; next at 2023-11-14 22:13:21.262Z
     6  2023-11-14 22:13:21.512Z  AttemptFailed #2 attempt 2: Unavailable: busy; next at 2023-11-14 22:13:23.512Z
     7  2023-11-14 22:13:23.762Z  ActivityCompleted #2 "C-7"
     8  2023-11-14 22:13:23.762Z  TimerStarted #3 1h00m  at tests/workflow.cc:12
     9  2023-11-14 23:13:23.762Z  TimerFired #3
    10  2023-11-14 23:13:30.262Z  SignalReceived packed "by Ann"
    11  2023-11-14 23:13:30.262Z  RunCompleted {"parcel":"P-1"}
)");
  EXPECT_EQ(reprise({"history", store_, "order-1", "--json"}).out,
            reprise({"export", store_, "order-1", "--compact"}).out);
  EXPECT_THAT(reprise({"history", store_, "order-6"}).out, EndsWith("(deferred)\n"));
}

TEST_F(ReadingTest, CountsRunsAndTimesActivities) {
  make_store();
  EXPECT_EQ(reprise({"stats", store_}).out,
            R"(WORKFLOW  RUNS  RUNNING  COMPLETED  FAILED   MEAN    P99    MAX
checkout     5        4          1       0  1h00m  1h00m  1h00m
refuse       1        0          0       1    0ms    0ms    0ms

OPERATION         CALLS  DONE  FAILED  CANCELLED  WAITING  ATTEMPTS  OF THEM FAILED    MEAN     P99     MAX
activity charge       4     3       0          0        1         6               3  1.417s  3.750s  3.750s
activity inspect      1     0       1          0        0         1               1     0ms     0ms     0ms
activity reserve      4     4       0          0        0         4               0    12ms    12ms    12ms
timers                3     2       0          0        1                             1h00m   1h00m   1h00m
)");
  const json stats = reprise_json({"stats", store_});
  EXPECT_EQ(stats["workflows"]["checkout"]["by_status"]["Running"], 4);
  const json newest = reprise_json({"stats", store_, "--limit", "1"});
  EXPECT_EQ(newest["workflows"]["checkout"]["runs"], 1);
  EXPECT_THAT(newest["operations"], SizeIs(0));
  EXPECT_THAT(reprise_json({"stats", store_, "--no-activities"})["operations"], SizeIs(0));
  const json checkouts = reprise_json({"stats", store_, "--type", "refuse"});
  ASSERT_THAT(checkouts["operations"], SizeIs(1));
  EXPECT_EQ(checkouts["operations"][0]["failed"], 1);
}

}  // namespace
}  // namespace reprise::tools::reading_test
