// Code that ends the process.
#include <csignal>
#include <fstream>

#include <gmock/gmock.h>

#include "base/build_id.h"
#include "base/ids.h"
#include "runtime/engine/embedded_engine.h"
#include "store/parked_notes.h"
#include "store/turn_marks.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::poison_test {
namespace {

using base::ErrorCode;
using ::testing::HasSubstr;
using ::testing::Not;

class PoisonedRuns : public EngineFixture {
 protected:
  PoisonedRuns() {
    workflow("w", wait_for_signal);
    reopen();
  }
  ~PoisonedRuns() override { close(); }

  void close() {
    worker_.reset();
    engine_.reset();
  }
  void reopen() {
    close();
    auto opened = runtime::Engine::open(directory_.path() + "/store", options());
    ASSERT_TRUE(opened) << opened.error().text();
    engine_ = std::move(*opened);
    start_worker();
  }
  // The process ends while code of the run is executed. The first run that was ever recorded has
  // the number 1.
  void die(store::RunNumber run, std::uint32_t cause) {
    close();
    auto marks = store::TurnMarks::open(directory_.path() + "/store/turns", base::build_id());
    ASSERT_TRUE(marks);
    (*marks)->of_shard(0)->set(run, 2);
    (*marks)->of_shard(0)->cause = cause;
  }
  // It ends in the first turn of a run, of which nothing is recorded.
  void die_starting(const std::string& workflow) {
    close();
    auto marks = store::TurnMarks::open(directory_.path() + "/store/turns", base::build_id());
    ASSERT_TRUE(marks);
    (*marks)->of_shard(0)->set(1, 0, base::hash64(workflow));
    (*marks)->of_shard(0)->cause = SIGSEGV;
  }
  // The workflow that would be blamed for a death now, if no run is known; 0: a run is known.
  std::uint64_t starting_now() {
    std::ifstream file(directory_.path() + "/store/turns", std::ios::binary);
    std::uint64_t starting = 1;
    file.seekg((4 << 10) + 24);  // in the mark of the first shard
    file.read(reinterpret_cast<char*>(&starting), sizeof starting);
    return starting;
  }
  // Nothing that happens meanwhile is durable.
  void run_without_disk() {
    while (static_cast<runtime::EmbeddedEngine&>(*engine_).run_shards()) {
    }
  }
  ErrorCode parked_for(const std::string& id) {
    const auto run = describe(id);
    return run && run->parked ? run->parked->code : ErrorCode{};
  }
  base::Status retry(std::string id) {
    std::optional<base::Status> status;
    engine_->ask(
        runtime::verb::Retry{{std::move(id), {}}, [&](const base::Status& s) { status = s; }});
    settle();
    return status.value();
  }
  Watch watch(std::string id) {
    auto watch = std::make_shared<runtime::RunWatch>();
    engine_->ask(runtime::verb::Watch{{std::move(id), {}}, watch});
    settle();
    return watch;
  }
  void poison() {
    start("w", "poison");
    start("w", "other");
    die(1, SIGSEGV | base::kCauseStackOverflow);
    die(1, SIGSEGV | base::kCauseStackOverflow);
    reopen();
  }

