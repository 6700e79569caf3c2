// Ids, names and messages that steer a terminal or forge a line: whatever the library prints, logs
// and throws shows them, but without effect.
#include "tests/support/hostile_text.h"

#include <fstream>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/cli.h"
#include "reprise/engine.h"
#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "reprise/testing/explore.h"
#include "reprise/testing/gtest.h"
#include "reprise/verify.h"
#include "tests/support/temporary_directory.h"

namespace reprise::hostile_text_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::hostile_part_of;
using testing::kHostileText;

constexpr std::string_view kName = "name\x1b[31m\u202e\nFORGED";
constexpr Workflow<int(std::string)> tells{kName};
constexpr Activity<std::string(std::string)> repeat{kName};
constexpr Signal<std::string> go{kName};

int run_tells(Context& ctx, const std::string& text) {
  ctx.call(repeat(text));
  ctx.log().info(text);
  return static_cast<int>(ctx.inbox(go).next().get().size());
}
int run_changed(Context& ctx, const std::string& text) {
  (void)ctx.patched(std::string(kName));
  ctx.sleep(1h);
  return run_tells(ctx, text);
}
int run_throws(Context& ctx, const std::string& text) {
  ctx.call(repeat(text));
  throw std::runtime_error(text);
}

class HostileText : public ::testing::Test {
 protected:
  using Code = int (*)(Context&, const std::string&);

  HostileText() {
    const auto engine = open();
    Worker worker(*engine);
    implement(worker, run_tells);
    worker.start();
    const Client client(*engine);
    const auto run = client.start(tells(kHostileText), {.id = kHostileText});
    while (run.describe().waiting_for.empty() ||
           run.describe().waiting_for[0].find("signal") == std::string::npos) {
      std::this_thread::yield();
    }
    std::ofstream(file_, std::ios::binary) << run.history().to_bytes();
  }

