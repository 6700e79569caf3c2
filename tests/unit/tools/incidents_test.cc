// reprise incidents: what is wrong in a store, since when, where, and what to do.
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>

#include "runtime/incident.h"
#include "tests/unit/tools/sample_store.h"

namespace reprise::tools::incidents_test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class IncidentsTest : public SampleStore {
 protected:
  std::vector<json> incidents(std::vector<std::string> words = {}) {
    words.insert(words.begin(), {"incidents", store_, "--json"});
    const Output output = reprise(std::move(words));
    EXPECT_EQ(output.code, 0) << output.err;
    std::vector<json> found;
    std::istringstream lines(output.out);
    for (std::string line; std::getline(lines, line);) found.push_back(json::parse(line));
    return found;
  }
  // The code of "bad" is broken until it is corrected.
  void open_with_code(bool broken) {
    open_engine();
    workflow("w", [broken](reprise::testing::Execution& e) {
      const auto go = e.next_signal("go");
      e.wait(*go);
      (void)go->take_outcome();
      if (broken) throw std::runtime_error("a \x1b[31mbug");
      return reprise::testing::Outcome::success(cbor("done"));
    });
    start_worker();
  }
};

TEST_F(IncidentsTest, AreNoneWhereAllIsWell) {
  open_engine();
  close_engine();
  const Output output = reprise({"incidents", store_});
  EXPECT_EQ(output.code, 0);
  EXPECT_EQ(output.out, "");
  EXPECT_EQ(output.err, "no incident\n");
  EXPECT_THAT(incidents(), IsEmpty());
}

TEST_F(IncidentsTest, ParkedRunsUntilTheirCodeIsCorrected) {
  open_with_code(/*broken=*/true);
  start("w", "bad");
  start("w", "good");
  skip(kHour);
  ASSERT_TRUE(signal("bad", "go"));
  skip(kHour);
  close_engine();
  const auto found = incidents();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0]["kind"], "parked");
  EXPECT_EQ(found[0]["code"], "RP2002");
  EXPECT_EQ(found[0]["workflow_id"], "bad");
  EXPECT_THAT(std::string(found[0]["since"]), HasSubstr("T23:13:20")) << "when the signal came";
  EXPECT_THAT(std::string(found[0]["resolve"]), HasSubstr("reprise retry " + store_ + " "));
  const Output text = reprise({"incidents", store_});
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("parked RP2002: bad of workflow w\n"), HasSubstr("a \\x1b[31mbug"),
                    HasSubstr("(1h00m ago)"), Not(HasSubstr("\x1b"))));
  // An engine without the code changes nothing about it.
  open_engine();
  ASSERT_TRUE(signal("bad", "go"));
  close_engine();
  EXPECT_THAT(incidents(), SizeIs(1)) << "more inputs wait for its code";
  open_with_code(/*broken=*/false);
  settle();
  EXPECT_EQ(describe("bad")->status, runtime::RunStatus::kCompleted);
  close_engine();
  EXPECT_THAT(incidents(), IsEmpty());
}

TEST_F(IncidentsTest, ActivitiesThatKeepFailing) {
  open_engine();
  workflow("checkout", checkout);
  activity("reserve", [](runtime::ActivityAttempt&, std::string_view) {
    return reprise::testing::application_failure("Unavailable", "busy");
  });
  start_worker();
  start("checkout", "order-1");
  skip(10 * kSecond);
  close_engine();
  const auto found = incidents({"--failures", "3"});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0]["kind"], "activity failing");
  EXPECT_EQ(found[0]["code"], "RP2013");
  EXPECT_EQ(found[0]["cause"], "Unavailable: busy");
  EXPECT_EQ(found[0]["activity"], "reserve");
  EXPECT_EQ(found[0]["operation"], 1);
  EXPECT_EQ(found[0]["place"], "tests/workflow.cc:10");
  const std::uint32_t failures = found[0]["failures"];
  EXPECT_GE(failures, 3U);
  EXPECT_THAT(incidents({"--failures", std::to_string(failures)}), SizeIs(1));
  EXPECT_THAT(incidents({"--failures", std::to_string(failures + 1)}), IsEmpty());
  EXPECT_THAT(reprise({"incidents", store_, "--failures", "1"}).out,
              HasSubstr("activity #1 reserve has failed " + std::to_string(failures) +
                        " times, the last time with Unavailable: busy\n"));
}

TEST_F(IncidentsTest, RefuseWhatIsWrong) {
  open_engine();
  close_engine();
  for (const char* const bad : {"0", "-1", "x", "1.5", ""}) {
    EXPECT_EQ(reprise({"incidents", store_, "--failures", bad}).code, 2) << bad;
  }
  EXPECT_EQ(reprise({"incidents", directory_ / "nothing"}).code, 2);
}

TEST(Incidents, FindThePlaceInAReport) {
  EXPECT_EQ(runtime::place_in_report(
                "the log says x at shop/a.cc:38\n  the code now does y at shop/b.h:41\n"),
            "shop/b.h:41");
  EXPECT_EQ(runtime::place_in_report("thrown at (shop/a.cpp:7)"), "shop/a.cpp:7");
  EXPECT_EQ(runtime::place_in_report("the code now does nothing more; it did at a.cc:1"), "a.cc:1");
  for (const char* const none : {"", ":", ".cc:", "a.cc:x", "at 12:30", "http://x:80", "a:1"}) {
    EXPECT_EQ(runtime::place_in_report(none), "") << none;
  }
}

}  // namespace
}  // namespace reprise::tools::incidents_test
