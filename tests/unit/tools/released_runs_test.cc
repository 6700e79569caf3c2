// A store in which an earlier version has quarantined sound runs.
#include <gmock/gmock.h>

#include "tests/support/quarantined_by_mistake.h"
#include "tests/unit/tools/command_fixture.h"

namespace reprise::tools::released_runs_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

proto::Turn start_turn() {
  proto::Turn turn;
  *turn.add_inputs() = reprise::testing::started();
  turn.mutable_inputs(0)->mutable_run_started()->set_workflow_id("old");
  return turn;
}
proto::Turn failed_turn() {
  proto::Turn turn;
  turn.set_time_ms(7);
  turn.add_commands()->mutable_run_failed()->mutable_failure()->set_message("caf\xe9");
  return turn;
}

class ReleasedRuns : public CommandFixture {
 protected:
  void make_store(const std::vector<proto::Turn>& turns,
                  store::Seq damaged_at,
                  const std::vector<proto::Turn>& newer = {}) {
    auto store = store::open_store(store_);
    ASSERT_TRUE(store) << store.error().text();
    ASSERT_TRUE(reprise::testing::archive_quarantined(**store, {turns, damaged_at, newer}));
  }
};

TEST_F(ReleasedRuns, CheckAndWhySayThatTheyGoOn) {
  make_store({start_turn(), failed_turn()}, 2);
  const Output check = reprise({"check", store_});
  EXPECT_EQ(check.code, 0) << check.out;
  EXPECT_THAT(check.out, HasSubstr("note: run 'old' was quarantined by an earlier version"));
  EXPECT_THAT(check.out, HasSubstr("sound"));
  const Output why = reprise({"why", store_, "old"});
  EXPECT_EQ(why.code, 0) << why.err;
  EXPECT_THAT(why.out, HasSubstr("was quarantined by an earlier version"));
  EXPECT_THAT(why.out, HasSubstr("caf"));
  EXPECT_EQ(reprise_json({"list", store_, "--status", "failed"}).size(), 1U);
}

TEST_F(ReleasedRuns, AnEngineThatHasOpenedTheStoreLeavesNothingToSay) {
  make_store({start_turn(), failed_turn()}, 2);
  open_engine();
  close_engine();
  const Output check = reprise({"check", store_});
  EXPECT_EQ(check.code, 0) << check.out;
  EXPECT_THAT(check.out, Not(HasSubstr("note")));
  EXPECT_THAT(reprise({"why", store_, "old"}).out, Not(HasSubstr("earlier version")));
}

TEST_F(ReleasedRuns, ARunThatLacksItsEndStaysDamaged) {
  make_store({start_turn(), failed_turn()}, 3);
  const Output check = reprise({"check", store_});
  EXPECT_EQ(check.code, 1) << check.out;
  EXPECT_THAT(check.out, Not(HasSubstr("note")));
}

TEST_F(ReleasedRuns, ARepairKeepsThem) {
  make_store({start_turn(), failed_turn()}, 2);
  const std::string repaired = directory_ / "repaired";
  EXPECT_EQ(reprise({"repair", store_, repaired}).code, 0);
  const Output check = reprise({"check", repaired});
  EXPECT_EQ(check.code, 0) << check.out;
  EXPECT_THAT(check.out, Not(HasSubstr("note")));
  EXPECT_EQ(reprise_json({"list", repaired, "--status", "failed"}).size(), 1U);
}

// The archive does not list it under its id, which counts as damage only after an engine has opened
// the store.
TEST_F(ReleasedRuns, ARunWithoutANameIsSoundBeforeItsReleaseAndAfter) {
  make_store({start_turn(), failed_turn()}, 1);
  Output check = reprise({"check", store_});
  EXPECT_EQ(check.code, 0) << check.out;
  EXPECT_THAT(check.out, HasSubstr("note: run 'old' was quarantined by an earlier version"));
  open_engine();
  close_engine();
  check = reprise({"check", store_});
  EXPECT_EQ(check.code, 0) << check.out;
  EXPECT_THAT(check.out, Not(HasSubstr("note")));
  EXPECT_EQ(reprise({"show", store_, "old"}).code, 0);
}

TEST_F(ReleasedRuns, ARunWhoseIdHasBeenStartedAgainDoesNotGoOn) {
  make_store({start_turn()}, 1, {start_turn(), failed_turn()});
  const Output check = reprise({"check", store_});
  EXPECT_EQ(check.code, 1) << check.out;
  EXPECT_THAT(check.out, HasSubstr("its id has been started again"));
  EXPECT_THAT(check.out, Not(HasSubstr("note")));
  EXPECT_THAT(reprise({"why", store_, "old"}).out, HasSubstr("caf"));  // of the newer one
  const std::string repaired = directory_ / "repaired";
  const Output repair = reprise({"repair", store_, repaired});
  EXPECT_EQ(repair.code, 1) << repair.out << repair.err;
  EXPECT_THAT(repair.out, HasSubstr("its id has been started again"));
  EXPECT_EQ(reprise({"check", repaired}).code, 1);
  EXPECT_THAT(reprise({"why", repaired, "old"}).out, HasSubstr("caf"));
}

}  // namespace
}  // namespace reprise::tools::released_runs_test
