// signal, cancel, terminate, retry, query and update: beside an engine in another process, without
// one, and beside one that has died or does not answer.
#include <csignal>
#include <memory>
#include <reprise/json.h>
#include <reprise/reprise.h>

#include <gmock/gmock.h>

#include "tests/support/other_engine.h"
#include "tests/unit/store/processes.h"
#include "tests/unit/tools/command_fixture.h"

namespace reprise::tools::engine_call_test {
namespace {

using nlohmann::json;
using reprise::testing::OtherEngine;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Workflow<std::string()> counting{"counting"};
constexpr Workflow<void()> poison{"poison"};
constexpr Signal<int> add_one{"add"};
constexpr Signal<json> finish{"finish"};
constexpr Query<int()> total_now{"total"};
constexpr Query<json(json, int)> echo{"echo"};
constexpr Update<int(int)> subtract{"subtract"};

// Adds up what it is told, until it is told to finish with a word.
std::string run_counting(Context& ctx) {
  int total = 0;
  const auto answers = ctx.answer(total_now, [&] { return total; });
  const auto echoes = ctx.answer(echo, [](const json& value, int times) {
    return json(std::vector<json>(static_cast<std::size_t>(times), value));
  });
  const auto accepts = ctx.accept(subtract, [&](int number) {
    if (number > total) throw ApplicationFailure("TooMuch", "only \x1b[31m5 are there", false);
    return total -= number;
  });
  auto word = ctx.inbox(finish).next();
  while (true) {
    auto number = ctx.inbox(add_one).next();
    if (ctx.first_of(number, word) == 1) return word.get().dump();
    total += number.get();
  }
}

struct CountingProgram {
  explicit CountingProgram(const std::string& directory,
                           bool control = true,
                           PayloadCodecs codecs = {})
      : engine(Engine::open(directory,
                            {.shards = 1,
                             .codecs = std::move(codecs),
                             .control_socket = control,
                             .logger = [](LogLevel, std::string_view) {}})),
        worker(*engine) {
    worker.implement(counting, run_counting);
    worker.start();
  }