  TemporaryDirectory directory_;
};

TEST_F(PoisonedRuns, OneThatEndedTheProcessTwiceIsSetAsideAndTheOthersGoOn) {
  poison();
  const auto run = describe("poison");
  ASSERT_TRUE(run && run->parked);
  EXPECT_EQ(run->parked->code, ErrorCode::kPoisoned);
  EXPECT_THAT(run->parked->message, HasSubstr("2 times"));
  EXPECT_THAT(run->parked->message, HasSubstr("SIGSEGV, a stack overflow"));
  EXPECT_THAT(logged_, HasSubstr("RP2010"));
  const auto other = watch("other");
  ASSERT_TRUE(signal("other", "go", "done"));
  EXPECT_EQ(result(other), "done");
  for (const auto& listed : list()) {
    EXPECT_EQ(listed.parked.has_value(), listed.workflow_id == "poison");
  }
}

// `reprise terminate` while no program has the store open.
TEST_F(PoisonedRuns, AProgramWithoutCodeChangesNothingAboutIt) {
  poison();
  close();
  {
    auto tool_options = options();
    tool_options.executes_code = false;
    auto tool = runtime::Engine::open(directory_.path() + "/store", tool_options);
    ASSERT_TRUE(tool) << tool.error().text();
    (*tool)->ask(
        runtime::verb::Terminate{{"other", {}}, "no longer needed", [](const base::Status&) {}});
    while ((*tool)->run_some()) {
    }
  }
  const auto notes = store::read_parked_notes(directory_.path() + "/store/parked");
  EXPECT_EQ(notes.size(), 1u) << "for tools beside the engine, and after it";
  reopen();
  EXPECT_EQ(parked_for("poison"), ErrorCode::kPoisoned);
}

TEST_F(PoisonedRuns, OnceIsNotEnough) {
  start("w", "poison");
  die(1, SIGABRT);
  reopen();
  EXPECT_EQ(parked_for("poison"), ErrorCode{});
}

TEST_F(PoisonedRuns, KilledFromOutsideThreeTimesInARowIsNoChance) {
  start("w", "poison");
  for (int i = 0; i < 3; ++i) die(1, base::kCauseUnseen);
  reopen();
  EXPECT_EQ(parked_for("poison"), ErrorCode::kPoisoned);
}

TEST_F(PoisonedRuns, ARunThatGetsOnIsNotSetAside) {
  start("w", "a");
  workflow("w", [](Execution& e) {
    for (;;) (void)wait_for_signal(e);
    return Outcome();
  });
  for (int i = 0; i < 6; ++i) {
    die(1, base::kCauseUnseen);
    reopen();
    ASSERT_TRUE(signal("a", "go"));  // its code does a turn
    EXPECT_EQ(parked_for("a"), ErrorCode{});
  }
}

TEST_F(PoisonedRuns, OneThatIsSetAsideTakesSignalsAndRunsNoCode) {
  poison();
  const auto end = watch("poison");
  ASSERT_TRUE(signal("poison", "go", "late"));
  EXPECT_EQ(result(end), "(running)");
  EXPECT_EQ(query("poison", "q").error().code, ErrorCode::kPoisoned);
  worker_.reset();
  start_worker();
  settle();
  EXPECT_EQ(parked_for("poison"), ErrorCode::kPoisoned) << "a new worker is not a new build";
  ASSERT_TRUE(retry("poison"));
  EXPECT_EQ(result(end), "late");
}

TEST_F(PoisonedRuns, WhatIsRetriedIsNotSetAsideByTheNextProcess) {
  poison();
  ASSERT_TRUE(retry("poison"));
  EXPECT_EQ(parked_for("poison"), ErrorCode{});
  reopen();
  EXPECT_EQ(parked_for("poison"), ErrorCode{});
  die(1, SIGSEGV);
  reopen();
  EXPECT_EQ(parked_for("poison"), ErrorCode{}) << "with a clean slate";
}

TEST_F(PoisonedRuns, OneThatIsSetAsideCanBeTerminated) {
  poison();
  const auto end = watch("poison");
  ASSERT_TRUE(terminate("poison"));
  EXPECT_THAT(result(end), HasSubstr("Terminated"));
  EXPECT_EQ(retry("poison").error().code, ErrorCode::kRunClosed);
  reopen();
  EXPECT_EQ(describe("poison")->status, runtime::RunStatus::kTerminated);
}

// Its number is given to the next run.
TEST_F(PoisonedRuns, ARunThatWasNeverRecordedLeavesNothingToTheNext) {
  die(1, SIGSEGV);
  die(1, SIGSEGV);
  reopen();
  start("w", "innocent");
  reopen();
  EXPECT_EQ(parked_for("innocent"), ErrorCode{});
}

// If nothing of the run is recorded, each repeated start ends another process.
TEST_F(PoisonedRuns, AStartOfAWorkflowThatEndsProcessesIsRecordedBeforeItsCodeRuns) {
  die_starting("w");
  workflow("innocent", wait_for_signal);
  reopen();
  const auto run = start("w", "poison");
  ASSERT_TRUE(started_ && *started_);
  ASSERT_FALSE(history("poison").empty());
  EXPECT_TRUE(history("poison").front().without_code());
  ASSERT_TRUE(signal("poison", "go", "done"));
  EXPECT_EQ(result(run), "done");
  start("innocent", "other");
  EXPECT_FALSE(history("other").front().without_code());
  EXPECT_THAT(logged_, HasSubstr("workflow 'w': its code has ended a process in the first turn"));
  EXPECT_THAT(logged_, Not(HasSubstr("workflow 'innocent'")));
}

// Nothing is left of a run that made more than one turn before the first was on the disk.
TEST_F(PoisonedRuns, AWorkflowIsToBlameUntilTheStartIsDurable) {
  std::vector<std::uint64_t> blamed;
  workflow("w", [&](Execution& e) {
    for (;;) {
      blamed.push_back(starting_now());
      (void)wait_for_signal(e);
    }
    return Outcome();
  });
  reopen();
  engine_->ask(runtime::verb::Start{{.workflow = "w", .workflow_id = "a"},
                                    std::make_shared<runtime::RunWatch>(),
                                    [](const base::Result<runtime::StartedRun>&) {}});
  run_without_disk();
  engine_->ask(runtime::verb::Signal{{"a", {}}, "go", "", [](const base::Status&) {}});
  run_without_disk();
  settle();
  ASSERT_TRUE(signal("a", "go"));
  const std::uint64_t workflow = base::hash64("w");
  EXPECT_THAT(blamed, ::testing::ElementsAre(workflow, workflow, 0u));
}

TEST_F(PoisonedRuns, AStartThatIsRecordedBeforeItsCodeRunsIsSetAsideLikeAnyRun) {
  worker_.reset();
  start("w", "poison");  // for whoever will have its code
  ASSERT_TRUE(started_ && *started_);
  die(1, SIGSEGV);
  die(1, SIGSEGV);
  reopen();
  EXPECT_EQ(parked_for("poison"), ErrorCode::kPoisoned);
}

TEST_F(PoisonedRuns, OrdinaryWorkLeavesNoMark) {
  const auto run = start("w", "a");
  ASSERT_TRUE(signal("a", "go", "done"));
  start("w", "b");
  close();
  auto marks = store::TurnMarks::open(directory_.path() + "/store/turns", base::build_id());
  ASSERT_TRUE(marks);
  EXPECT_TRUE((*marks)->deaths().empty());
}

TEST_F(PoisonedRuns, RetryOfARunThatIsNotParkedChangesNothing) {
  const auto run = start("w", "a");
  ASSERT_TRUE(retry("a"));
  EXPECT_EQ(retry("nobody").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(signal("a", "go", "done"));
  EXPECT_EQ(result(run), "done");
}

TEST_F(PoisonedRuns, RetryTriesAnyParkedRunAgain) {
  bool broken = true;
  workflow("broken", [&broken](Execution&) -> Outcome {
    if (broken) throw std::runtime_error("broken");
    return Outcome::success("mended");
  });
  reopen();
  const auto run = start("broken", "a");
  EXPECT_EQ(parked_for("a"), ErrorCode::kWorkflowBug);
  broken = false;
  ASSERT_TRUE(retry("a"));
  EXPECT_EQ(result(run), "mended");
}

}  // namespace
}  // namespace reprise::testing::poison_test
