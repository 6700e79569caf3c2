// What the commands that read a store print of each part of the language.
#include <gmock/gmock.h>

#include "runtime/table_access.h"
#include "tests/unit/tools/sample_store.h"

namespace reprise::tools::reading_language_test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class LanguageTest : public SampleStore {};

TEST_F(LanguageTest, ShowsWhatTheCodeDecided) {
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

TEST_F(LanguageTest, ShowsTransactionsAndTheirRows) {
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

TEST_F(LanguageTest, ShowsWhatRunsSendEachOther) {
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

TEST_F(LanguageTest, ShowsParentsAndChildren) {
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
              AllOf(HasSubstr("ChildScheduled #1 book as waits"),
                    HasSubstr("ChildStarted #1 as run"), HasSubstr("ChildFailed #2")));
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

TEST_F(LanguageTest, ShowsWhatARunPublishes) {
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

// ---- checkpoints ------------------------------------------------------------------------------

TEST_F(LanguageTest, ShowsCheckpointsAndWhatIsThereTwice) {
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

// A request and its answer can be told from those of another update.
TEST_F(LanguageTest, ShowsUpdatesWithTheirIds) {
  open_engine();
  workflow("account", [](reprise::testing::Execution& e) {
    (void)e.accept("pay", [](std::string_view input) {
      return reprise::testing::Outcome::success(std::string(input));
    });
    e.wait(*e.next_signal("close"));
    return reprise::testing::Outcome();
  });
  start_worker();
  start("account", "a-1");
  for (const std::string id : {"first\x1b[31m", "second"}) {
    engine_->ask(runtime::verb::Update{.key = {"a-1", {}},
                                       .name = "pay",
                                       .input = cbor("7 EUR"),
                                       .reply = [](const base::Result<replay::Outcome>&) {},
                                       .id = id});
    settle();
  }
  close_engine();
  EXPECT_THAT(reprise({"history", store_, "a-1"}).out,
              AllOf(HasSubstr("UpdateReceived pay id first\\x1b[31m \"7 EUR\""),
                    HasSubstr("UpdateCompleted id first\\x1b[31m \"7 EUR\""),
                    HasSubstr("UpdateCompleted id second \"7 EUR\"")));
  EXPECT_THAT(reprise({"show", store_, "a-1"}).out, HasSubstr("done   update pay"));
}

}  // namespace
}  // namespace reprise::tools::reading_language_test
