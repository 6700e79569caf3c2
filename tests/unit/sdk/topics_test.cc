// Topics through the public interface. First the code of docs/language/topics.md; a test makes sure
// that it is that code.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "sdk/src/topics/topic_run.h"
#include "tests/support/page_code.h"
#include "tests/unit/sdk/chains.h"

namespace topics_page_test {

using namespace std::chrono_literals;

// ---- the page ---------------------------------------------------------------------------------

inline constexpr reprise::Topic<std::string> payment_received{"payment_received"};

constexpr reprise::Workflow<std::string(std::string)> dispatch{"dispatch"};

// `invoice`: the key. The bank does not know which run waits for the money.
std::string run_dispatch(reprise::Context& ctx, const std::string& invoice) {
  auto paid = ctx.receive(payment_received, invoice);
  auto late = ctx.timer(14 * 24h);
  if (ctx.race(paid, late) == 1) return "reminded";
  return "sent, paid by " + paid.get();
}

std::size_t tell_of_payment(const reprise::Client& client,
                            const std::string& invoice,
                            const std::string& payer,
                            const std::string& transfer) {
  return client.publish(payment_received, invoice, payer, {.id = transfer, .keep = 48h});
}

}  // namespace topics_page_test

namespace reprise::topics_test {
namespace {

using namespace topics_page_test;
using testing::Crash;
using ::testing::ElementsAre;
using testing::Env;
using testing::EnvOptions;
using ::testing::HasSubstr;
using testing::Order;
using testing::Replay;
using Strings = std::vector<std::string>;

constexpr Topic<std::string> news{"news"};
constexpr Topic<int> numbers{"news"};  // the same topic, by someone who is mistaken
constexpr Workflow<Strings(int)> reader{"reader"};
constexpr Workflow<std::string()> one_wait{"one_wait"};

// Receives that many.
Strings run_reader(Context& ctx, int count) {
  Strings seen;
  for (int i = 0; i < count; ++i) seen.push_back(ctx.receive(news, "key").get());
  return seen;
}

// Each way to crash and to replay.
std::vector<EnvOptions> ways() {
  std::vector<EnvOptions> all = {
      {}, {.replay = Replay::kEveryTurn}, {.crash = Crash::kEveryCommit}};
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    all.push_back({.crash = Crash::kEveryCommit, .order = Order::kShuffled, .seed = seed});
  }
  return all;
}

RunHandle topic_run(Env& env, std::string_view key = "key") {
  return env.client().handle("reprise:topic/news/" + std::string(key));
}

TEST(TopicsPage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/topics.md", "tests/unit/sdk/topics_test.cc", 3);
}

TEST(TopicsPage, TheOrderIsSentWhenTheMoneyIsThere) {
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(dispatch, run_dispatch);
    const auto waits = env.start(dispatch("i-1"), {.id = "order-1"});
    env.skip(24h);
    EXPECT_EQ(tell_of_payment(env.client(), "i-1", "Ada", "t-1"), 1U);
    EXPECT_EQ(tell_of_payment(env.client(), "i-1", "Ada", "t-1"), 1U);  // the bank repeats itself
    EXPECT_EQ(waits.result(), "sent, paid by Ada");
    const auto late = env.start(dispatch("i-2"), {.id = "order-2"});
    EXPECT_EQ(late.result(), "reminded");
  }
}

// ---- what reaches whom ------------------------------------------------------------------------

TEST(Topics, AMessageReachesEachRunThatWaits) {
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(reader, run_reader);
    const auto a = env.start(reader(1), {.id = "a"});
    const auto b = env.start(reader(1), {.id = "b"});
    env.skip(1s);
    EXPECT_EQ(env.client().publish(news, "key", "x"), 2U);
    EXPECT_EQ(env.client().publish(news, "other key", "y"), 0U);
    EXPECT_THAT(a.result(), ElementsAre("x"));
    EXPECT_THAT(b.result(), ElementsAre("x"));
    EXPECT_EQ(chains::count_in(a, "\"kind\":\"SignalReceived\""), 1);
  }
}

