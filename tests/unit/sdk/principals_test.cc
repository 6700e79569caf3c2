// Who a client is: recorded with what it records, checked before anything is.
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/catalogue.h"
#include "proto/history.pb.h"
#include "reprise/history.h"

namespace reprise::principals_test {
namespace {

using ::testing::ElementsAre;
using testing::Env;

constexpr Workflow<std::string(int)> waiting{"waiting"};
constexpr Workflow<void(int)> desk{"desk"};
constexpr Signal<std::string> word{"word"};
constexpr Update<std::string(std::string)> say{"say"};
constexpr Activity<std::string()> ask_desk{"ask_desk"};

std::string wait_for_words(Context& ctx, int count) {
  const auto accepts = ctx.accept(say, [](const std::string& text) { return text; });
  std::string said;
  auto inbox = ctx.inbox(word);
  while (count-- > 0) said += inbox.next().get();
  return said;
}

// "SignalReceived ann", for each event that a client may cause.
std::vector<std::string> principals_in(const RunHandle& run) {
  std::vector<std::string> found;
  const History history = run.history();
  for (const auto& turn : history.data().turns()) {
    for (const auto& input : turn.inputs()) {
      const event::Row& row = event::row_of(input);
      if (row.principal == nullptr) continue;
      found.push_back(std::string(row.name) + " " + row.principal(input));
    }
  }
  return found;
}

std::string code_of(Env& env, std::string principal) {
  try {
    (void)env.client({.principal = std::move(principal)});
  } catch (const InvalidOption& error) {
    return std::string(error.code());
  }
  return "accepted";
}

TEST(Principals, AreRecordedWithWhatTheirClientRecords) {
  Env env;
  env.implement(waiting, wait_for_words);
  const Client ann = env.client({.principal = "ann@example"});
  const Client bob = env.client({.principal = "bob"});
  const auto run = ann.start(waiting(9), {.id = "w"});
  run.signal(word("a"));
  bob.attach(waiting, "w").signal(word("b"));
  EXPECT_EQ(bob.handle("w").update(say("x")), "x");
  env.client().attach(waiting, "w").signal(word("c"));
  ann.handle("w").terminate("at once");
  EXPECT_THAT(
      principals_in(run),
      ElementsAre("RunStarted ann@example", "SignalReceived ann@example", "SignalReceived bob",
                  "UpdateReceived bob", "SignalReceived ", "RunTerminated ann@example"));
  const auto other = env.start(waiting(1), {.id = "c"});
  bob.find(waiting, "c")->cancel("enough");
  EXPECT_THAT(principals_in(other), ElementsAre("RunStarted ", "CancelRequested bob"));
}

TEST(Principals, OfStartsThatBringSomethingAndOfThoseThatReplaceARun) {
  Env env;
  env.implement(waiting, wait_for_words);
  const Client ann = env.client({.principal = "ann"});
  const Client bob = env.client({.principal = "bob"});
  const auto run = ann.signal_with_start(word("a"), waiting(9), {.id = "w"});
  (void)bob.signal_with_start(word("b"), waiting(9), {.id = "w"});
  (void)bob.update_with_start(say("c"), waiting(9), {.id = "w"});
  (void)bob.start(waiting(1), {.id = "w", .id_conflict = IdConflict::kTerminateExisting});
  EXPECT_THAT(principals_in(ann.handle("w", run.run_id())),
              ElementsAre("RunStarted ann", "SignalReceived ann", "SignalReceived bob",
                          "UpdateReceived bob", "RunTerminated bob"));
}

TEST(Principals, OfThoseWhoEndAttempts) {
  Env env;
  std::string token;
  env.implement(desk, [](Context& ctx, int) {
    (void)ctx.call(ask_desk(), {.retry = {.maximum_attempts = 2}});
    (void)ctx.call(ask_desk());
  });
  env.implement_async(ask_desk, [&](ActivityContext&, const Completion<std::string>& completion) {
    token = completion.token();
  });
  const Client ann = env.client({.principal = "ann"});
  const auto run = env.start(desk(0), {.id = "d"});
  ann.heartbeat(token, 7);
  ann.fail(token, ApplicationFailure("Closed", "come again"));
  env.skip(Duration(200'000));
  ann.complete(token, std::string("yes"));
  env.skip(Duration(1));
  env.client().complete(token, std::string("no"));
  run.result();
  EXPECT_THAT(principals_in(run),
              ElementsAre("RunStarted ", "HeartbeatRecorded ann", "AttemptFailed ann",
                          "ActivityCompleted ann", "ActivityCompleted "));
}

TEST(Principals, AreThereAfterACrash) {
  Env env({.crash = testing::Crash::kEveryCommit});
  env.implement(waiting, wait_for_words);
  const Client ann = env.client({.principal = "ann"});
  const auto run = ann.start(waiting(2), {.id = "w"});
  run.signal(word("a"));
  run.signal(word("b"));
  EXPECT_EQ(run.result(), "ab");
  EXPECT_THAT(principals_in(run),
              ElementsAre("RunStarted ann", "SignalReceived ann", "SignalReceived ann"));
}

TEST(Principals, AreTextThatPeopleCanRead) {
  Env env;
  for (const std::string good : {"", "a", "Zoë", "ops@example", "uid 1000", "日本"}) {
    EXPECT_EQ(code_of(env, good), "accepted") << good;
  }
  EXPECT_EQ(code_of(env, std::string(kMaxPrincipalBytes, 'x')), "accepted");
  EXPECT_EQ(code_of(env, std::string(kMaxPrincipalBytes + 1, 'x')), "RP3034");
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = byte >= ' ' && byte < 0x7f;
    const std::string text = std::string("a") + static_cast<char>(byte);
    EXPECT_EQ(code_of(env, text), printable ? "accepted" : "RP3034") << byte;
  }
  EXPECT_EQ(code_of(env, "a\u202etxt"), "RP3034") << "text would run backwards";
  EXPECT_EQ(code_of(env, "a\u0085"), "RP3034");
}

}  // namespace
}  // namespace reprise::principals_test
