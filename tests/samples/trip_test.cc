#include "samples/trip/trip.h"

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/command_output.h"
#include "tests/support/env_modes.h"
#include "tests/support/temporary_directory.h"

namespace trip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> kCities = {"Oslo", "Rome", "Cairo", "Oslo"};

class Trip : public reprise::testing::InEveryMode {
 protected:
  Trip() {
    implement_workflows(env);
    env.stub(reserve_seat, [this](const std::string& leg) { seats_.insert(leg); });
    env.stub(release_seat, [this](const std::string& leg) { seats_.erase(leg); });
    env.stub(issue_ticket, [this](const std::string& leg) {
      if (leg == refused_) throw reprise::ApplicationFailure("Full", "no seat", false);
      tickets_.insert(leg);
      return "ticket " + leg;
    });
    env.stub(cancel_ticket, [this](const std::string& leg) {
      tickets_.erase(leg);
      undone_.push_back(leg);
    });
  }
  std::string refused_;
  std::set<std::string> seats_;
  std::set<std::string> tickets_;
  std::vector<std::string> undone_;
};
INSTANTIATE_TEST_SUITE_P(All,
                         Trip,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(Trip, IsBookedWhole) {
  EXPECT_EQ(env.start(book_trip(kCities), {.id = "t"}).result(),
            "ticket Oslo-Rome, ticket Rome-Cairo, ticket Cairo-Oslo");
  EXPECT_THAT(seats_, ElementsAre("Cairo-Oslo", "Oslo-Rome", "Rome-Cairo"));
  EXPECT_EQ(seats_, tickets_);
}

TEST_P(Trip, IsUndoneWhole) {
  for (const std::string& refused : legs_of(kCities)) {
    refused_ = refused;
    undone_.clear();
    const std::string id = "t-" + refused;
    EXPECT_THAT(env.start(book_trip(kCities), {.id = id}).result(),
                HasSubstr("no trip: child '" + id + "/" + refused + "' failed"));
    EXPECT_THAT(seats_, IsEmpty());
    EXPECT_THAT(tickets_, IsEmpty());
  }
}

// In the usual order two legs are booked when the last one is refused.
TEST(TripInOrder, IsUndoneFromTheEnd) {
  reprise::testing::Env env;
  implement_workflows(env);
  std::vector<std::string> undone;
  env.stub(reserve_seat, [](const std::string&) {});
  env.stub(release_seat, [](const std::string&) {});
  env.stub(issue_ticket, [](const std::string& leg) -> std::string {
    if (leg == "c-d") throw reprise::ApplicationFailure("Full", "no seat", false);
    return leg;
  });
  env.stub(cancel_ticket, [&](const std::string& leg) { undone.push_back(leg); });
  (void)env.start(book_trip({"a", "b", "c", "d"})).result();
  EXPECT_THAT(undone, ElementsAre("c-d", "b-c", "a-b"));
}

TEST_P(Trip, ThatIsCancelledIsUndone) {
  env.stub(issue_ticket, [this](const std::string& leg) {
    tickets_.insert(leg);  // and the answer comes all the same
    if (leg == "Rome-Cairo") env.client().handle("t").cancel("ill");
    return "ticket " + leg;
  });
  const auto run = env.start(book_trip(kCities), {.id = "t"});
  env.skip(1h);  // attempts that a dying process has lost are made again
  EXPECT_EQ(run.describe().status, reprise::RunStatus::kCancelled);
  EXPECT_THAT(tickets_, IsEmpty());
  EXPECT_THAT(seats_, IsEmpty());
}

// ---- the program ------------------------------------------------------------------------------

class TripProgram : public ::testing::Test {
 protected:
  // The shell has `trip`, which goes on in the background as $P.
  std::string script(const std::string& lines) const {
    std::ofstream(directory_ / "test.sh")
        << "trip() { " TRIP_PROGRAM
           " Oslo Rome $1 Oslo > said 2>&1 & P=$!; }\n"
           "until_there() {\n"
           "  for i in $(seq 1200); do [ -e $1 ] && return; sleep 0.02; done\n"
           "  echo \"no $1\"; exit 1\n"
           "}\n"
        << lines;
    const auto output =
        reprise::testing::output_of("cd '" + directory_.path() + "' && bash test.sh");
    EXPECT_EQ(output.code, 0) << output.said;
    return output.said;
  }

  const reprise::testing::TemporaryDirectory directory_;
};

TEST_F(TripProgram, IsKilledAndBooksTheRest) {
  const std::string said = script(
      "trip Cairo; until_there tickets/Oslo-Rome\n"
      "{ kill -9 $P; wait $P; } 2>/dev/null\n"
      "trip Cairo; wait $P; cat said; ls tickets\n" TRIP_PROGRAM
      " verify --store trip.db > /dev/null\n");
  EXPECT_THAT(said, HasSubstr("ticket Oslo-Rome, ticket Rome-Cairo, ticket Cairo-Oslo\n"));
  EXPECT_THAT(said, HasSubstr("Cairo-Oslo\nOslo-Rome\nRome-Cairo\n"));
}

TEST_F(TripProgram, IsKilledAndUndoesAllOfIt) {
  const std::string said = script(
      "trip Atlantis; until_there seats/Oslo-Rome\n"
      "{ kill -9 $P; wait $P; } 2>/dev/null\n"
      "trip Atlantis; wait $P; cat said; find . -path './seats/*' -o -path './tickets/*'\n");
  EXPECT_THAT(said, ::testing::EndsWith(": nobody flies Rome-Atlantis\n"));
  EXPECT_THAT(said, HasSubstr("no trip: child 'Oslo-Rome-Atlantis-Oslo/Rome-Atlantis'"));
}

}  // namespace
}  // namespace trip