TEST(Topics, AMessageIsKeptForTheFirstRunThatWaits) {
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(reader, run_reader);
    for (const char* text : {"1", "2", "3"}) {
      EXPECT_EQ(env.client().publish(news, "key", text), 0U);
    }
    EXPECT_THAT(env.start(reader(2), {.id = "a"}).result(), ElementsAre("1", "2"));
    EXPECT_THAT(env.start(reader(1), {.id = "b"}).result(), ElementsAre("3"));
  }
}

TEST(Topics, AMessageIsKeptForItsTimeOnly) {
  Env env;
  env.implement(one_wait, [](Context& ctx) -> std::string {
    auto message = ctx.receive(news, "key");
    auto time = ctx.timer(1s);
    return ctx.race(message, time) == 0 ? message.get() : "none";
  });
  env.client().publish(news, "key", "not kept", {.keep = 0ms});
  EXPECT_EQ(env.start(one_wait()).result(), "none");
  env.client().publish(news, "key", "old", {.keep = 10s});
  env.client().publish(news, "key", "new", {.keep = 1h});
  env.skip(10s);
  EXPECT_EQ(env.start(one_wait()).result(), "new");
  env.client().publish(news, "key", "forgotten", {.keep = 10s});
  env.skip(1h);
  EXPECT_EQ(env.start(one_wait()).result(), "none");
}

TEST(Topics, ARunThatHasEndedIsNotReachedAndTheMessageIsKept) {
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(reader, run_reader);
    const auto gone = env.start(reader(1), {.id = "a"});
    env.skip(1s);
    gone.terminate("test");
    EXPECT_EQ(env.client().publish(news, "key", "x"), 0U);
    EXPECT_THAT(env.start(reader(1), {.id = "b"}).result(), ElementsAre("x"));
  }
}

TEST(Topics, ARunThatGivesUpIsNotReached) {
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(one_wait, [](Context& ctx) -> std::string {
      auto message = ctx.receive(news, "key");
      auto time = ctx.timer(1s);
      const bool got = ctx.race(message, time) == 0;
      ctx.sleep(1h);
      return got ? message.get() : "none";
    });
    env.implement(reader, run_reader);
    const auto gives_up = env.start(one_wait(), {.id = "a"});
    env.skip(10s);
    EXPECT_EQ(env.client().publish(news, "key", "x"), 0U);
    EXPECT_THAT(env.start(reader(1), {.id = "b"}).result(), ElementsAre("x"));
    EXPECT_EQ(gives_up.result(), "none");
  }
}

TEST(Topics, ARunGetsAMessageOnceHoweverOftenItWaits) {
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(one_wait, [](Context& ctx) {
      auto first = ctx.receive(news, "key");
      auto second = ctx.receive(news, "key");
      std::string seen = first.get();
      return seen + second.get();
    });
    const auto run = env.start(one_wait(), {.id = "a"});
    env.skip(1s);
    EXPECT_EQ(env.client().publish(news, "key", "x"), 1U);
    EXPECT_EQ(env.client().publish(news, "key", "y"), 1U);
    EXPECT_EQ(run.result(), "xy");
  }
}

TEST(Topics, MessagesOfAKeyKeepTheirOrder) {
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(reader, run_reader);
    const auto run = env.start(reader(5), {.id = "a"});
    for (const char* text : {"1", "2", "3", "4", "5"}) {
      env.client().publish(news, "key", text);
    }
    EXPECT_THAT(run.result(), ElementsAre("1", "2", "3", "4", "5"));
  }
}

TEST(Topics, TheSameIdCountsOnce) {
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(reader, run_reader);
    const PublishOptions same{.id = "m-1", .keep = 1h};
    EXPECT_EQ(env.client().publish(news, "key", "x", same), 0U);
    EXPECT_EQ(env.client().publish(news, "key", "x", same), 0U);
    const auto run = env.start(reader(2), {.id = "a"});
    env.skip(1s);
    EXPECT_EQ(env.client().publish(news, "key", "x", same), 0U);
    EXPECT_EQ(env.client().publish(news, "key", "y", {.id = "m-2"}), 1U);
    EXPECT_THAT(run.result(), ElementsAre("x", "y"));
  }
}