  std::unique_ptr<Engine> engine;
  Worker worker;
};

class EngineCallTest : public CommandFixture {
 protected:
  // A program in another process, which has run "c-1" under way.
  OtherEngine::Serve counting_program(bool control = true) {
    auto program = std::make_shared<CountingProgram>(store_, control);
    Client(*program->engine).start(counting(), {.id = "c-1"});
    return [program](char) { return true; };
  }
  // The store of a process that was killed with the run under way.
  void make_store_of_killed_program() {
    const store::OtherProcess program([this] {
      static CountingProgram* const leaked = new CountingProgram(store_);
      Client(*leaked->engine).start(counting(), {.id = "c-1"});
      return true;
    });
    program.kill();
  }
  std::string status_of(const std::string& run) {
    return reprise_json({"show", store_, run})["status"];
  }
};

TEST_F(EngineCallTest, TalksToTheRunsOfAnEngine) {
  OtherEngine engine([this] { return counting_program(); });
  const Output sent = reprise({"signal", store_, "c-1", "add", "7"});
  EXPECT_EQ(sent.code, 0) << sent.err;
  EXPECT_EQ(sent.out, "c-1: signal add is recorded\n");
  EXPECT_EQ(reprise({"query", store_, "c-1", "total"}).out, "7\n");
  EXPECT_EQ(reprise({"update", store_, "c-1", "subtract", "2"}).out, "5\n");
  EXPECT_EQ(reprise({"query", store_, "c-1", "total"}).out, "5\n");
  EXPECT_EQ(reprise({"signal", store_, "c-1", "finish", R"({"by":["ann",null]})"}).code, 0);
  EXPECT_EQ(reprise({"query", store_, "c-1", "total"}).code, 1) << "it has returned";
  EXPECT_EQ(status_of("c-1"), "Completed");
  EXPECT_EQ(reprise_json({"show", store_, "c-1"})["result"], R"({"by":["ann",null]})");
}

// Arrays are not taken apart, negative numbers are no options.
TEST_F(EngineCallTest, ArgumentsAreJson) {
  OtherEngine engine([this] { return counting_program(); });
  const auto echoed = [&](const std::string& value) {
    const Output output = reprise({"query", store_, "c-1", "echo", value, "1"});
    EXPECT_EQ(output.code, 0) << output.err;
    return json::parse(output.out, nullptr, false);
  };
  for (const char* const value : {"[1,2]", "[]", "[[1],[2,[]]]", "-5", "-0.5", R"("a text")",
                                  R"({"a":[{"b":null}]})", "null", "true", R"("list")"}) {
    EXPECT_EQ(echoed(value), json::array({json::parse(value)})) << value;
  }
  const Output refused = reprise({"query", store_, "c-1", "echo", "ann", "1"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("argument 1, ann, is no JSON"));
  EXPECT_EQ(reprise({"query", store_, "c-1", "echo", "1"}).code, 1) << "an argument is missing";
  EXPECT_EQ(reprise({"query", store_, "c-1", "echo", "--twice", "1"}).code, 2);
}

// The batch has begun: what it publishes need not open here, and its new name is said.
TEST_F(EngineCallTest, BatchesOfAnEngineWithAKeyBeginWithoutIt) {
  OtherEngine engine([this]() -> OtherEngine::Serve {
    const KeyRing ring{.keys = {{"k1", std::string(kEncryptionKeyBytes, 'k')}}, .current = "k1"};
    auto program =
        std::make_shared<CountingProgram>(store_, true, PayloadCodecs{aes_gcm_codec(ring)});
    Client(*program->engine).start(counting(), {.id = "c-1"});
    return [program](char) { return true; };
  });
  const std::vector<std::string> call = {
      "batch", "signal", store_, "add", "7", "--filter", "WorkflowType = 'counting'"};
  const Output begun = reprise(call);
  EXPECT_EQ(begun.code, 0) << begun.err;
  EXPECT_THAT(begun.out, AllOf(StartsWith("batch "), HasSubstr(": begun; 1 run matches")));
  EXPECT_EQ(begun.err, "");
  EXPECT_EQ(reprise_json({"batch", "list", store_}).size(), 1U);
  auto named = call;
  named.insert(named.end(), {"--id", "once"});
  for (int i = 0; i < 2; ++i) {
    const Output again = reprise(named);
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(again.out, "batch once: begun; 1 run matches\n");
    EXPECT_THAT(again.err, AllOf(HasSubstr("is not known"), HasSubstr("key k1")));
  }
  EXPECT_EQ(reprise_json({"batch", "list", store_}).size(), 2U);
}

TEST_F(EngineCallTest, ErrorsAreThoseOfTheEngine) {
  OtherEngine engine([this] { return counting_program(); });
  const Output none = reprise({"signal", store_, "nobody", "add", "1"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("RP3005"));
  const Output unknown = reprise({"query", store_, "c-1", "colour"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, StartsWith("reprise query: RP3007"));
  const Output failed = reprise({"update", store_, "c-1", "subtract", "9"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.err, HasSubstr("TooMuch: only \\x1b[31m5 are there"));
  EXPECT_EQ(reprise({"signal", store_, "c-1"}).code, 2) << "which signal?";
}

TEST_F(EngineCallTest, RefusesASignalThatTheCodeInMemoryCannotRead) {
  OtherEngine engine([this] { return counting_program(); });
  EXPECT_EQ(reprise({"query", store_, "c-1", "total"}).out, "0\n") << "it waits for the signal";
  const auto events = reprise_json({"show", store_, "c-1"})["events"];
  for (const char* const argument : {R"("ten")", "1.5", "null", R"({"n":1})"}) {
    const Output refused = reprise({"signal", store_, "c-1", "add", argument});
    EXPECT_EQ(refused.code, 1) << argument;
    EXPECT_THAT(refused.err, AllOf(StartsWith("reprise signal: RP3013"), HasSubstr("argument 1"),
                                   HasSubstr("Nothing was recorded")));
  }
  EXPECT_EQ(reprise({"signal", store_, "c-1", "add"}).code, 1) << "the argument is missing";
  EXPECT_EQ(reprise_json({"show", store_, "c-1"})["events"], events);
  EXPECT_EQ(reprise({"signal", store_, "c-1", "unknown", "1"}).code, 0) << "it may be read one day";
  EXPECT_EQ(reprise({"signal", store_, "c-1", "add", "1"}).code, 0);
  EXPECT_EQ(reprise({"query", store_, "c-1", "total"}).out, "1\n");
}

TEST_F(EngineCallTest, RetriesCancelsAndTerminatesBesideAnEngine) {
  OtherEngine engine([this] { return counting_program(); });
  EXPECT_EQ(reprise({"retry", store_, "c-1"}).out, "c-1: asked to try again\n");
  const Output cancelled = reprise({"cancel", store_, "c-1", "--reason", "enough"});
  EXPECT_EQ(cancelled.out, "c-1: asked to cancel\n") << cancelled.err;
  EXPECT_EQ(reprise({"query", store_, "c-1", "total"}).code, 1) << "which waits for its end";
  EXPECT_EQ(status_of("c-1"), "Cancelled");
  const Output late = reprise({"terminate", store_, "c-1"});
  EXPECT_EQ(late.code, 1);
  EXPECT_THAT(late.err, HasSubstr("RP3006"));
}

TEST_F(EngineCallTest, TheStoreMayBeSaidElsewhere) {
  OtherEngine engine([this] { return counting_program(); });
  EXPECT_EQ(reprise({"signal", "c-1", "add", "1", "--store", store_}).code, 0);
  ::setenv("REPRISE_STORE", store_.c_str(), 1);
  EXPECT_EQ(reprise({"signal", "c-1", "add", "1"}).code, 0);
  EXPECT_EQ(reprise({"signal", store_, "c-1", "add", "1"}).code, 0);
  EXPECT_EQ(reprise({"query", "c-1", "total"}).out, "3\n");
  EXPECT_EQ(reprise({"terminate", "c-1"}).code, 0);
  ::unsetenv("REPRISE_STORE");
}

// ---- without an engine ------------------------------------------------------------------------

TEST_F(EngineCallTest, WorksOnTheStoreOfAProgramThatWasKilled) {
  make_store_of_killed_program();
  EXPECT_EQ(::access((store_ + "/control").c_str(), F_OK), 0) << "nobody was left to remove it";
  const Output sent = reprise({"signal", store_, "c-1", "add", "7"});
  EXPECT_EQ(sent.code, 0) << sent.err;
  EXPECT_THAT(sent.out, HasSubstr("when an engine runs"));
  for (const char* const question : {"query", "update"}) {
    const Output asked = reprise({question, store_, "c-1", "total"});
    EXPECT_EQ(asked.code, 1);
    EXPECT_THAT(asked.err, HasSubstr("RP3009"));
  }
  OtherEngine engine([this] {
    auto program = std::make_shared<CountingProgram>(store_);
    return [program](char) { return true; };
  });
  EXPECT_EQ(reprise({"query", store_, "c-1", "total"}).out, "7\n");
}

// No code was there to ask, so it is recorded. The code does not see it, and people do.
TEST_F(EngineCallTest, WhatTheCodeCannotReadIsShownAsSetAside) {
  make_store_of_killed_program();
  EXPECT_EQ(reprise({"signal", store_, "c-1", "add", R"("ten")"}).code, 0);
  EXPECT_EQ(reprise({"signal", store_, "c-1", "add", "7"}).code, 0);
  OtherEngine engine([this] {
    auto program = std::make_shared<CountingProgram>(store_);
    return [program](char) { return true; };
  });
  EXPECT_EQ(reprise({"query", store_, "c-1", "total"}).out, "7\n");
  const std::string wrong = "RP3001 the arguments are not (int): argument 1";
  EXPECT_THAT(reprise({"show", store_, "c-1"}).out,
              AllOf(HasSubstr("set aside"), HasSubstr("signal add"), HasSubstr(wrong)));
  EXPECT_THAT(reprise({"why", store_, "c-1"}).out,
              AllOf(HasSubstr("1 set aside of signal add"), HasSubstr(wrong)));
  EXPECT_THAT(reprise({"history", store_, "c-1"}).out,
              HasSubstr("SignalSetAside add of event 2: " + wrong));
  EXPECT_THAT(reprise({"stats", store_}).out, HasSubstr("1 set aside of signal add"));
  const json signals = reprise_json({"why", store_, "c-1"})["signals"];
  EXPECT_EQ(signals["add"]["set_aside"], 1) << signals;
  EXPECT_EQ(reprise_json({"stats", store_})["signals_set_aside"]["add"], 1);
}

// Code that ends its process at each start.
TEST_F(EngineCallTest, EndsARunThatNoProgramSurvives) {
  const auto start_program = [this] {
    const pid_t program = ::fork();
    if (program == 0) {
      const auto engine = Engine::open(store_, {.logger = [](LogLevel, std::string_view) {}});
      const Client client(*engine);
      if (!client.find_description("p-1")) client.start(poison(), {.id = "p-1"});
      if (client.describe("p-1").status == RunStatus::kTerminated) ::_exit(0);
      Worker worker(*engine);
      worker.implement(poison, [](Context&) { ::_exit(7); });
      worker.start();
      ::pause();
    }
    int status = 0;
    ::waitpid(program, &status, 0);
    return WEXITSTATUS(status);
  };
  ASSERT_EQ(start_program(), 7);
  ASSERT_EQ(start_program(), 7);
  const Output ended = reprise({"terminate", store_, "p-1", "--reason", "it kills its process"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(status_of("p-1"), "Terminated");
  EXPECT_EQ(start_program(), 0);
}

TEST_F(EngineCallTest, CancelIsRecordedForTheNextEngine) {
  make_store_of_killed_program();
  EXPECT_EQ(reprise({"cancel", store_, "c-1"}).code, 0);
  EXPECT_EQ(status_of("c-1"), "Running");
  OtherEngine engine([this] {
    auto program = std::make_shared<CountingProgram>(store_);
    return [program](char) { return true; };
  });
  (void)reprise({"query", store_, "c-1", "total"});
  EXPECT_EQ(status_of("c-1"), "Cancelled");
}

TEST_F(EngineCallTest, MakesNoStore) {
  EXPECT_EQ(reprise({"terminate", store_, "c-1"}).code, 2);
  EXPECT_NE(::access(store_.c_str(), F_OK), 0);
}

// ---- beside an engine that does not answer ----------------------------------------------------

TEST_F(EngineCallTest, SaysWhoDoesNotAnswer) {
  const store::OtherProcess program([this] {
    static CountingProgram* const leaked = new CountingProgram(store_);
    Client(*leaked->engine).start(counting(), {.id = "c-1"});
    return true;
  });
  ::kill(program.id(), SIGSTOP);
  const Output output = reprise({"terminate", store_, "c-1", "--timeout", "0.05"});
  EXPECT_EQ(output.code, 2);
  EXPECT_THAT(output.err, HasSubstr("RP3014 process " + std::to_string(program.id())));
  program.kill();
}

TEST_F(EngineCallTest, SaysThatAnEngineServesNoSocket) {
  OtherEngine engine([this] { return counting_program(false); });
  EXPECT_NE(::access((store_ + "/control").c_str(), F_OK), 0);
  const Output output = reprise({"terminate", store_, "c-1"});
  EXPECT_EQ(output.code, 2);
  EXPECT_THAT(output.err, HasSubstr("RP1003"));
  EXPECT_THAT(output.err, HasSubstr("control_socket"));
  EXPECT_THAT(reprise({"query", store_, "c-1", "total"}).err, HasSubstr("RP3009"));
}

TEST_F(EngineCallTest, AnEngineGoesOnWithoutASocket) {
  const store::OtherProcess program([this] {
    static std::string log;
    { CountingProgram makes_the_store(store_); }
    if (::mkdir((store_ + "/control").c_str(), 0700) != 0) return false;
    static const auto engine =
        Engine::open(store_, {.logger = [](LogLevel, std::string_view line) { log += line; }});
    Client(*engine).start(counting(), {.id = "c-1"});
    return log.find("RP3014") != std::string::npos;
  });
  const Output output = reprise({"terminate", store_, "c-1", "--timeout", "1"});
  EXPECT_EQ(output.code, 2);
  EXPECT_THAT(output.err, HasSubstr("RP3014"));
}

}  // namespace
}  // namespace reprise::tools::engine_call_test
