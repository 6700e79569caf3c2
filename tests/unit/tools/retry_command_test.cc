// retry without an engine; beside one it is in tests/unit/runtime/control_test.cc.
#include <csignal>

#include <gmock/gmock.h>

#include "base/build_id.h"
#include "store/turn_marks.h"
#include "tests/unit/tools/command_fixture.h"

namespace reprise::tools::retry_command_test {
namespace {

using ::testing::HasSubstr;

class RetryCommandTest : public CommandFixture {
 protected:
  RetryCommandTest() {
    workflow("w", reprise::testing::wait_for_signal);
    open();
  }
  void open() {
    open_engine();
    start_worker();
  }
  // The process ends in the code of the run that was started first.
  void die() {
    close_engine();
    const auto marks = store::TurnMarks::open(store_ + "/turns", base::build_id());
    ASSERT_TRUE(marks);
    (*marks)->of_shard(0)->set(1, 2);
    (*marks)->of_shard(0)->cause = SIGSEGV;
  }
  bool is_parked() {
    const auto runs = reprise_json({"list", store_});
    return runs.size() == 1 && runs[0].contains("parked");
  }
};

TEST_F(RetryCommandTest, LetsARunLooseThatWasSetAside) {
  start("w", "poison");
  die();
  die();
  open();
  EXPECT_TRUE(describe("poison")->parked);
  close_engine();
  ASSERT_TRUE(is_parked());
  const Output output = reprise({"retry", store_, "poison"});
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_EQ(output.out, "poison: will be tried again when an engine has its code\n");
  EXPECT_FALSE(is_parked());
  open();
  EXPECT_FALSE(describe("poison")->parked);
  ASSERT_TRUE(signal("poison", "go"));
  EXPECT_EQ(describe("poison")->status, runtime::RunStatus::kCompleted);
}

// No engine has counted the last death yet.
TEST_F(RetryCommandTest, ForgetsEveryDeath) {
  start("w", "poison");
  die();
  die();
  EXPECT_EQ(reprise({"retry", store_, "poison"}).code, 0);
  die();
  open();
  EXPECT_FALSE(describe("poison")->parked) << "that is the first again";
}

TEST_F(RetryCommandTest, SaysWhatItCannotRetry) {
  start("w", "a");
  ASSERT_TRUE(signal("a", "go"));
  close_engine();
  const Output ended = reprise({"retry", store_, "a"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("RP3006"));
  EXPECT_EQ(reprise({"retry", store_, "nobody"}).code, 1);
}

}  // namespace
}  // namespace reprise::tools::retry_command_test
