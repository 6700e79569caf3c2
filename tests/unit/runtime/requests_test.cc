#include "runtime/engine/requests.h"

#include "tests/unit/runtime/shard_parts.h"

namespace reprise::runtime::requests_test {
namespace {

using Strings = std::vector<std::string>;

class RequestsTest : public shard_parts::ShardParts {
 protected:
  using ShardParts::ShardParts;

  // The answer to each kind of request that changes a run, once it may be given.
  Strings ask_everything(const std::string& id) {
    Strings told(5);
    const RunKey key{id, std::nullopt};
    requests_.signal(key, "s", "", into(&told[0]));
    requests_.cancel(key, "r", into(&told[1]));
    requests_.terminate(key, "r", into(&told[2]));
    requests_.retry(key, into(&told[3]));
    updates_.take({key, "u", "", [&](const base::Result<replay::Outcome>& outcome) {
                     told[4] = outcome ? "done" : base::to_string(outcome.error().code);
                   }});
    settle();
    return told;
  }
};

TEST_F(RequestsTest, ARunThatNobodyHasStartedIsNotFound) {
  EXPECT_EQ(ask_everything("a"), Strings(5, "RP3005"));
}

TEST_F(RequestsTest, ARunThatHasEndedTakesNothing) {
  start("a");
  std::string told;
  requests_.terminate({"a", std::nullopt}, "r", into(&told));
  settle();
  EXPECT_EQ(told, "done");
  EXPECT_EQ(ask_everything("a"), Strings(5, "RP3006"));
}

TEST_F(RequestsTest, WhoComesAfterAnEndThatIsNotDurableIsRefusedWhenItIs) {
  KnownRun& run = start("a");
  std::string first;
  std::string second;
  requests_.terminate({"a", std::nullopt}, "r", into(&first));
  requests_.signal({"a", std::nullopt}, "s", "", into(&second));
  run_turns();
  release();
  EXPECT_EQ(first + second, "");
  commit();
  release();
  EXPECT_EQ(first, "done");
  EXPECT_EQ(second, "RP3006");
  EXPECT_EQ(history(run), (Strings{"RunStarted", "RunTerminated"}));
}

TEST_F(RequestsTest, WithoutRoomNothingIsTaken) {
  KnownRun& run = start("a");
  settle();
  fill_disk();
  EXPECT_EQ(ask_everything("a"), Strings(5, "RP1007"));
  EXPECT_EQ(history(run), Strings{"RunStarted"});
  EXPECT_TRUE(run.state.open());
}

TEST_F(RequestsTest, WhatIsTakenIsAnInputInTheOrderOfAsking) {
  KnownRun& run = start("a");
  settle();
  std::string signalled;
  std::string cancelled;
  requests_.signal({"a", std::nullopt}, "s", "", into(&signalled));
  requests_.cancel({"a", std::nullopt}, "r", into(&cancelled));
  settle();
  EXPECT_EQ(signalled + cancelled, "donedone");
  EXPECT_EQ(history(run), (Strings{"RunStarted", "SignalReceivedCancelRequested"}));
}

TEST_F(RequestsTest, ThatRunIsMeantOrTheNewestOfTheId) {
  KnownRun& older = start("a");
  settle();
  std::string told;
  requests_.terminate({"a", std::nullopt}, "r", into(&told));
  settle();
  KnownRun& newer = start("a");
  settle();
  std::string to_older;
  std::string to_newer;
  requests_.signal({"a", older.state.id}, "s", "", into(&to_older));
  requests_.signal({"a", std::nullopt}, "s", "", into(&to_newer));
  settle();
  EXPECT_EQ(to_older, "RP3006");
  EXPECT_EQ(to_newer, "done");
  EXPECT_EQ(history(newer).size(), 2u);
}

class RequestsOfShortHistories : public RequestsTest {
 protected:
  RequestsOfShortHistories() : RequestsTest(EngineLimits{.history_events = 1}) {}
};

TEST_F(RequestsOfShortHistories, AHistoryThatIsTooLongTakesAnEndAndNothingElse) {
  start("a");
  settle();
  std::string signalled;
  std::string terminated;
  requests_.signal({"a", std::nullopt}, "s", "", into(&signalled));
  requests_.terminate({"a", std::nullopt}, "r", into(&terminated));
  settle();
  EXPECT_EQ(signalled, "RP2007");
  EXPECT_EQ(terminated, "done");
}

}  // namespace
}  // namespace reprise::runtime::requests_test
