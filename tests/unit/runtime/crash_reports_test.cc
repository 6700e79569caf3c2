// Which run the next process blames for the end of this one. The deaths happen in other processes.
#include "runtime/engine/crash_reports.h"

#include <functional>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "base/out_of_memory.h"
#include "tests/support/piped_child.h"
#include "tests/support/temporary_directory.h"

namespace reprise::runtime::crash_reports_test {
namespace {

class EndsTest : public ::testing::Test {
 protected:
  std::unique_ptr<store::TurnMarks> open(const std::string& name = "turns") {
    auto marks = store::TurnMarks::open(directory_ / name, 77);
    EXPECT_TRUE(marks);
    return marks ? std::move(*marks) : nullptr;
  }
  // Its exit code.
  static int in_other_process(const std::function<void()>& act) {
    return testing::exit_of_child([&] {
      act();
      return 0;
    });
  }

  testing::TemporaryDirectory directory_;
};

// A run whose code another thread is executing is not known to have used up the memory.
TEST_F(EndsTest, WantOfMemoryIsLaidToNobody) {
  const auto die = [&](bool told) {
    const auto marks = open();
    const OtherEnds other_ends(told ? marks.get() : nullptr);
    marks->of_shard(0)->set(5, 14);
    base::end_out_of_memory("testing");
  };
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(in_other_process([&] { die(true); }), base::kExitOutOfMemory);
  }
  EXPECT_TRUE(open()->deaths().empty());
  EXPECT_EQ(in_other_process([&] { die(false); }), base::kExitOutOfMemory);
  EXPECT_EQ(open()->deaths().size(), 1u) << "nobody has said anything";
}

// A run that uses up the memory fails on its own thread, but a victim of others may too: it counts
// as an unseen death, for that run only.
TEST_F(EndsTest, WantOfMemoryInTheCodeOfARunIsThatRunsAfterThreeInARow) {
  const RunLabel run{.number = 5, .workflow = "w", .events = 14};
  const auto die = [&] {
    const auto marks = open();
    const OtherEnds other_ends(marks.get());
    marks->of_shard(1)->set(6, 3);  // just happens to run
    CodeMark mark;
    mark.tell_next_process(marks->of_shard(0));
    const CrashReports reports(mark);
    const CodeMark::Scope in_code(mark, run);
    base::end_out_of_memory("testing");
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(in_other_process(die), base::kExitOutOfMemory);
  const auto deaths = open()->deaths();
  ASSERT_EQ(deaths.size(), 1u);
  EXPECT_EQ(deaths.front().run, 5u);
  EXPECT_EQ(deaths.front().seen, 0u);
  EXPECT_EQ(deaths.front().unseen, 3u);
  EXPECT_EQ(deaths.front().set_aside, 1u);
  EXPECT_THAT(poison_text(deaths.front()), ::testing::HasSubstr("no memory"));
}

// It has the parent's marks mapped, and a store of its own.
TEST_F(EndsTest, AChildsEndChangesNothingInItsParentsStore) {
  (void)in_other_process([&] {
    const auto marks = open();
    const OtherEnds other_ends(marks.get());
    marks->of_shard(0)->set(5, 14);
    (void)in_other_process([&] {
      const auto own = open("own");
      const OtherEnds own_ends(own.get());
      base::end_out_of_memory("testing");
    });
    ::_exit(1);  // nobody sees it
  });
  const auto deaths = open()->deaths();
  ASSERT_EQ(deaths.size(), 1u);
  EXPECT_EQ(deaths.front().unseen, 1u);
}

}  // namespace
}  // namespace reprise::runtime::crash_reports_test
