// Ids, names and messages that steer a terminal: no command prints them unescaped.
#include "tests/support/hostile_text.h"

#include <CLI/CLI.hpp>
#include <map>

#include <gmock/gmock.h>

#include "tests/unit/tools/sample_store.h"
#include "tools/commands.h"

namespace reprise::tools::hostile_text_test {
namespace {

using reprise::testing::hostile_part_of;
using reprise::testing::kHostileText;
using Words = std::vector<std::string>;

class HostileTextTest : public SampleStore {
 protected:
  void make_hostile_store() {
    open_engine();
    workflow(kHostileText, [](reprise::testing::Execution& e) {
      ask(e, kHostileText, {{"text", kHostileText}}, 10);
      const auto heard = e.next_signal(kHostileText);
      e.wait(*heard);
      return reprise::testing::application_failure(kHostileText, kHostileText, false);
    });
    activity(kHostileText, [](runtime::ActivityAttempt&, std::string_view) {
      return reprise::testing::Outcome::success(cbor(kHostileText));
    });
    start_worker();
    start(kHostileText, kHostileText, cbor(nlohmann::json::array({kHostileText})));
    start(kHostileText, "ended" + kHostileText);
    ASSERT_TRUE(signal("ended" + kHostileText, kHostileText, cbor(kHostileText)));
    start({.workflow = "none", .workflow_id = "b" + kHostileText, .task_queue = kHostileText});
    close_engine();
  }

  void expect_harmless(const Words& arguments) {
    const Output output = reprise(arguments);
    EXPECT_EQ(hostile_part_of(output.out), "") << arguments[0];
    EXPECT_EQ(hostile_part_of(output.err), "") << arguments[0];
  }

  // The arguments of a command after its name.
  std::vector<Words> arguments_of(const std::string& command) {
    static int copies = 0;
    const std::string copy = file("copy" + std::to_string(++copies));
    if (command == "backup" || command == "repair") {
      return {
          {store_, copy}, {store_ + kHostileText, copy}, {store_, store_ + kHostileText + copy}};
    }
    if (command == "import") return {{file("run.json")}, {file("run.json"), "--json"}};
    if (command == "check") return {{store_}, {store_, "--json"}, {store_ + kHostileText}};
    if (command == "list" || command == "stats") return {{store_}, {store_, "--json"}};
    if (command == "tail") return {{store_, "--run", "ended" + kHostileText}};
    std::vector<Words> all;
    for (const std::string& run :
         {kHostileText, "ended" + kHostileText, "b" + kHostileText, "unknown" + kHostileText}) {
      all.push_back({store_, run});
      if (command != "export") all.push_back({store_, run, "--json"});
    }
    return all;
  }
};

TEST_F(HostileTextTest, NoCommandPrintsItAsItIs) {
  make_hostile_store();
  ASSERT_EQ(reprise({"export", store_, kHostileText, "-o", file("run.json")}).code, 0);
  CLI::App app;
  add_commands(app, clock_);
  for (const CLI::App* command : app.get_subcommands({})) {
    for (const Words& words : arguments_of(command->get_name())) {
      Words all{command->get_name()};
      all.insert(all.end(), words.begin(), words.end());
      expect_harmless(all);
    }
  }
}

TEST_F(HostileTextTest, NeitherDoesTheCommandItself) {
  expect_harmless({kHostileText});
  expect_harmless({"list", "--" + kHostileText});
  expect_harmless({"list", store_, "--limit", kHostileText});
}

// In JSON it is the same value, although written differently.
TEST_F(HostileTextTest, JsonSaysWhatItIs) {
  make_hostile_store();
  const auto runs = reprise_json({"list", store_});
  const auto has_id = [](const auto& run) { return run["workflow_id"] == kHostileText; };
  EXPECT_TRUE(std::any_of(runs.begin(), runs.end(), has_id)) << runs;
  ASSERT_EQ(reprise({"export", store_, kHostileText, "-o", file("a.json")}).code, 0);
  EXPECT_EQ(hostile_part_of(content(file("a.json"))), "");
  EXPECT_EQ(reprise_json({"import", file("a.json")})["workflow_id"], kHostileText);
}

}  // namespace
}  // namespace reprise::tools::hostile_text_test
