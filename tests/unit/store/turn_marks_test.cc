#include "store/turn_marks.h"

#include <csignal>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"
#include "tests/unit/store/processes.h"

namespace reprise::store::turn_marks_test {
namespace {

constexpr std::uint64_t kBuild = 77;

class TurnMarksTest : public ::testing::Test {
 protected:
  std::unique_ptr<TurnMarks> open(std::uint64_t build = kBuild) {
    auto marks = TurnMarks::open(path_, build);
    EXPECT_TRUE(marks);
    return marks ? std::move(*marks) : nullptr;
  }
  static Deaths only(const TurnMarks& marks) {
    const auto deaths = marks.deaths();
    EXPECT_EQ(deaths.size(), 1u);
    return deaths.empty() ? Deaths{} : deaths.front();
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "turns";
};

TEST_F(TurnMarksTest, AProcessThatEndsBetweenTurnsLeavesNothing) {
  {
    const auto marks = open();
    marks->of_shard(3)->set(5, 14);
    marks->of_shard(3)->set(0, 0);
  }
  EXPECT_TRUE(open()->deaths().empty());
}

TEST_F(TurnMarksTest, CodeThatEndsTheProcessTwiceIsSetAside) {
  const auto first = [&] {
    const auto marks = open();
    marks->of_shard(1)->set(5, 14);
    marks->of_shard(1)->cause = SIGSEGV;
  };
  first();
  EXPECT_EQ(only(*open()).seen, 1u);
  EXPECT_EQ(only(*open()).set_aside, 0u) << "and opening it again counts nothing again";
  {
    const auto marks = open();
    marks->of_shard(0)->set(5, 20);  // it has come further, and dies again
    marks->of_shard(0)->cause = SIGABRT;
  }
  const Deaths deaths = only(*open());
  EXPECT_EQ(deaths.run, 5u);
  EXPECT_EQ(deaths.place, 20u);
  EXPECT_EQ(deaths.cause, static_cast<std::uint32_t>(SIGABRT));
  EXPECT_EQ(deaths.set_aside, 1u);
  EXPECT_EQ(only(*open()).set_aside, 1u) << "for good";
}

TEST_F(TurnMarksTest, MarksSurviveTheDeathOfTheirProcess) {
  {
    const OtherProcess other([this] {
      TurnMarks* const marks = open().release();
      marks->of_shard(0)->set(5, 14);
      return true;
    });
    other.kill();
  }
  EXPECT_EQ(only(*open()).unseen, 1u);
}

// Three processes in a row, before the code has completed a turn: not by chance.
TEST_F(TurnMarksTest, DeathsThatNobodySawCountOnlyOneAfterTheOther) {
  const auto killed_at = [&](RunNumber run, std::uint64_t place) {
    open()->of_shard(0)->set(run, place);
  };
  killed_at(5, 14);
  killed_at(5, 14);
  EXPECT_EQ(only(*open()).unseen, 2u);
  (void)open();  // a process that ended well
  EXPECT_EQ(only(*open()).unseen, 0u);
  killed_at(5, 14);
  killed_at(5, 15);  // signals came for it
  {
    const auto marks = open();
    marks->gets_on(5);
    marks->of_shard(0)->set(5, 16);
  }
  EXPECT_EQ(only(*open()).unseen, 1u);
  for (int i = 0; i < 3; ++i) killed_at(5, 17);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(only(*open()).set_aside, 1u);
    EXPECT_EQ(only(*open()).unseen, 3u) << "so the reason can be reported";
  }
}

TEST_F(TurnMarksTest, WhoJustHappensToRunIsNotToBlame) {
  for (int i = 0; i < 5; ++i) {
    const auto marks = open();
    marks->of_shard(0)->set(5, 14);
    marks->of_shard(1)->set(6, 3);
    marks->of_shard(1)->cause = SIGSEGV;
  }
  EXPECT_EQ(only(*open()).run, 6u);
}

TEST_F(TurnMarksTest, NobodyIsToBlameForAnotherReason) {
  for (int i = 0; i < 5; ++i) {
    const auto marks = open();
    marks->of_shard(0)->set(5, 14);
    marks->ends_for_another_reason();
  }
  EXPECT_TRUE(open()->deaths().empty());
}

TEST_F(TurnMarksTest, ANewBuildStartsAfresh) {
  for (int i = 0; i < 2; ++i) {
    const auto marks = open();
    marks->of_shard(0)->set(5, 14);
    marks->of_shard(0)->cause = SIGSEGV;
  }
  EXPECT_EQ(only(*open()).set_aside, 1u);
  EXPECT_TRUE(open(kBuild + 1)->deaths().empty());
  EXPECT_TRUE(open()->deaths().empty()) << "and what was forgotten stays so";
}

TEST_F(TurnMarksTest, WhatAnotherBuildDiedOfIsNotLaidToThisOne) {
  {
    const auto marks = open();
    marks->of_shard(0)->set(5, 14);
    marks->of_shard(0)->cause = SIGSEGV;
  }
  EXPECT_TRUE(open(kBuild + 1)->deaths().empty());
}

TEST_F(TurnMarksTest, WhatIsForgottenStaysForgotten) {
  for (RunNumber run : {5u, 6u}) {
    const auto marks = open();
    marks->of_shard(0)->set(run, 14);
    marks->of_shard(0)->cause = SIGSEGV;
  }
  ASSERT_EQ(open()->deaths().size(), 2u);
  EXPECT_TRUE(open()->forget_if([](RunNumber run) { return run == 5; }));
  EXPECT_EQ(only(*open()).run, 6u);
}

// Nothing is left of a run that ends its process in its first turn, so its workflow is remembered.
TEST_F(TurnMarksTest, AWorkflowThatEndsTheProcessAtStartIsKnown) {
  constexpr std::uint64_t kWorkflow = 4'711;
  {
    const auto marks = open();
    EXPECT_FALSE(marks->ends_processes_at_start(kWorkflow));
    marks->of_shard(0)->set(5, 0, kWorkflow);
    marks->of_shard(0)->cause = SIGSEGV;
  }
  for (int i = 0; i < 2; ++i) {
    const auto marks = open();
    EXPECT_TRUE(marks->ends_processes_at_start(kWorkflow));
    EXPECT_FALSE(marks->ends_processes_at_start(kWorkflow + 1));
    EXPECT_TRUE(marks->deaths().empty()) << "the run's number will be another one's";
    ASSERT_TRUE(marks->forget_if([](RunNumber) { return true; }));
  }
  EXPECT_FALSE(open(kBuild + 1)->ends_processes_at_start(kWorkflow));
}

TEST_F(TurnMarksTest, StartsThatWereKilledFromOutsideAreSuspectWhenThreeInARowWere) {
  constexpr std::uint64_t kWorkflow = 4'711;
  const auto kill = [&] {
    const auto marks = open();
    EXPECT_FALSE(marks->ends_processes_at_start(kWorkflow));
    for (std::size_t shard = 0; shard < 5; ++shard) {
      marks->of_shard(shard)->set(5 + shard, 0, kWorkflow);
    }
  };
  for (int i = 0; i < 2; ++i) kill();
  (void)open();
  for (int i = 0; i < 3; ++i) kill();
  EXPECT_TRUE(open()->ends_processes_at_start(kWorkflow));
}

// `reprise retry` while no program has the store open.
TEST_F(TurnMarksTest, ARunIsForgottenInTheFileAlone) {
  EXPECT_TRUE(TurnMarks::forget_in(path_, 5)) << "there is no file";
  EXPECT_NE(::access(path_.c_str(), F_OK), 0);
  for (RunNumber run : {6u, 5u, 5u}) {
    const auto marks = open();
    marks->of_shard(0)->set(run, 14);
    marks->of_shard(1)->set(7, 14);  // just happens to run
    marks->of_shard(0)->cause = SIGSEGV;
  }
  ASSERT_TRUE(TurnMarks::forget_in(path_, 5));
  const auto marks = open();
  EXPECT_EQ(only(*marks).run, 6u) << "and the uncounted death is blamed on no run";
  marks->of_shard(0)->set(5, 14);
  marks->of_shard(0)->cause = SIGSEGV;
  const auto deaths = open()->deaths();
  ASSERT_EQ(deaths.size(), 2u);
  EXPECT_EQ(deaths.back().run, 5u);
  EXPECT_EQ(deaths.back().seen, 1u) << "it starts afresh";
}

// The tool may be newer than the program, which would not see what the tool has cleared.
TEST_F(TurnMarksTest, NothingIsForgottenInAFileOfAnotherFormat) {
  for (const char* start : {"RPTURNMK\1", "RPTURNMK\3", "rpturnmk\2"}) {
    const std::string before = std::string(start) + std::string(1'000, '\0');
    std::ofstream(path_, std::ios::binary) << before;
    const auto forgotten = TurnMarks::forget_in(path_, 5);
    ASSERT_FALSE(forgotten);
    EXPECT_EQ(forgotten.error().code, base::ErrorCode::kStoreOtherFormat);
    EXPECT_EQ(read_file(path_).value(), before);
  }
  for (const std::size_t bytes : {0, 1'000}) {
    std::ofstream(path_, std::ios::binary) << std::string(bytes, '\0');
    EXPECT_TRUE(TurnMarks::forget_in(path_, 5)) << "nobody has written to it";
  }
}

TEST_F(TurnMarksTest, AnyBytesAreNoDeaths) {
  for (const char byte : {'\0', '\1', '\xff'}) {
    std::ofstream(path_, std::ios::binary) << std::string(200'000, byte);
    EXPECT_TRUE(open()->deaths().empty());
  }
}

TEST_F(TurnMarksTest, AnEntryThatWasChangedIsForgotten) {
  {
    const auto marks = open();
    marks->of_shard(0)->set(5, 14);
    marks->of_shard(0)->cause = SIGSEGV;
  }
  (void)open();
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp((72 << 10) + 8);  // the build of the first entry
  file.put('\x55');
  file.close();
  EXPECT_TRUE(open()->deaths().empty());
}

// More runs than there is room for: one of them starts afresh.
TEST_F(TurnMarksTest, TheTableMayBeFull) {
  for (RunNumber run = 1; run <= 2 * TurnMarks::kMostShards; run += TurnMarks::kMostShards) {
    const auto marks = open();
    for (std::size_t i = 0; i < TurnMarks::kMostShards; ++i) {
      marks->of_shard(i)->set(run + i, 1);
      marks->of_shard(i)->cause = SIGSEGV;
    }
  }
  EXPECT_EQ(open()->deaths().size(), TurnMarks::kMostRuns);
  EXPECT_EQ(open()->of_shard(TurnMarks::kMostShards), nullptr);
}

// That costs a workflow one process, a run two.
TEST_F(TurnMarksTest, AFullTableForgetsWorkflowsBeforeRunsThatAreSetAside) {
  constexpr std::uint64_t kWorkflow = 4'711;
  for (int i = 0; i < 2; ++i) {
    const auto marks = open();
    for (std::size_t shard = 0; shard + 1 < TurnMarks::kMostShards; ++shard) {
      marks->of_shard(shard)->set(1 + shard, 1);
      marks->of_shard(shard)->cause = SIGSEGV;
    }
    TurnMark* const last = marks->of_shard(TurnMarks::kMostShards - 1);
    last->set(5'000, 0, kWorkflow);
    last->cause = SIGSEGV;
  }
  {
    const auto marks = open();
    EXPECT_TRUE(marks->ends_processes_at_start(kWorkflow));
    EXPECT_EQ(marks->deaths().size(), TurnMarks::kMostRuns - 1);
    marks->of_shard(0)->set(6'000, 1);
    marks->of_shard(0)->cause = SIGSEGV;
  }
  const auto marks = open();
  EXPECT_FALSE(marks->ends_processes_at_start(kWorkflow));
  EXPECT_EQ(marks->deaths().size(), TurnMarks::kMostRuns);
  EXPECT_EQ(marks->deaths().front().set_aside, 1u);
}

}  // namespace
}  // namespace reprise::store::turn_marks_test