TEST(Topics, AMessageThatCameInTheMeantimeIsForTheNextReceive) {
  Env env;
  env.implement(one_wait, [](Context& ctx) {
    {
      const auto dropped = ctx.spawn([&] { ctx.receive(news, "key").get(); });
      ctx.sleep(1s);
    }
    ctx.sleep(1h);
    return ctx.receive(news, "key").get();
  });
  const auto run = env.start(one_wait(), {.id = "a"});
  env.skip(10s);
  EXPECT_EQ(env.client().publish(news, "key", "x"), 1U);
  EXPECT_EQ(run.result(), "x");
}

TEST(Topics, ACancelledRunGivesUpItsWait) {
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(reader, run_reader);
    const auto run = env.start(reader(1), {.id = "a"});
    env.skip(1s);
    run.cancel("test");
    EXPECT_THROW((void)run.result(), CancelledFailure);
    EXPECT_EQ(env.client().publish(news, "key", "x", {.keep = 0ms}), 0U);
  }
}

TEST(Topics, ARunThatContinuesWaitsAnew) {
  constexpr Workflow<std::string(int)> chain{"chain"};
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(chain, [&](Context& ctx, int round) -> std::string {
      if (round == 2) return ctx.receive(news, "key").get();
      auto message = ctx.receive(news, "key");
      ctx.sleep(1s);
      ctx.continue_as_new(chain(round + 1));
    });
    const auto run = env.start(chain(1), {.id = "a"});
    env.skip(10s);
    EXPECT_EQ(env.client().publish(news, "key", "x"), 1U);
    EXPECT_EQ(run.result(), "x");
  }
}

// ---- the topic's run --------------------------------------------------------------------------

TEST(Topics, TheRunOfAKeyEndsWhenItHasNothingToKeep) {
  Env env;
  env.implement(reader, run_reader);
  const auto run = env.start(reader(1), {.id = "a"});
  env.skip(1s);
  EXPECT_EQ(topic_run(env).describe().status, RunStatus::kRunning);
  env.client().publish(news, "key", "x");
  (void)run.result();
  EXPECT_EQ(topic_run(env).describe().status, RunStatus::kCompleted);
  env.client().publish(news, "key", "y", {.id = "y", .keep = 1h});
  env.skip(30min);
  EXPECT_EQ(topic_run(env).describe().status, RunStatus::kRunning);
  env.skip(31min);
  EXPECT_EQ(topic_run(env).describe().status, RunStatus::kCompleted);
}

