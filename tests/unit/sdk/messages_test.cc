// Signals, queries and updates of workflows that are functions.
#include <optional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise::messages_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Signal<int> number{"number"};
constexpr Signal<std::string> number_as_text{"number"};
constexpr Signal<> poke_number{"number"};
constexpr Signal<bool> finish{"finish"};
constexpr Signal<> poke{"poke"};
constexpr Signal<int> poke_with_number{"poke"};
constexpr Query<int(int)> sum_plus{"sum_plus"};
constexpr Query<int(std::string)> sum_plus_text{"sum_plus"};
constexpr Update<int(int)> add{"add"};
constexpr Update<int(std::string)> add_text{"add"};
constexpr Update<void()> reset{"reset"};

TEST(Signals, WaitInTheInboxInOrder) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    ctx.sleep(1h);
    std::string read;
    auto inbox = ctx.inbox(number);
    while (!inbox.empty()) read += std::to_string(inbox.next().get());
    return read;
  });
  auto run = env.start(main_workflow());
  for (int i = 0; i < 5; ++i) run.signal(number(i));
  EXPECT_EQ(run.result(), "01234");
}

TEST(Signals, GoBackToTheInboxWhenDroppedUnread) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    auto inbox = ctx.inbox(number);
    {
      auto unread = inbox.next();
      ctx.sleep(1h);
      EXPECT_TRUE(unread.ready());
    }
    EXPECT_FALSE(inbox.empty());
    const std::string first = std::to_string(inbox.next().get());
    return first + std::to_string(inbox.next().get());
  });
  auto run = env.start(main_workflow());
  run.signal(number(1));
  run.signal(number(2));
  EXPECT_EQ(run.result(), "12");
}

TEST(Signals, OfAnotherTypeAreSetAsideWithAWord) {
  std::vector<std::string> lines;
  Env env({.logger = [&](LogLevel level, std::string_view line) {
    if (level == LogLevel::kError) lines.emplace_back(line);
  }});
  env.implement(main_workflow, [](Context& ctx) {
    auto next = ctx.inbox(number).next();
    auto limit = ctx.timer(1h);
    if (ctx.first_of(next, limit) == 1) return std::string("late");
    return std::to_string(next.get());
  });
  auto run = env.start(main_workflow(), {.id = "order-7"});
  run.signal(number_as_text("one"));
  run.signal(poke_number());
  run.signal(number(1));
  EXPECT_EQ(run.result(), "1");
  ASSERT_THAT(lines, ::testing::SizeIs(2));
  EXPECT_THAT(lines[0],
              AllOf(HasSubstr("RP3013 run 'order-7'"), HasSubstr("signal 'number', event 3"),
                    HasSubstr("RP3001 the arguments are not (int): argument 1")));
}

TEST(Signals, OfAnotherTypeAreNoneForConditions) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    auto inbox = ctx.inbox(number);
    if (!ctx.wait_until([&] { return !inbox.empty(); }, 1h)) return std::string("none");
    return std::to_string(inbox.next().get());
  });
  auto run = env.start(main_workflow());
  run.signal(number_as_text("one"));
  EXPECT_EQ(run.result(), "none");
}

TEST(Signals, ThatNobodyWaitsForAreSeenByConditions) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    auto next = ctx.inbox(number).next();
    auto doubled = ctx.start(twice(1));
    ctx.wait_until([&] { return doubled.ready(); });
    ctx.wait_until([&] { return next.ready(); });
    auto hour = ctx.timer(1h);
    ctx.wait_until([&] { return hour.ready(); });
    auto inbox = ctx.inbox(number);
    ctx.wait_until([&] { return !inbox.empty(); });
    return std::to_string(next.get()) + std::to_string(inbox.next().get());
  });
  env.stub(twice, [](int value) { return 2 * value; });
  auto run = env.start(main_workflow());
  run.signal(number(1));
  env.skip(2h);
  run.signal(number(2));
  EXPECT_EQ(run.result(), "12");
}

TEST(Signals, ThatWereNotWaitedForAnyMoreLeaveNothingBehind) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    {
      auto given_up = ctx.inbox(number).next();
      given_up.cancel();
    }
    return std::string(ctx.inbox(number).empty() ? "empty" : "one");
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "empty");
}

TEST(Signals, CanBeSentWithoutWaiting) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    std::string text;
    for (int i = 0; i < 3; ++i) text += std::to_string(ctx.inbox(number).next().get());
    return text;
  });
  auto run = env.client().submit(main_workflow());
  const SentSignal first = run.submit_signal(number(1));
  const SentSignal second = run.submit_signal(number(2));
  second.delivered();
  first.delivered();
  run.submit_signal(number(3)).delivered();
  EXPECT_EQ(run.result(), "123");
  EXPECT_THROW(run.submit_signal(number(4)).delivered(), RunClosed);
}

