// What the commands that read a store print: list, show, why, history, stats.
#include <gmock/gmock.h>

#include "runtime/table_access.h"
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

TEST_F(ReadingTest, ShowsWhatTheCodeDecided) {
  open_engine();
  workflow("lend", [](reprise::testing::Execution& e) {
    e.decide("credit ok", true, reprise::testing::at(30));
    e.decide("needs \x1b[31mapproval", false, reprise::testing::at(31));
    return reprise::testing::Outcome::success(cbor("paid"));
  });
  start_worker();
  start("lend", "loan-1");
  close_engine();
  EXPECT_THAT(reprise({"show", store_, "loan-1", "--payloads"}).out,
              AllOf(HasSubstr("  decision credit ok: true "), HasSubstr("tests/workflow.cc:30"),
                    HasSubstr("  decision needs \\x1b[31mapproval: false ")));
  const json shown = reprise_json({"show", store_, "loan-1"})["operations"];
  ASSERT_THAT(shown, SizeIs(2));
  EXPECT_EQ(shown[0]["kind"], "decision");
  EXPECT_EQ(shown[0]["name"], "credit ok");
  EXPECT_EQ(shown[0]["outcome"], true);
  EXPECT_EQ(shown[1]["outcome"], false);
  EXPECT_THAT(reprise({"history", store_, "loan-1"}).out,
              AllOf(HasSubstr("DecisionRecorded credit ok: true  at tests/workflow.cc:30"),
                    HasSubstr("needs \\x1b[31mapproval: false")));
  const json stats = reprise_json({"stats", store_});
  EXPECT_EQ(stats["workflows"]["lend"]["by_status"]["Completed"], 1);
  EXPECT_THAT(stats["operations"], SizeIs(0)) << "nothing about a decision takes time";
}

TEST_F(ReadingTest, ShowsTransactionsAndTheirRows) {
  open_engine();
  workflow("move", [](reprise::testing::Execution& e) {
    const auto book = [] {
      runtime::TableWrites& rows = *runtime::TableWrites::current();
      EXPECT_TRUE(rows.put("acc\x1b[31m", "k", cbor("7 EUR")));
      EXPECT_TRUE(rows.put("other", "k", "no cbor"));
      return reprise::testing::Outcome::success(cbor("moved"));
    };
    return e.run_transaction("book\x1b[31m", book, reprise::testing::at(50));
  });
  start_worker();
  start("move", "move-1");
  close_engine();
  EXPECT_THAT(reprise({"show", store_, "move-1", "--payloads"}).out,
              AllOf(HasSubstr("  transaction #1 book\\x1b[31m "), HasSubstr("workflow.cc:50"),
                    HasSubstr("moved")));
  EXPECT_THAT(reprise({"history", store_, "move-1"}).out,
              AllOf(HasSubstr("TransactionRequested #1 book\\x1b[31m"),
                    HasSubstr("TransactionCompleted #1 rows changed: 2")));
  EXPECT_EQ(reprise({"tables", store_, "--table", "acc\x1b[31m"}).out,
            "acc\\x1b[31m  h'6b'  \"7 EUR\"\n");
  const Output all = reprise({"tables", store_, "--json"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("\"key\":\"h'6b'\""), HasSubstr("\"table\":\"other\"")));
  EXPECT_EQ(reprise_json({"stats", store_})["operations"].size(), 1u);
}

TEST_F(ReadingTest, ShowsWhatRunsSendEachOther) {
  open_engine();
  workflow("tell", [](reprise::testing::Execution& e) {
    proto::SignalSent sent;
    sent.set_workflow_id("bank\x1b[31m");
    sent.set_name("pay");
    sent.set_input(cbor("7 EUR"));
    e.wait(*e.send_signal(reprise::testing::as(sent), reprise::testing::at(40)));
    proto::CancelSent cancel;
    cancel.set_workflow_id("bank");
    cancel.set_reason("closed");
    e.wait(*e.send_cancel(reprise::testing::as(cancel), reprise::testing::at(41)));
    return reprise::testing::Outcome::success(cbor("told"));
  });
  workflow("bank", [](reprise::testing::Execution& e) {
    e.wait(*e.next_signal("never"));
    return reprise::testing::Outcome::success(cbor("cancelled"));
  });
  start_worker();
  start("bank", "bank");
  start("tell", "tell-1");
  close_engine();
  EXPECT_THAT(
      reprise({"show", store_, "tell-1", "--payloads"}).out,
      AllOf(HasSubstr("failed"), HasSubstr("  message #1 pay to bank\\x1b[31m "),
            HasSubstr("  message #2 (cancel) to bank "), HasSubstr("RP3005"), HasSubstr("7 EUR")));
  const json shown = reprise_json({"show", store_, "tell-1"})["operations"];
  ASSERT_THAT(shown, SizeIs(2));
  EXPECT_EQ(shown[0]["kind"], "message");
  EXPECT_EQ(shown[0]["state"], "failed");
  EXPECT_EQ(shown[1]["state"], "done");
  EXPECT_EQ(shown[1]["receiver"], "bank");
  EXPECT_THAT(reprise({"history", store_, "tell-1"}).out,
              AllOf(HasSubstr("SignalSent #1 pay to bank"), HasSubstr("MessageRefused #1"),
                    HasSubstr("CancelSent #2 to bank closed")));
  EXPECT_THAT(reprise({"history", store_, "bank"}).out,
              HasSubstr("CancelRequested from tell-1 closed"));
  EXPECT_EQ(reprise_json({"show", store_, "bank"})["operations"][0]["sender"], "tell-1");
  EXPECT_THAT(reprise({"stats", store_}).out, HasSubstr("message pay"));
}

