// reprise audit: who did what to a run, the newest first.
#include <sstream>

#include <gmock/gmock.h>

#include "event/catalogue.h"
#include "runtime/history/audit_trail.h"
#include "tests/unit/tools/sample_store.h"

namespace reprise::tools::audit_test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class AuditTest : public SampleStore {
 protected:
  std::vector<json> audit(std::vector<std::string> words) {
    words.insert(words.begin(), {"audit", store_});
    words.push_back("--json");
    const Output output = reprise(std::move(words));
    EXPECT_EQ(output.code, 0) << output.err;
    std::vector<json> entries;
    std::istringstream lines(output.out);
    for (std::string line; std::getline(lines, line);) entries.push_back(json::parse(line));
    return entries;
  }
  std::vector<std::string> kinds(std::vector<std::string> words) {
    std::vector<std::string> found;
    for (const json& entry : audit(std::move(words))) {
      found.push_back(std::string(entry["kind"]) + " " + std::string(entry["by"]));
    }
    return found;
  }
};

TEST_F(AuditTest, SaysWhoDidWhatTheNewestFirst) {
  make_store();
  EXPECT_THAT(
      kinds({"order-1"}),
      ElementsAre("RunCompleted code", "SignalReceived client", "ActivityCompleted worker",
                  "AttemptFailed worker", "AttemptFailed worker", "ActivityScheduled code",
                  "ActivityCompleted worker", "ActivityScheduled code", "RunStarted client"));
  EXPECT_THAT(kinds({"order-1", "--technical"}), SizeIs(11)) << "the timer too";
  EXPECT_THAT(kinds({"order-1", "--limit", "2"}),
              ElementsAre("RunCompleted code", "SignalReceived client"));
}

TEST_F(AuditTest, HasInputsAndOutputsOfAttempts) {
  make_store();
  const auto entries = audit({"order-1"});
  ASSERT_THAT(entries, SizeIs(9));
  EXPECT_EQ(entries[0]["result"], json::parse(R"({"parcel":"P-1"})"));
  EXPECT_EQ(entries[1]["name"], "packed");
  EXPECT_EQ(entries[1]["input"], "by Ann");
  EXPECT_EQ(entries[2]["name"], "charge") << "the event itself has only the number";
  EXPECT_EQ(entries[2]["result"], "C-7");
  EXPECT_EQ(entries[2]["operation"], 2);
  EXPECT_EQ(entries[3]["attempt"], 2);
  EXPECT_EQ(entries[3]["failure"], "Unavailable: busy");
  EXPECT_EQ(entries[5]["input"], json::parse(R"({"cents":1900})"));
  EXPECT_EQ(entries[5]["called_at"], "tests/workflow.cc:11");
  EXPECT_EQ(entries[8]["event"], 1);
  const Output text = reprise({"audit", store_, "order-1"});
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("  worker            ActivityCompleted charge #2 \"C-7\"\n"),
                    HasSubstr("  client            SignalReceived packed \"by Ann\"\n")));
}

TEST_F(AuditTest, NamesTheClientsThatSayWhoTheyAre) {
  make_store();
  EXPECT_EQ(reprise({"signal", store_, "order-4", "packed", "--as", "Zoë"}).code, 0);
  EXPECT_EQ(reprise({"cancel", store_, "order-4", "--as", ""}).code, 0);
  EXPECT_EQ(
      reprise({"terminate", store_, "order-4", "--reason", "over \x1b[31m", "--as", "ops"}).code,
      0);
  const auto entries = audit({"order-4", "--limit", "3"});
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_EQ(entries[0]["principal"], "ops");
  EXPECT_EQ(entries[0]["reason"], "over \x1b[31m");
  EXPECT_FALSE(entries[1].contains("principal"));
  EXPECT_EQ(entries[2]["principal"], "Zoë");
  EXPECT_THAT(reprise({"audit", store_, "order-4"}).out,
              AllOf(HasSubstr("  client ops        RunTerminated over \\x1b[31m\n"),
                    HasSubstr("  client Zoë ")));
  EXPECT_THAT(reprise({"history", store_, "order-4"}).out, HasSubstr("over \\x1b[31m by ops"));
}

TEST_F(AuditTest, ThePrincipalOfACommandIsTheUserOfTheSystem) {
  make_store();
  EXPECT_EQ(reprise({"signal", store_, "order-4", "packed"}).code, 0);
  const auto entries = audit({"order-4", "--limit", "1"});
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_THAT(std::string(entries[0]["principal"]), Not(IsEmpty()));
  for (const std::string& bad : {std::string(257, 'x'), std::string("a\nb"), std::string("\xff")}) {
    const Output refused = reprise({"signal", store_, "order-4", "packed", "--as", bad});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr("RP3034"));
  }
}

// Longer than one of the parts in which it is read.
TEST_F(AuditTest, ReadsLongHistoriesFromTheirEnds) {
  open_engine();
  workflow("count", [](reprise::testing::Execution& e) {
    while (true) {
      const auto go = e.next_signal("go");
      e.wait(*go);
      (void)go->take_outcome();
    }
    return reprise::testing::Outcome::success({});
  });
  start_worker();
  start("count", "c");
  constexpr int kSignals = 9'000;
  for (int i = 0; i < kSignals; ++i) {
    engine_->ask(runtime::verb::Signal{{"c"}, "go", cbor(i), [](const base::Status&) {}});
    if (i % 100 == 0) settle();
  }
  settle();
  close_engine();
  const auto entries = audit({"c", "--limit", "0"});
  ASSERT_THAT(entries, SizeIs(kSignals + 1));
  for (int i = 0; i < kSignals; ++i) ASSERT_EQ(entries[i]["input"], kSignals - 1 - i);
  EXPECT_EQ(entries.back()["kind"], "RunStarted");
}

TEST_F(AuditTest, RefusesWhatIsWrong) {
  make_store();
  EXPECT_EQ(reprise({"audit", store_, "nobody"}).code, 1);
  EXPECT_EQ(reprise({"audit", directory_ / "nothing", "order-1"}).code, 2);
  EXPECT_EQ(reprise({"audit", store_, "order-1", "--limit", "-1"}).code, 2);
  EXPECT_EQ(reprise({"audit", store_, "order-1", "--json", "--full"}).code, 2);
}

// ---- the catalogue
// --------------------------------------------------------------------------------

// Every kind is part of a trail, whoever adds it, and only kinds that clients cause name one.
TEST(AuditTrail, AnswersForEveryKind) {
  for (const event::Row& row : event::rows()) {
    proto::Event event;
    const auto* const kind = event.GetDescriptor()->FindFieldByNumber(row.kind);
    event.GetReflection()->MutableMessage(&event, kind);
    const bool is_input = row.role != event::Role::kCommand;
    EXPECT_EQ(runtime::actor_of(row, event) == runtime::Actor::kCode, !is_input) << row.name;
    if (row.principal == nullptr) continue;
    EXPECT_TRUE(is_input) << row.name;
    auto* const body = event.GetReflection()->MutableMessage(&event, kind);
    body->GetReflection()->SetString(body, body->GetDescriptor()->FindFieldByName("principal"),
                                     "ann");
    EXPECT_EQ(row.principal(event), "ann") << row.name;
    EXPECT_EQ(runtime::actor_of(row, event), runtime::Actor::kClient) << row.name;
  }
}

}  // namespace
}  // namespace reprise::tools::audit_test