TEST(Signals, MayCarryNothing) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    ctx.inbox(poke).next().get();
    auto poked = ctx.inbox(poke).next();
    auto deadline = ctx.timer(1h);
    const bool late = ctx.first_of(poked, deadline) == 1;
    return std::string(late ? "late" : "poked twice");
  });
  auto run = env.start(main_workflow());
  run.signal(poke());
  EXPECT_TRUE(run.try_signal(poke()));
  EXPECT_EQ(run.result(), "poked twice");
  EXPECT_FALSE(run.try_signal(poke()));
}

// Nobody sees the payload of a Signal<>.
TEST(Signals, MayCarryWhatNobodyReads) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    ctx.inbox(poke).next().get();
    auto inbox = ctx.inbox(poke);
    ctx.wait_until([&] { return !inbox.empty(); });
    inbox.next().get();
    return std::string("poked twice");
  });
  auto run = env.start(main_workflow());
  run.signal(poke_with_number(1));
  run.signal(poke_with_number(2));
  EXPECT_EQ(run.result(), "poked twice");
}

TEST(Signals, ToARunThatHasEndedAreRefused) {
  Env env;
  env.implement(main_workflow, [](Context&) { return std::string("done"); });
  auto run = env.start(main_workflow());
  EXPECT_EQ(run.result(), "done");
  EXPECT_THROW(run.signal(number(1)), RunClosed);
  EXPECT_FALSE(run.try_signal(number(1)));
  EXPECT_THROW(run.cancel(), RunClosed);
  EXPECT_THROW(run.update(add(1)), RunClosed);
  EXPECT_THROW(env.client().attach(main_workflow, "nobody").signal(number(1)), NotFound);
}

TEST(Queries, SeeTheStateOfTheCode) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    int sum = 0;
    auto answering = ctx.answer(sum_plus, [&](int more) { return sum + more; });
    while (true) {
      const int next = ctx.inbox(number).next().get();
      if (next == 0) return std::string("done");
      sum += next;
    }
  });
  auto run = env.start(main_workflow());
  EXPECT_EQ(run.query(sum_plus(1)), 1);
  run.signal(number(10));
  EXPECT_EQ(run.query(sum_plus(1)), 11);
  const auto events = run.describe().history_events;
  EXPECT_EQ(run.query(sum_plus(2)), 12);
  EXPECT_EQ(run.describe().history_events, events);
}

TEST(Queries, ThatNobodyAnswersSayWhatIsAnswered) {
  static constexpr Query<int()> unknown{"unknown"};
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    {
      auto gone = ctx.answer(unknown, [] { return 1; });
      ctx.sleep(1h);
    }
    auto answering = ctx.answer(sum_plus, [&](int more) { return more; });
    ctx.sleep(1h);
    return std::string();
  });
  auto run = env.start(main_workflow());
  EXPECT_EQ(run.query(unknown()), 1);
  env.skip(1h);
  try {
    run.query(unknown());
    FAIL();
  } catch (const QueryFailed& error) {
    EXPECT_EQ(error.code(), "RP3007");
    EXPECT_NE(std::string(error.what()).find("sum_plus"), std::string::npos) << error.what();
  }
}

TEST(Queries, FailWithTheirHandler) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    auto answering = ctx.answer(sum_plus, [](int) -> int { throw std::runtime_error("no sum"); });
    ctx.sleep(1h);
    return std::string("slept");
  });
  auto run = env.start(main_workflow());
  try {
    run.query(sum_plus(1));
    FAIL();
  } catch (const QueryFailed& error) {
    EXPECT_EQ(error.code(), "RP3008");
    EXPECT_NE(std::string(error.what()).find("no sum"), std::string::npos) << error.what();
  }
  EXPECT_THROW(run.query(sum_plus_text("one")), QueryFailed);
  EXPECT_EQ(run.result(), "slept");
}

TEST(Queries, MustNotMakeDurableCalls) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    auto answering = ctx.answer(sum_plus, [&](int) {
      EXPECT_EQ(ctx.info().workflow_id, "w");
      ctx.log().info("asked");
      ctx.sleep(1s);
      return 1;
    });
    ctx.sleep(1h);
    return std::string("slept");
  });
  auto run = env.start(main_workflow(), {.id = "w"});
  try {
    run.query(sum_plus(1));
    FAIL();
  } catch (const QueryFailed& error) {
    EXPECT_NE(std::string(error.what()).find("RP2004"), std::string::npos) << error.what();
  }
  EXPECT_EQ(run.result(), "slept");
}