TEST_F(ReadingTest, ShowsParentsAndChildren) {
  open_engine();
  workflow("trip", [](reprise::testing::Execution& e) {
    const auto book = [&](const std::string& id, std::uint32_t line) {
      proto::ChildScheduled child;
      child.set_workflow("book");
      child.set_workflow_id(id);
      child.set_input(cbor("Rome"));
      return e.start_child(reprise::testing::as(child), replay::CancelMode::kWait,
                           reprise::testing::at(line));
    };
    const auto waits = book("waits\x1b[31m", 40);
    const auto taken = book("trip-1", 41);  // its parent's id
    e.wait(*taken.end);
    e.wait(*waits.end);
    return reprise::testing::Outcome::success(cbor("never"));
  });
  workflow("book", reprise::testing::wait_for_signal);
  start_worker();
  start("trip", "trip-1");
  close_engine();
  EXPECT_THAT(reprise({"show", store_, "trip-1"}).out,
              AllOf(HasSubstr("  child #1 book as waits\\x1b[31m "),
                    HasSubstr("  child #2 book as trip-1 "), HasSubstr("RP3004")));
  const json shown = reprise_json({"show", store_, "trip-1"})["operations"];
  ASSERT_THAT(shown, SizeIs(2));
  EXPECT_EQ(shown[0]["kind"], "child");
  EXPECT_EQ(shown[0]["state"], "waiting");
  EXPECT_EQ(shown[1]["state"], "failed");
  EXPECT_EQ(shown[1]["receiver"], "trip-1");
  EXPECT_THAT(reprise({"history", store_, "trip-1"}).out,
              AllOf(HasSubstr("ChildScheduled #1 book as waits"), HasSubstr("ChildStarted #1 as run"),
                    HasSubstr("ChildFailed #2")));
  EXPECT_THAT(reprise({"why", store_, "trip-1"}).out,
              AllOf(HasSubstr("child #1 book as waits"),
                    HasSubstr("it has begun, and has not ended; why it goes on: reprise why")));
  EXPECT_THAT(reprise({"stats", store_}).out, HasSubstr("child book"));
  const json child = reprise_json({"list", store_, "--type", "book"})[0];
  EXPECT_EQ(child["parent"]["workflow_id"], "trip-1");
  EXPECT_THAT(reprise({"show", store_, child["run_id"].get<std::string>()}).out,
              HasSubstr("trip-1 ("));
  EXPECT_THAT(reprise({"history", store_, child["run_id"].get<std::string>()}).out,
              HasSubstr("child of trip-1"));
}

