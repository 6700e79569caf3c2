// What the commands that read a store print: list, show, why, history, stats, export, import.
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/rot/workload.h"
#include "tests/unit/tools/command_fixture.h"

namespace reprise::tools {
namespace {

using nlohmann::json;
using reprise::testing::application_failure;
using reprise::testing::at;
using reprise::testing::Execution;
using reprise::testing::Outcome;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr base::Duration kSecond{1'000};
constexpr base::Duration kHour{3'600'000};

std::string call(Execution& e, const std::string& name, const json& input, std::uint32_t line) {
  const auto operation = e.schedule_activity(
      [&](proto::ActivityScheduled& activity) {
        activity.set_name(name);
        activity.set_input(cbor(input));
      },
      at(line));
  e.wait(*operation);
  return operation->take_outcome().payload();
}

// Reserves, charges (which fails twice), waits an hour, waits for a signal, and ends.
Outcome checkout(Execution& e) {
  call(e, "reserve", {{"sku", "mug"}, {"count", 2}}, 10);
  call(e, "charge", {{"cents", 1900}}, 11);
  const auto timer = e.start_timer(kHour, at(12));
  e.wait(*timer);
  const auto packed = e.next_signal("packed");
  e.wait(*packed);
  (void)packed->take_outcome();
  return Outcome::success(cbor({{"parcel", "P-1"}}));
}

class ReadingTest : public CommandFixture {
 protected:
  // order-1 has completed, order-2 waits for its retry, order-3 for its timer, order-4 for a
  // signal, order-5 has failed, and order-6 has no worker.
  void make_store() {
    open_engine();
    workflow("checkout", checkout);
    workflow("refuse", [](Execution& e) {
      call(e, "inspect", {}, 20);
      return application_failure("OutOfStock", "no mugs\x1b[31m left", false);
    });
    activity("reserve", [this](runtime::ActivityAttempt&, std::string_view) {
      clock_.advance(base::Duration{12});
      return Outcome::success(cbor(true));
    });
    activity("charge", [this](runtime::ActivityAttempt&, std::string_view) {
      clock_.advance(base::Duration{250});
      if (refusals_ > 0 && refusals_-- > 0) return application_failure("Unavailable", "busy");
      return Outcome::success(cbor("C-7"));
    });
    activity("inspect", [](runtime::ActivityAttempt&, std::string_view) {
      return application_failure("Closed", "the shop is closed", false);
    });
    start_worker();
    refusals_ = 2;
    start("checkout", "order-1", cbor(json::array({{{"id", "order-1"}}})));
    skip(10 * kSecond);
    skip(kHour);
    ASSERT_TRUE(signal("order-1", "packed", cbor("by Ann")));
    start("checkout", "order-4", cbor(json::array()));
    skip(kHour);
    start("checkout", "order-3", cbor(json::array()));
    skip(kSecond);
    start("refuse", "order-5");
    refusals_ = 2;
    start("checkout", "order-2", cbor(json::array()));
    start_elsewhere("order-6");
    close_engine();
  }
  void start_elsewhere(const std::string& id) {
    start({.workflow = "checkout", .workflow_id = id, .task_queue = "elsewhere"});
  }
  std::string file(const std::string& name) { return directory_ / name; }
  static std::string content(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  int refusals_ = 0;
};

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
  a signal that nobody has sent: no activity, step or timer is under way, so its code waits for
  one, for an update, or for a condition that these make true; received so far: none)");
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

// ---- export, import ---------------------------------------------------------------------------

TEST_F(ReadingTest, ExportAndImportGiveTheSameBytes) {
  make_store();
  for (const char* run : {"order-1", "order-2", "order-5", "order-6"}) {
    const auto made = [&](std::vector<std::string> arguments) {
      const Output output = reprise(std::move(arguments));
      EXPECT_EQ(output.code, 0) << output.err;
    };
    made({"export", store_, run, "-o", file("a.bin"), "--format", "binary"});
    made({"export", store_, run, "-o", file("a.json")});
    made({"export", store_, run, "-o", file("a.jsonl"), "--compact"});
    EXPECT_THAT(content(file("a.json")), StartsWith("{"));
    EXPECT_NE(content(file("a.json")), content(file("a.jsonl")));
    for (const char* from : {"a.bin", "a.json", "a.jsonl"}) {
      made({"import", file(from), "-o", file("b.bin"), "--format", "binary"});
      EXPECT_EQ(content(file("b.bin")), content(file("a.bin"))) << from;
      made({"import", file(from), "-o", file("b.json")});
      EXPECT_EQ(content(file("b.json")), content(file("a.json"))) << from;
      made({"import", file(from), "-o", file("b.jsonl"), "--compact"});
      EXPECT_EQ(content(file("b.jsonl")), content(file("a.jsonl"))) << from;
    }
  }
}

TEST_F(ReadingTest, ImportSaysWhoseHistoryAFileIs) {
  make_store();
  ASSERT_EQ(reprise({"export", store_, "order-1", "-o", file("a.json")}).code, 0);
  const Output output = reprise({"import", file("a.json")});
  EXPECT_EQ(output.code, 0);
  EXPECT_THAT(output.out, HasSubstr("run order-1 ("));
  EXPECT_THAT(output.out, HasSubstr("of workflow checkout, Completed, 7 turns with 11 events"));
  EXPECT_EQ(reprise_json({"import", file("a.json")})["workflow_id"], "order-1");
}

TEST_F(ReadingTest, ImportRefusesWhatIsNoHistory) {
  make_store();
  ASSERT_EQ(reprise({"export", store_, "order-1", "-o", file("a"), "--format", "binary"}).code, 0);
  const std::string whole = content(file("a"));
  const std::string others[] = {"",
                                "{}",
                                "{\"format\":1}",
                                "{\"format\":7,\"turns\":[]}",
                                "{\"format\":1,\"turns\":[{}]}",
                                "{ no json",
                                "some text",
                                whole.substr(0, whole.size() - 3),
                                std::string(100, '\0')};
  for (const std::string& other : others) {
    write(file("b"), other);
    const Output output = reprise({"import", file("b")});
    EXPECT_EQ(output.code, 1) << other;
    EXPECT_EQ(output.out, "");
    EXPECT_THAT(output.err, HasSubstr("RP2009")) << other;
  }
  EXPECT_EQ(reprise({"import", file("no/such/file")}).code, 2);
  EXPECT_EQ(reprise({"import", file("a"), "-o", file("no/such/file")}).code, 2);
  EXPECT_EQ(reprise({"import", file("a"), "--format", "xml"}).code, 2);
  EXPECT_EQ(reprise({"import", file("a"), "--json", "--compact"}).code, 2);
  EXPECT_THAT(reprise({"import", file("a"), "--format", "binary", "--compact"}).err,
              HasSubstr("for the JSON form"));
}

// ---- which store, which run -------------------------------------------------------------------

TEST_F(ReadingTest, TheStoreIsGivenInOneOfThreeWays) {
  make_store();
  const std::string expected = reprise({"show", store_, "order-1"}).out;
  EXPECT_EQ(reprise({"show", "order-1", "--store", store_}).out, expected);
  EXPECT_EQ(reprise({"show", "--store", store_, "order-1"}).out, expected);
  ::setenv("REPRISE_STORE", store_.c_str(), 1);
  EXPECT_EQ(reprise({"show", "order-1"}).out, expected);
  EXPECT_EQ(reprise({"list"}).code, 0);
  EXPECT_EQ(reprise({"list", directory_ / "other"}).code, 2) << "what is said comes first";
  ::unsetenv("REPRISE_STORE");
  const Output none = reprise({"show", "order-1"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("which store?"));
  EXPECT_THAT(reprise({"show"}).err, HasSubstr("which run?"));
  EXPECT_THAT(reprise({"list"}).err, HasSubstr("which store?"));
  EXPECT_THAT(reprise({"list", store_, "--store", "other"}).err, HasSubstr("two stores"));
}

TEST_F(ReadingTest, ARunIsNamedByEitherIdOrTheEndOfOne) {
  make_store();
  const json run = reprise_json({"show", store_, "order-1"});
  const std::string id = run["run_id"];
  for (const std::string& name : {id, id.substr(24), id.substr(28)}) {
    EXPECT_EQ(reprise_json({"show", store_, name}), run) << name;
  }
  for (const std::string& name : {std::string("order-9"), id.substr(33), std::string("zzzz"),
                                  std::string("\x1b[2J"), std::string(3'000, 'x')}) {
    const Output output = reprise({"show", store_, name});
    EXPECT_EQ(output.code, 1) << name;
    EXPECT_THAT(output.err, StartsWith("reprise show: RP3005 the store has no run"));
    EXPECT_THAT(output.err, HasSubstr("reprise list"));
    EXPECT_THAT(output.err, Not(HasSubstr("\x1b")));
  }
}

TEST_F(ReadingTest, AnEmptyStoreHasNoRuns) {
  open_engine();
  close_engine();
  EXPECT_EQ(reprise({"list", store_}).code, 0);
  EXPECT_EQ(reprise_json({"list", store_}), json::array());
  EXPECT_EQ(reprise({"stats", store_}).err, "no run matches\n");
  EXPECT_EQ(reprise({"show", store_, "order-1"}).code, 1);
}

TEST_F(ReadingTest, ADamagedRunIsShownAsOneAndHidesNoOther) {
  const auto all = rot::make_store(store_, [] {});
  std::string bytes = content(store_ + "/archive/data.mdb");
  const std::string text = "waiter-10:p";
  ASSERT_NE(bytes.find(text), std::string::npos);
  for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1)) {
    bytes[at] ^= 1;
  }
  write(store_ + "/archive/data.mdb", bytes);

  const json list = reprise_json({"list", store_, "--limit", "0"});
  EXPECT_THAT(list, SizeIs(all.size()));
  for (const json& run : list) {
    EXPECT_EQ(run.contains("quarantined"), run["workflow_id"] == "waiter-10") << run;
  }
  EXPECT_THAT(reprise({"list", store_, "--id-prefix", "waiter-10"}).out,
              HasSubstr("\nquarantined  waiter"));
  const Output why = reprise({"why", store_, "waiter-10"});
  EXPECT_EQ(why.code, 0);
  EXPECT_THAT(why.out, StartsWith("waiter-10 is quarantined and does not go on: "));
  for (const char* command : {"show", "history", "export"}) {
    const Output output = reprise({command, store_, "waiter-10"});
    EXPECT_EQ(output.code, 1) << command;
    EXPECT_THAT(output.err, HasSubstr("RP1005")) << command;
    EXPECT_EQ(reprise({command, store_, "waiter-2"}).code, 0) << command;
  }
  EXPECT_THAT(reprise({"show", store_, "waiter-10"}).out, HasSubstr("quarantined"));
  EXPECT_EQ(reprise_json({"stats", store_})["unreadable_histories"], 0);
}

TEST_F(ReadingTest, AStoreWithALostFileIsRefusedWithWhatToDo) {
  make_store();
  write(store_ + "/journal/data.mdb", content(store_ + "/journal/data.mdb").substr(0, 10'000));
  const Output output = reprise({"list", store_});
  EXPECT_EQ(output.code, 2);
  EXPECT_THAT(output.err, HasSubstr("RP1005"));
  EXPECT_THAT(output.err, HasSubstr("reprise repair"));
}

TEST_F(ReadingTest, EveryCommandRefusesWhatIsNoStore) {
  write(file("text"), "text");
  for (const char* command : {"list", "stats", "tail"}) {
    for (const char* wrong : {"nothing", "text", ""}) {
      const Output output = reprise({command, file(wrong)});
      EXPECT_EQ(output.code, 2) << command << " " << wrong;
      EXPECT_THAT(output.err, StartsWith(std::string("reprise ") + command + ": RP1001"));
    }
  }
  for (const char* command : {"show", "why", "history", "export"}) {
    EXPECT_EQ(reprise({command, file("nothing"), "order-1"}).code, 2) << command;
  }
  EXPECT_EQ(reprise({"list", store_, "--status", "Sleeping"}).code, 2);
  EXPECT_EQ(reprise({"list", store_, "--since", "yesterday"}).code, 2);
}

}  // namespace
}  // namespace reprise::tools