TEST(Updates, MayWaitAndCallActivities) {
  Env env;
  env.stub(twice, [](int value) { return 2 * value; });
  env.implement(main_workflow, [](Context& ctx) {
    int sum = 0;
    auto accepting = ctx.accept(add, [&](int value) {
      ctx.sleep(1h);
      sum += ctx.call(twice(value));
      return sum;
    });
    ctx.inbox(finish).next().get();
    return std::to_string(sum);
  });
  auto run = env.start(main_workflow());
  EXPECT_EQ(run.update(add(1)), 2);
  EXPECT_EQ(run.update(add(2)), 6);
  run.signal(finish(true));
  EXPECT_EQ(run.result(), "6");
}

TEST(Updates, ReturnFailuresToTheirCaller) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    auto accepting = ctx.accept(add, [&](int value) {
      if (value < 0) throw ApplicationFailure("Negative", "no");
      return value;
    });
    ctx.inbox(finish).next().get();
    return std::string("done");
  });
  auto run = env.start(main_workflow());
  try {
    run.update(add(-1));
    FAIL();
  } catch (const ApplicationFailure& failure) {
    EXPECT_EQ(failure.type(), "Negative");
  }
  try {
    run.update(add_text("one"));
    FAIL();
  } catch (const ApplicationFailure& failure) {
    EXPECT_EQ(failure.type(), "RP3001");
  }
  constexpr Update<int()> unknown{"unknown"};
  EXPECT_THROW(run.update(unknown()), ApplicationFailure);
  run.signal(finish(true));
  EXPECT_EQ(run.result(), "done");
}

TEST(Updates, AreWaitedForForAWhile) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    int sum = 0;
    auto adding = ctx.accept(add, [&](int value) {
      ctx.sleep(2h);
      return sum += value;
    });
    auto resetting = ctx.accept(reset, [&] {
      ctx.sleep(2h);
      sum = 0;
    });
    ctx.inbox(finish).next().get();
    return std::to_string(sum);
  });
  const auto before = env.now();
  auto run = env.start(main_workflow());
  EXPECT_EQ(run.update_for(add(1), 1h), std::nullopt);
  EXPECT_EQ(env.now(), before + 1h);
  EXPECT_EQ(run.update_for(add(2), 3h), 3) << "the first was handled too";
  EXPECT_FALSE(run.update_for(reset(), 1h));
  EXPECT_TRUE(run.update_for(reset(), 3h));
  EXPECT_THROW((void)run.update_for(add(1), -1ms), InvalidOption);
  run.signal(finish(true));
  EXPECT_EQ(run.result(), "0");
  EXPECT_THROW((void)run.update_for(add(1), 1h), RunClosed);
}

TEST(Updates, CanBeSentWithoutWaiting) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    std::string seen;
    auto adding = ctx.accept(add, [&](int value) {
      if (value < 0) throw ApplicationFailure("Negative", "no");
      ctx.sleep(1h);
      seen += std::to_string(value);
      return value;
    });
    ctx.inbox(finish).next().get();
    return seen;
  });
  auto run = env.client().submit(main_workflow());
  std::vector<UpdateHandle<int>> sent;
  for (int i = 1; i <= 3; ++i) sent.push_back(run.submit_update(add(i)));
  const UpdateHandle<int> bad = run.submit_update(add(-1));
  EXPECT_EQ(sent[0].result_for(30min), std::nullopt);
  for (int i = 3; i >= 1; --i) EXPECT_EQ(sent[static_cast<std::size_t>(i - 1)].result(), i);
  EXPECT_EQ(sent[0].result(), 1) << "again";
  EXPECT_THROW(bad.result(), ApplicationFailure);
  EXPECT_THROW(bad.result(), ApplicationFailure);
  run.signal(finish(true));
  EXPECT_EQ(run.result(), "123");
  EXPECT_THROW(run.submit_update(add(4)).result(), RunClosed);
  EXPECT_THROW(env.client().attach(main_workflow, "nobody").submit_update(add(1)).result(),
               NotFound);
}

TEST(Updates, WhoseHandlerHasABugParkTheRun) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    auto accepting = ctx.accept(add, [&](int) -> int { throw std::logic_error("bug"); });
    ctx.sleep(1h);
    return std::string("done");
  });
  auto run = env.start(main_workflow());
  EXPECT_THROW(run.update(add(-1)), ParkedError);
}

}  // namespace
}  // namespace reprise::messages_test