TEST_F(ReadingTest, ShowsWhatARunPublishes) {
  using proto::SettingRecorded;
  using reprise::testing::at;
  open_engine();
  workflow("lend", [](reprise::testing::Execution& e) {
    e.set("stage", cbor("paid \x1b[31m"), SettingRecorded::TEXT, at(30));
    e.set("due", cbor(1'700'000'000'123), SettingRecorded::TIME, at(31));
    e.set("never", cbor(INT64_MAX), SettingRecorded::TIME, at(32));
    e.set("rest", cbor({{"cents", 7}}), SettingRecorded::VALUE, at(33));
    e.set("gone", cbor(1), SettingRecorded::VALUE, at(34));
    e.set("gone", "", SettingRecorded::VALUE, at(35));
    return reprise::testing::wait_for_signal(e);
  });
  start_worker();
  runtime::StartRequest request{.workflow = "lend", .workflow_id = "loan-1"};
  request.settings.emplace_back().set_name("owner\x1b");
  request.settings.back().set_value(cbor("Ann"));
  start(std::move(request));
  close_engine();
  EXPECT_THAT(reprise({"show", store_, "loan-1"}).out,
              AllOf(HasSubstr("publishes due (time) = 2023-11-14 22:13:20.123Z\n"
                              "publishes never (time) = 9223372036854775807\n"
                              "publishes owner\\x1b = \"Ann\"\n"
                              "publishes rest = {\"cents\":7}\n"
                              "publishes stage (text) = \"paid \\u001b[31m\"\n"),
                    HasSubstr("  setting rest = {\"cents\":7} "), HasSubstr("workflow.cc:33"),
                    HasSubstr("  setting gone: unset ")));
  EXPECT_THAT(reprise({"why", store_, "loan-1"}).out, HasSubstr("  it publishes rest = "));
  EXPECT_THAT(reprise({"history", store_, "loan-1"}).out,
              AllOf(HasSubstr("publishes owner\\x1b = \"Ann\""),
                    HasSubstr("SettingRecorded gone: unset  at tests/workflow.cc:35")));
  const json shown = reprise_json({"show", store_, "loan-1"});
  EXPECT_EQ(shown["settings"]["stage"], json({{"type", "text"}, {"value", "paid \x1b[31m"}}));
  EXPECT_EQ(shown["settings"]["due"]["value"], "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(shown["settings"]["rest"], json({{"type", "value"}, {"value", {{"cents", 7}}}}));
  EXPECT_FALSE(shown["settings"].contains("gone"));
  EXPECT_EQ(shown["operations"][0]["kind"], "setting");
  EXPECT_EQ(shown["operations"][0]["name"], "stage");
  EXPECT_EQ(shown["operations"][0]["type"], "text");
  EXPECT_EQ(shown["operations"][5]["value"], nullptr);
  EXPECT_EQ(reprise_json({"why", store_, "loan-1"})["settings"], shown["settings"]);
  EXPECT_EQ(reprise_json({"list", store_})[0]["settings"], shown["settings"]);
  const json stats = reprise_json({"stats", store_})["settings"];
  EXPECT_EQ(stats["runs"], 1);
  EXPECT_EQ(stats["settings"], 5);
  EXPECT_THAT(reprise({"stats", store_}).out,
              HasSubstr("1 of these runs publish 5 settings, " +
                        std::to_string(stats["bytes"].get<int>()) + " bytes"));
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

// ---- chains -----------------------------------------------------------------------------------

class ChainTest : public SampleStore {
 protected:
  // Three runs of "loop": each takes one signal along to the next, and the last one waits.
  void make_chain() {
    open_engine();
    workflow("loop", [](reprise::testing::Execution& e) -> reprise::testing::Outcome {
      const auto go = e.next_signal("go");
      e.wait(*go);
      (void)go->take_outcome();
      proto::RunContinuedAsNew next;
      next.set_workflow("loop");
      next.set_input(cbor(json::array({7})));
      e.continue_as_new(reprise::testing::as(next), reprise::testing::at(30));
    });
    start_worker();
    start("loop", "cart-1", cbor(json::array()));
    skip(kHour);
    ASSERT_TRUE(signal("cart-1", "other", cbor("by Ann")));
    ASSERT_TRUE(signal("cart-1", "go"));
    skip(kHour);
    ASSERT_TRUE(signal("cart-1", "go"));
    for (const runtime::RunDescription& run : list()) ids_.push_back(run.run_id.to_string());
    close_engine();
  }
  std::vector<std::string> ids_;  // the newest first
};

TEST_F(ChainTest, IsSeenFromEachOfItsRuns) {
  make_chain();
  ASSERT_THAT(ids_, SizeIs(3));
  const std::string newest = reprise({"show", store_, "cart-1"}).out;
  EXPECT_THAT(newest, HasSubstr("continues run " + ids_[1] + "; the first of its chain is " +
                                ids_[2] + "\n"));
  EXPECT_THAT(newest, Not(HasSubstr("continued ")));
  const std::string middle = reprise({"show", store_, ids_[1]}).out;
  EXPECT_THAT(middle, HasSubstr("status    ContinuedAsNew after 1h00m"));
  EXPECT_THAT(middle, HasSubstr("continues run " + ids_[2] + ", the first of its chain\n"));
  EXPECT_THAT(middle, HasSubstr("continued as run " + ids_[0] + "\n"));
  const std::string first = reprise({"show", store_, ids_[2]}).out;
  EXPECT_THAT(first, Not(HasSubstr("continues")));
  EXPECT_THAT(first, HasSubstr("continued as run " + ids_[1] + "\n"));
  EXPECT_THAT(reprise({"why", store_, ids_[2]}).out,
              HasSubstr("it waits for nothing: it continued 1h00m ago as run " + ids_[1]));
  EXPECT_THAT(reprise({"why", store_, "cart-1"}).out, HasSubstr("other (1, the last"));
}

TEST_F(ChainTest, IsInEachJson) {
  make_chain();
  const json list = reprise_json({"list", store_});
  ASSERT_THAT(list, SizeIs(3));
  EXPECT_EQ(list[0]["continued_from"], ids_[1]);
  EXPECT_EQ(list[0]["first_run_id"], ids_[2]);
  EXPECT_FALSE(list[0].contains("continued_to"));
  EXPECT_EQ(list[1]["continued_to"], ids_[0]);
  EXPECT_EQ(list[2]["continued_to"], ids_[1]);
  EXPECT_EQ(list[2]["first_run_id"], ids_[2]);
  EXPECT_FALSE(list[2].contains("continued_from"));
  EXPECT_EQ(reprise_json({"list", store_, "--status", "ContinuedAsNew"}).size(), 2U);
  for (const char* command : {"show", "why"}) {
    const json middle = reprise_json({command, store_, ids_[1]});
    EXPECT_EQ(middle["continued_to"], ids_[0]) << command;
    EXPECT_FALSE(middle.contains("failure")) << command;
  }
  EXPECT_EQ(reprise_json({"stats", store_})["workflows"]["loop"]["by_status"]["ContinuedAsNew"], 2);
}

TEST_F(ChainTest, IsInTheHistories) {
  make_chain();
  const std::string middle = reprise({"history", store_, ids_[1]}).out;
  EXPECT_THAT(middle, HasSubstr("RunStarted loop continues run " + ids_[2] +
                                " with 1 of its inputs [7]  (deferred)\n"));
  EXPECT_THAT(middle, HasSubstr("SignalReceived other \"by Ann\"  (deferred)\n"));
  EXPECT_THAT(middle, HasSubstr("RunContinuedAsNew loop as run " + ids_[0] + " [7]"));
  const std::string exported = reprise({"export", store_, ids_[1], "--compact"}).out;
  EXPECT_THAT(exported, HasSubstr("\"continued_from_run_id\":\"" + ids_[2] + "\""));
  EXPECT_THAT(exported, HasSubstr("\"first_run_id\":\"" + ids_[2] + "\",\"carried\":1"));
  EXPECT_THAT(exported, HasSubstr("\"data\":{\"run_id\":\"" + ids_[0] + "\""));
  EXPECT_EQ(reprise({"check", store_}).code, 0);
}

// ---- history, stats ---------------------------------------------------------------------------

// ---- checkpoints ------------------------------------------------------------------------------

TEST_F(ReadingTest, ShowsCheckpointsAndWhatIsThereTwice) {
  open_engine();
  workflow("meter", [](reprise::testing::Execution& e) -> reprise::testing::Outcome {
    const auto go = e.next_signal("go");
    e.wait(*go);
    (void)go->take_outcome();
    e.checkpoint(cbor(json::array({7})), reprise::testing::at(30));
  });
  start_worker();
  start("meter", "meter-1", cbor(json::array()));
  ASSERT_TRUE(signal("meter-1", "other", cbor("by Ann")));
  ASSERT_TRUE(signal("meter-1", "go"));
  close_engine();
  const std::string shown = reprise({"show", store_, "meter-1", "--payloads"}).out;
  // RunStarted, other; go, Checkpoint; CheckpointTaken, other again
  EXPECT_THAT(shown, HasSubstr("events    6, replayed from event 5\n"));
  EXPECT_THAT(shown, HasSubstr(" signal other\n"));
  EXPECT_THAT(shown, HasSubstr(" signal other (unread before)\n"));
  EXPECT_THAT(shown, HasSubstr(" checkpoint "));
  EXPECT_THAT(shown, HasSubstr("tests/workflow.cc:30\n            input  [7]\n"));
  const json as_json = reprise_json({"show", store_, "meter-1"});
  EXPECT_EQ(as_json["replayed_from"], 5);
  ASSERT_THAT(as_json["operations"], SizeIs(4));
  EXPECT_EQ(as_json["operations"][2]["kind"], "checkpoint");
  EXPECT_EQ(as_json["operations"][3]["unread_before"], true);
  EXPECT_THAT(reprise({"history", store_, "meter-1"}).out,
              AllOf(HasSubstr("Checkpoint [7]  at tests/workflow.cc:30"),
                    HasSubstr("CheckpointTaken replay begins here, with 1 inputs from before")));
  EXPECT_THAT(reprise({"stats", store_}).out,
              HasSubstr("1 of these runs have taken 1 checkpoints\n"));
  EXPECT_EQ(reprise_json({"stats", store_})["checkpoints"]["checkpoints"], 1);
  EXPECT_THAT(reprise({"why", store_, "meter-1"}).out, HasSubstr("signal"));
}

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
