// pause, resume, reset, restart, fork and start: without an engine, and what the commands that read
// show of it. The engine's part is in tests/unit/sdk.
#include <string>

#include <gmock/gmock.h>

#include "tests/unit/tools/command_fixture.h"

namespace reprise::tools::operators_command_test {
namespace {

using ::testing::HasSubstr;

class OperatorsCommandTest : public CommandFixture {
 protected:
  OperatorsCommandTest() { workflow("waits", reprise::testing::wait_for_signal); }
  void open() {
    open_engine();
    start_worker();
    settle();
  }
  std::string says(std::vector<std::string> arguments) {
    const Output output = reprise(std::move(arguments));
    EXPECT_EQ(output.code, 0) << output.err;
    return output.out;
  }
  // The code it ends with, and the error.
  std::string refuses(std::vector<std::string> arguments) {
    const Output output = reprise(std::move(arguments));
    return std::to_string(output.code) + " " + output.err;
  }
};

TEST_F(OperatorsCommandTest, APauseIsShownWithItsReason) {
  open();
  start("waits", "x");
  close_engine();
  EXPECT_EQ(says({"pause", store_, "x", "--reason", "the bank\x1b[31m is down"}), "x: paused\n");
  for (const char* command : {"list", "show", "why"}) {
    const std::string shown =
        command == std::string("list") ? says({command, store_}) : says({command, store_, "x"});
    EXPECT_THAT(shown, HasSubstr("aused")) << command;
    EXPECT_THAT(shown, HasSubstr("the bank")) << command;
    EXPECT_THAT(shown, ::testing::Not(HasSubstr("\x1b[31m is"))) << command;
  }
  EXPECT_THAT(says({"why", store_, "x"}), HasSubstr("reprise resume"));
  EXPECT_EQ(reprise_json({"list", store_, "--status", "Paused"})[0]["paused"]["reason"],
            "the bank\x1b[31m is down");
  EXPECT_EQ(says({"resume", store_, "x"}), "x: resumed; it goes on when an engine runs\n");
  EXPECT_THAT(refuses({"resume", store_, "x"}), HasSubstr("1 reprise resume: RP3024"));
  EXPECT_THAT(says({"history", store_, "x"}), HasSubstr("RunPaused"));
  open();
  ASSERT_TRUE(signal("x", "go"));
  EXPECT_EQ(describe("x")->status, runtime::RunStatus::kCompleted);
}

TEST_F(OperatorsCommandTest, ARunIsResetForkedAndStartedAgain) {
  open();
  runtime::StartRequest request{.workflow = "waits", .workflow_id = "x"};
  request.input = cbor(nlohmann::json::array({{{"amount", 3}, {"note", "n"}}, 7}));
  start(std::move(request));
  ASSERT_TRUE(signal("x", "go", cbor(1)));
  close_engine();
  EXPECT_THAT(says({"reset", store_, "x", "--event", "2", "--reapply", "none"}),
              HasSubstr("x: goes on as run x ("));
  EXPECT_THAT(says({"show", store_, "x"}), HasSubstr("before event 2"));
  EXPECT_THAT(says({"fork", store_, "x", "--event", "1", "--id", "f"}),
              HasSubstr("x: forked as f ("));
  EXPECT_EQ(reprise_json({"show", store_, "f"})["origin"]["fork"], true);
  EXPECT_THAT(says({"start", store_, "--like", "x", "--id", "y", "--merge",
                    R"({"amount":5,"note":null,"more":{"a":[1]}})"}),
              HasSubstr("started y ("));
  EXPECT_EQ(reprise_json({"show", store_, "y"})["input"],
            nlohmann::json::parse(R"([{"amount":5,"more":{"a":[1]}},7])"));
  EXPECT_THAT(says({"start", store_, "--like", "x", "--merge", "9", "--argument", "2"}),
              HasSubstr("started "));
  open();
  for (const char* id : {"x", "f", "y"}) {
    EXPECT_EQ(describe(id)->status, runtime::RunStatus::kRunning) << id;
    ASSERT_TRUE(signal(id, "go", cbor(2))) << id;
    EXPECT_EQ(describe(id)->status, runtime::RunStatus::kCompleted) << id;
  }
}

TEST_F(OperatorsCommandTest, NonsenseIsRefused) {
  open();
  start("waits", "x");
  close_engine();
  const std::string many(3'000, 'x');
  EXPECT_THAT(refuses({"reset", store_, "x"}), HasSubstr("--event"));
  for (const char* event : {"0", "-1", "x", "1.5", "99999999999999999999"}) {
    EXPECT_THAT(refuses({"reset", store_, "x", "--event", event}), HasSubstr("--event")) << event;
  }
  EXPECT_THAT(refuses({"reset", store_, "x", "--event", "9"}),
              HasSubstr("1 reprise reset: RP3025"));
  EXPECT_THAT(refuses({"reset", store_, "x", "--event", "1", "--reapply", "some"}),
              HasSubstr("--reapply"));
  EXPECT_THAT(refuses({"restart", store_, "x"}), HasSubstr("1 reprise restart: RP3028"));
  EXPECT_THAT(refuses({"fork", store_, "x"}), HasSubstr("1 reprise fork: RP3025"));
  EXPECT_THAT(refuses({"fork", store_, "x", "--event", "1", "--id", many}), HasSubstr("RP3003"));
  EXPECT_THAT(refuses({"fork", store_, "x", "--event", "1", "--id", "x"}), HasSubstr("RP3004"));
  for (const char* set : {"7", "=1", "x=1", "0=1", "4294967296=1", "7=", "7={", "7=hat"}) {
    EXPECT_THAT(refuses({"fork", store_, "x", "--set", set}), HasSubstr("2 reprise fork: --set"))
        << set;
  }
  EXPECT_THAT(refuses({"fork", store_, "x", "--set", "7=1"}), HasSubstr("RP3029"));
  EXPECT_THAT(refuses({"start", store_}), HasSubstr("--like"));
  EXPECT_THAT(refuses({"start", store_, "--like", "nobody"}), HasSubstr("1 reprise start"));
  EXPECT_THAT(refuses({"start", store_, "--like", "x", "--id", "x"}), HasSubstr("RP3004"));
  EXPECT_THAT(refuses({"start", store_, "--like", "x", "--merge", "{"}), HasSubstr("2 reprise"));
  EXPECT_THAT(refuses({"start", store_, "--like", "x", "--merge", "{}", "--argument", "3"}),
              HasSubstr("2 reprise"));
  EXPECT_THAT(refuses({"pause", store_, "nobody"}), HasSubstr("1 reprise pause"));
}

}  // namespace
}  // namespace reprise::tools::operators_command_test
