#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples/human_task/refund.h"
#include "tests/support/command_output.h"
#include "tests/support/env_modes.h"
#include "tests/support/temporary_directory.h"

namespace human_task {
namespace {

using ::testing::HasSubstr;

class HumanTask : public reprise::testing::InEveryMode {
 protected:
  HumanTask() {
    env.implement(refund, run_refund);
    env.implement_async(ask_desk,
                        [this](reprise::ActivityContext&, reprise::Completion<bool> decision,
                               const std::string&) { token_ = decision.token(); });
    env.stub(pay_back, [](const std::string&) {});
  }
  std::string token_;
};
INSTANTIATE_TEST_SUITE_P(All,
                         HumanTask,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(HumanTask, IsDecidedAfterDays) {
  const auto run = env.start(refund("order-7"));
  env.skip(24h * 6);
  env.client().complete(token_, true);
  EXPECT_EQ(run.result(), "order-7 is refunded");
}

TEST_P(HumanTask, IsRefused) {
  const auto run = env.start(refund("order-7"));
  env.skip(1min);  // an attempt that a dying process has lost is made again
  env.client().complete(token_, false);
  EXPECT_EQ(run.result(), "order-7 is not refunded");
  EXPECT_EQ(env.calls(pay_back), 0);
}

TEST(HumanTaskLimit, AsksOnceMoreAndGivesUp) {
  reprise::testing::Env env;
  std::vector<std::string> tokens;
  env.implement(refund, run_refund);
  env.implement_async(ask_desk, [&](reprise::ActivityContext&, reprise::Completion<bool> decision,
                                    const std::string&) { tokens.push_back(decision.token()); });
  const auto run = env.start(refund("order-7"));
  env.skip(24h * 8);
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_THROW(env.client().complete(tokens[0], true), reprise::CompletionLate);
  EXPECT_THROW(run.result(), reprise::ActivityFailure);
  EXPECT_THROW(env.client().complete(tokens[1], true), reprise::CompletionLate);
}

// ---- the program ------------------------------------------------------------------------------

class HumanTaskProgram : public ::testing::Test {
 protected:
  // The shell has the functions `program`, which goes on in the background as $P, `task_is_open`,
  // which waits for that, and `complete`, which decides.
  std::string script(const std::string& lines) const {
    std::ofstream(directory_ / "test.sh")
        << "program() { " HUMAN_TASK_PROGRAM
           " order-7 > said.$1 2>&1 & P=$!; }\n"
           "task_is_open() {\n"
           "  for i in $(seq 1200); do\n"
           "    " REPRISE_COMMAND
           " why human_task.db order-7 2>/dev/null |\n"
           "      grep -q 'waits to be completed elsewhere (attempt 1' && return\n"
           "    sleep 0.05\n"
           "  done\n"
           "  echo 'no task'; exit 1\n"
           "}\n"
           "complete() { " REPRISE_COMMAND " complete human_task.db - --json $1 < desk/order-7; }\n"
        << lines;
    const auto output =
        reprise::testing::output_of("cd '" + directory_.path() + "' && bash test.sh");
    EXPECT_EQ(output.code, 0) << output.said;
    return output.said;
  }

  const reprise::testing::TemporaryDirectory directory_;
};

TEST_F(HumanTaskProgram, IsKilledAndTheTaskIsStillThere) {
  const std::string said = script(
      "program 1; task_is_open\n"
      "{ kill -9 $P; wait $P; } 2>/dev/null\n"
      "program 2\n"
      "until [ -s said.2 ]; do sleep 0.05; done\n"
      "complete true; wait $P; cat said.2\n"
      "complete true 2>&1 || true\n");
  EXPECT_THAT(said, HasSubstr("order-7: attempt 1 of activity #1 is completed\n"
                              "the desk has to decide: see desk/order-7\n"));
  EXPECT_THAT(said, HasSubstr("paying back order-7\norder-7 is refunded\n"));
  EXPECT_THAT(said, HasSubstr("reprise complete: RP3022 attempt 1 of activity 'ask_desk'"));
}

TEST_F(HumanTaskProgram, IsDecidedWhileNoProgramRuns) {
  const std::string said = script(
      "program 1; task_is_open\n"
      "{ kill -9 $P; wait $P; } 2>/dev/null\n"
      "complete false; program 2; wait $P; cat said.2\n");
  EXPECT_THAT(said, HasSubstr("is completed; the run goes on when an engine runs\n"));
  EXPECT_THAT(said, HasSubstr("order-7 is not refunded\n"));
}

}  // namespace
}  // namespace human_task