  std::unique_ptr<Engine> open() {
    return Engine::open(store_, {.logger = [this](LogLevel, std::string_view line) {
                          const std::lock_guard lock(mutex_);
                          lines_ += std::string(line) + "\n";
                        }});
  }
  static void implement(Worker& worker, Code code) {
    worker.implement(tells, code).implement(repeat, [](ActivityContext&, const std::string& text) {
      return text;
    });
  }
  std::string lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  // Both streams of the worker's command.
  std::string run(Code code, std::vector<std::string> arguments, const std::string& input = {}) {
    Worker worker;
    implement(worker, code);
    std::vector<const char*> argv{"shop"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::istringstream typed(input);
    std::streambuf* const terminal = std::cin.rdbuf(typed.rdbuf());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    EXPECT_TRUE(cli(static_cast<int>(argv.size()), argv.data(), worker));
    std::cout << std::flush;
    std::fflush(nullptr);
    std::cin.rdbuf(terminal);
    std::string all = ::testing::internal::GetCapturedStdout();
    return all += ::testing::internal::GetCapturedStderr();
  }

  const testing::TemporaryDirectory directory_;
  const std::string store_ = directory_.path() + "/store";
  const std::string file_ = directory_.path() + "/run.bin";
  std::mutex mutex_;
  std::string lines_;
};

TEST_F(HostileText, IsNotPrintedByTheWorkersCommands) {
  for (const Code code : {run_tells, run_changed, run_throws}) {
    const std::vector<std::string> source{"--store", store_, "--run", kHostileText};
    const auto with = [&](std::vector<std::string> words, const std::string& input = {}) {
      words.insert(words.begin() + 1, source.begin(), source.end());
      return hostile_part_of(run(code, words, input));
    };
    EXPECT_EQ(with({"replay"}), "");
    EXPECT_EQ(with({"replay", "--until", "2"}), "");
    EXPECT_EQ(with({"step"}, "n\np 1\np 2\nn\nn\nc\nw\n\x1b[31m\n"), "");
    EXPECT_EQ(hostile_part_of(run(code, {"verify", "--store", store_})), "");
    const std::string report = run(code, {"verify", "--store", store_, "--json"});
    EXPECT_EQ(hostile_part_of(report), "");
    EXPECT_TRUE(nlohmann::json::accept(report)) << report;
  }
  EXPECT_EQ(hostile_part_of(run(run_tells, {"replay", "--history", kHostileText})), "");
  EXPECT_EQ(hostile_part_of(run(run_tells, {"replay", "--" + kHostileText})), "");
  EXPECT_EQ(hostile_part_of(run(run_tells, {"verify", "--store", kHostileText})), "");
}

// A printed command names the same run when a shell reads it.
TEST_F(HostileText, StandsInCommandsForAShell) {
  EXPECT_THAT(run(run_changed, {"verify", "--store", store_}), HasSubstr("--run $'id\\x1b[31m"));
}

TEST_F(HostileText, ForgesNoLineOfTheLog) {
  const auto engine = open();
  Worker worker(*engine);
  implement(worker, run_throws);
  worker.start();
  const Client client(*engine);
  const auto run = client.attach(tells, kHostileText);
  run.signal(go(kHostileText));
  while (!run.describe().parked) std::this_thread::yield();
  EXPECT_EQ(hostile_part_of(run.describe().parked->report), "");
  EXPECT_THAT(lines(), HasSubstr("FORGED line: id")) << "the workflow's line";
  EXPECT_THAT(lines(), HasSubstr("RP2002"));
  EXPECT_EQ(hostile_part_of(lines()), "");
}

TEST_F(HostileText, IsNotInTheTextOfErrors) {
  const auto engine = open();
  const Client client(*engine);
  const auto text_of = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  const std::string missing =
      text_of([&] { (void)client.attach(tells, "no" + kHostileText).describe(); });
  EXPECT_THAT(missing, HasSubstr("RP3005"));
  EXPECT_EQ(hostile_part_of(missing), "");
  const std::string twice = text_of([&] { (void)client.start(tells("x"), {.id = kHostileText}); });
  EXPECT_THAT(twice, HasSubstr("RP3004"));
  EXPECT_EQ(hostile_part_of(twice), "");
  EXPECT_EQ(Error("RP1", "a\nb\tc\x1b").what(), std::string("RP1 a\n  b\tc\\x1b"));
}

TEST_F(HostileText, IsNotInWhatTestsPrint) {
  const auto history = History::read(file_);
  EXPECT_THAT(::testing::PrintToString(history), HasSubstr("the history of run 'id\\x1b[31m"));
  EXPECT_EQ(hostile_part_of(::testing::PrintToString(history)), "");
  for (const Code code : {run_changed, run_throws}) {
    Worker worker;
    implement(worker, code);
    ::testing::StringMatchResultListener listener;
    EXPECT_FALSE(::testing::ExplainMatchResult(testing::replays_on(worker), history, &listener));
    EXPECT_THAT(listener.str(), HasSubstr("RP200"));
    EXPECT_EQ(hostile_part_of(listener.str()), "");
  }
  ::testing::StringMatchResultListener listener;
  EXPECT_FALSE(::testing::ExplainMatchResult(testing::replays_on(Worker()), history, &listener));
  EXPECT_THAT(listener.str(), HasSubstr("RP2003"));
  EXPECT_EQ(hostile_part_of(listener.str()), "");
  try {
    (void)testing::explore([](testing::Env&) { throw std::runtime_error(kHostileText); });
    ADD_FAILURE() << "the test throws";
  } catch (const testing::OrderFound& found) {
    EXPECT_THAT(found.what(), HasSubstr("id\\x1b[31m"));
    EXPECT_EQ(hostile_part_of(found.what()), "");
  }
}

TEST_F(HostileText, IsNotInTheReportsOfVerify) {
  for (const Code code : {run_changed, run_throws}) {
    Worker worker;
    implement(worker, code);
    const VerifyReport report = verify(store_, worker);
    ASSERT_EQ(report.groups.size(), 1U);
    EXPECT_THAT(report.groups[0].report, HasSubstr("RP200"));
    EXPECT_EQ(hostile_part_of(report.groups[0].report), "");
  }
}

TEST_F(HostileText, IsEscapedInExportedJson) {
  const auto history = History::read(file_);
  for (const auto layout : {JsonLayout::kCompact, JsonLayout::kIndented}) {
    const std::string json = history.to_json(layout);
    EXPECT_EQ(hostile_part_of(json), "");
    EXPECT_EQ(History::parse(json).workflow_id(), kHostileText);
  }
}

}  // namespace
}  // namespace reprise::hostile_text_test
