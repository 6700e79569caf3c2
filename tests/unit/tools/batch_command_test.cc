// reprise batch, on a store that no engine has open while the command runs.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tools/command_fixture.h"
#include "tests/unit/tools/with_own_runs.h"

namespace reprise::tools::batch_command_test {
namespace {

using ::testing::HasSubstr;

class BatchCommands : public WithOwnRuns<CommandFixture> {
 protected:
  static constexpr const char* kRunning = "WorkflowType = 'order' AND Status = 'Running'";

  BatchCommands() {
    open_engine();
    for (const char* id : {"a", "b", "c"}) start("order", id);
    close_engine();
  }
  void run_batches() {
    open_engine();
    work_on_own_runs();
  }
  Output batch(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "batch");
    return reprise(std::move(arguments));
  }
  std::string refusal(std::vector<std::string> arguments, int code = 2) {
    const Output output = batch(std::move(arguments));
    EXPECT_EQ(output.code, code) << output.err;
    EXPECT_EQ(output.out, "");
    return output.err;
  }
};

TEST_F(BatchCommands, FromTheLookToTheEnd) {
  EXPECT_EQ(batch({"terminate", store_, "--filter", kRunning, "--dry-run"}).out, "3 runs match\n");
  EXPECT_THAT(batch({"list", store_}).err, HasSubstr("there is no batch"));
  const std::vector<std::string> call = {"terminate", store_,     "--filter", kRunning, "--id",
                                         "old",       "--reason", "moved",    "--as",   "ann"};
  EXPECT_EQ(batch(call).out, "batch old: begins when an engine runs; 3 runs match\n");
  EXPECT_THAT(batch({"list", store_}).out, HasSubstr("old    terminate  under way     0"));
  EXPECT_EQ(batch({"wait", store_, "old", "--for", "0.001"}).code, 1);
  run_batches();
  EXPECT_EQ(batch(call).code, 0) << "the same call again";
  const auto known = reprise_json({"batch", "show", store_, "old"});
  EXPECT_EQ(known["state"], "ended");
  EXPECT_EQ(known["total"], 3);
  EXPECT_EQ(known["done"], 3);
  EXPECT_EQ(known["failed"], 0);
  EXPECT_EQ(known["principal"], "ann");
  EXPECT_EQ(known["filter"], kRunning);
  EXPECT_THAT(batch({"show", store_, "old"}).out, HasSubstr("3 of 3 done, 0 failed"));
  EXPECT_EQ(batch({"wait", store_, "old", "--for", "1"}).code, 0);
  EXPECT_THAT(batch({"stop", store_, "old"}).out, HasSubstr("has ended already"));
  EXPECT_THAT(reprise({"audit", store_, "a"}).out, HasSubstr("batch old: moved"));
  EXPECT_THAT(refusal({"cancel", store_, "--filter", kRunning, "--id", "old"}, 1),
              HasSubstr("RP3004"));
  EXPECT_EQ(reprise_json({"batch", "list", store_}).size(), 1U);
}

TEST_F(BatchCommands, SignalsAndFailures) {
  EXPECT_EQ(batch({"signal", store_, "approve", "{\"by\":\"ann\"}", "--filter", kRunning, "--id",
                   "s", "--rate", "0"})
                .code,
            0);
  run_batches();
  EXPECT_THAT(batch({"show", store_, "s"}).out, HasSubstr("signal approve"));
  EXPECT_EQ(reprise_json({"batch", "show", store_, "s"})["done"], 3);
  EXPECT_THAT(reprise({"history", store_, "a"}).out, HasSubstr("approve"));
  EXPECT_EQ(batch({"restart", store_, "--filter", "WorkflowId IN ('a', 'b')", "--id", "r"}).code,
            0);
  run_batches();
  const auto known = reprise_json({"batch", "show", store_, "r"});
  EXPECT_EQ(known["failed"], 2);
  EXPECT_EQ(known["failures"][0]["code"], "RP3028");
  EXPECT_EQ(batch({"wait", store_, "r", "--for", "1"}).code, 1);
  EXPECT_THAT(batch({"show", store_, "r"}).out, HasSubstr("a RP3028"));
}

TEST_F(BatchCommands, CanBeStoppedBeforeItBegins) {
  EXPECT_EQ(batch({"pause", store_, "--filter", kRunning, "--id", "p", "--rate", "0.001"}).code, 0);
  EXPECT_EQ(batch({"stop", store_, "p"}).out, "batch p: stops\n");
  run_batches();
  const auto known = reprise_json({"batch", "show", store_, "p"});
  EXPECT_EQ(known["state"], "stopped");
  EXPECT_LE(known["done"], 1);
}

TEST_F(BatchCommands, BadInput) {
  EXPECT_THAT(refusal({"terminate", store_}), HasSubstr("RP3015"));
  EXPECT_THAT(refusal({"terminate", store_, "--filter", ""}), HasSubstr("must say which runs"));
  EXPECT_THAT(refusal({"terminate", store_, "--filter", "Status = 'Runing'"}), HasSubstr("^"));
  EXPECT_THAT(refusal({"terminate", store_, "--filter", "Nothing = 1", "--dry-run"}),
              HasSubstr("RP3015"));
  EXPECT_THAT(refusal({"cancel", store_, "--filter", std::string(kRunning) + " ORDER BY RunId"}),
              HasSubstr("ORDER BY"));
  EXPECT_THAT(refusal({"pause", store_, "--filter", kRunning, "--rate", "-1"}),
              HasSubstr("RP3010"));
  EXPECT_THAT(refusal({"pause", store_, "a", "--filter", kRunning}), HasSubstr("is too much"));
  EXPECT_THAT(refusal({"signal", store_, "--filter", kRunning}),
              HasSubstr("reprise batch signal DIR NAME"));
  EXPECT_THAT(refusal({"signal", store_, "x", "{", "--filter", kRunning}),
              HasSubstr("argument 1, {, is no JSON"));
  EXPECT_THAT(refusal({"reset", store_, "--filter", kRunning}), HasSubstr("--event"));
  EXPECT_THAT(refusal({"show", store_, "none"}, 1), HasSubstr("RP3005 no batch 'none'"));
  EXPECT_THAT(refusal({"stop", store_, "none"}, 1), HasSubstr("reprise batch list"));
  EXPECT_THAT(refusal({"list", store_ + ".not"}), HasSubstr("RP1001"));
  EXPECT_THAT(batch({"list", store_}).err, HasSubstr("there is no batch"));
}

}  // namespace
}  // namespace reprise::tools::batch_command_test