TEST(Topics, TheHistoryOfAKeyStaysShort) {
  Env env({.replay = Replay::kOff});
  env.implement(reader, run_reader);
  const int messages = 1'500;
  const auto run = env.start(reader(messages), {.id = "a"});
  for (int i = 0; i < messages; ++i) {
    env.client().publish(news, "key", std::to_string(i), {.id = std::to_string(i), .keep = 1min});
  }
  const Strings seen = run.result();
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(messages));
  for (int i = 0; i < messages; ++i)
    EXPECT_EQ(seen[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_LT(topic_run(env).describe().history_events, 2 * kLongHistoryEvents);
  EXPECT_NE(topic_run(env).describe().continued_from, "");
}

// ---- limits and bad input ---------------------------------------------------------------------

TEST(Topics, SoMuchIsKeptAndNoMore) {
  Env env;
  env.implement(reader, run_reader);
  const std::string half(internal::kMostKeptBytes / 2 - 100, 'x');
  EXPECT_EQ(env.client().publish(news, "key", half), 0U);
  EXPECT_EQ(env.client().publish(news, "key", half), 0U);
  try {
    env.client().publish(news, "key", half);
    FAIL();
  } catch (const ApplicationFailure& failure) {
    EXPECT_EQ(failure.type(), "RP3053");
    EXPECT_THAT(failure.what(), HasSubstr("2 are kept"));
  }
  EXPECT_EQ(env.client().publish(news, "other", half), 0U);
  EXPECT_THAT(env.start(reader(2), {.id = "a"}).result(), ElementsAre(half, half));
}

TEST(Topics, TheLargestMessageReachesARunThatWaits) {
  Env env;
  env.implement(reader, run_reader);
  const auto run = env.start(reader(1), {.id = "a"});
  env.skip(1s);
  const std::string largest(kMaxTopicMessageBytes - 6, 'x');  // 6: the array and the text's length
  EXPECT_THROW(env.client().publish(news, "key", largest + 'x'), PayloadError);
  EXPECT_EQ(env.client().publish(news, "key", largest), 1U);
  EXPECT_EQ(run.result().front(), largest);
}

TEST(Topics, NamesAndKeysAreWhatIdsAre) {
  Env env;
  const Client& client = env.client();
  const std::string most(kMaxTopicBytes - news.name().size(), 'k');
  EXPECT_EQ(client.publish(news, most, "x", {.keep = 0ms}), 0U);
  for (const std::string& key : {std::string(), most + 'k', std::string("\xff")}) {
    EXPECT_THROW(client.publish(news, key, "x"), InvalidOption) << key.size();
  }
  EXPECT_THROW(client.publish(Topic<std::string>(""), "key", "x"), InvalidOption);
  EXPECT_THROW(client.publish(news, "key", "x", {.keep = -1ms}), InvalidOption);
  EXPECT_THROW(client.publish(news, "key", "x", {.id = std::string(kMaxIdBytes + 1, 'i')}),
               InvalidOption);
  EXPECT_EQ(client.publish(news, "key", "x", {.id = "i", .keep = Duration::max()}), 0U);
}

// "a/b" with "c" is not "a" with "b/c".
TEST(Topics, NamesAndKeysAreNotMixedUp) {
  Env env;
  constexpr Topic<std::string> long_name{"a/b"};
  constexpr Topic<std::string> short_name{"a"};
  constexpr Topic<std::string> escaped{"a%2Fb"};
  env.implement(reader, [&](Context& ctx, int) {
    return Strings{ctx.receive(long_name, "c").get(), ctx.receive(short_name, "b/c").get(),
                   ctx.receive(escaped, "c").get()};
  });
  env.client().publish(escaped, "c", "3");
  env.client().publish(short_name, "b/c", "2");
  env.client().publish(long_name, "c", "1");
  EXPECT_THAT(env.start(reader(0)).result(), ElementsAre("1", "2", "3"));
}

TEST(Topics, AMessageOfAnotherTypeIsSetAside) {
  Env env;
  env.implement(reader, run_reader);
  const auto run = env.start(reader(1), {.id = "a"});
  env.skip(1s);
  EXPECT_EQ(env.client().publish(numbers, "key", 7), 1U);
  EXPECT_EQ(env.client().publish(news, "key", "text"), 1U);  // it has asked again
  EXPECT_EQ(chains::count_in(run, "\"kind\":\"SignalSetAside\""), 1);
  EXPECT_THAT(run.result(), ElementsAre("text"));
}

TEST(Topics, AllBytesArrive) {
  for (const EnvOptions& way : ways()) {
    Env env(way);
    env.implement(reader, run_reader);
    std::string every;
    for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
    env.client().publish(news, "key", every);
    EXPECT_THAT(env.start(reader(1)).result(), ElementsAre(every));
  }
}

TEST(Topics, NobodyPublishesInWorkflowCode) {
  Env env;
  env.implement(one_wait, [&](Context&) {
    try {
      env.client().publish(news, "key", "x");
    } catch (const UsageError& error) {
      return std::string(error.code());
    }
    return std::string();
  });
  EXPECT_EQ(env.start(one_wait()).result(), "RP2004");
}

}  // namespace
}  // namespace reprise::topics_test
