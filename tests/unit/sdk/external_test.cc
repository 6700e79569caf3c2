// Messages between runs through the public interface. First the code of docs/language/messages.md;
// a test makes sure that it is that code.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"

namespace messages_page_test {

// ---- the page ---------------------------------------------------------------------------------

constexpr reprise::Workflow<std::string(std::string)> order{"order"};
constexpr reprise::Workflow<int(int)> stock{"stock"};
constexpr reprise::Signal<std::string> reserve{"reserve"};
constexpr reprise::Signal<bool> reserved{"reserved"};

// `article`: the workflow id of the run that keeps its stock.
std::string run_order(reprise::Context& ctx, const std::string& article) {
  try {
    ctx.external(article).signal(reserve(ctx.info().workflow_id));
  } catch (const reprise::ExternalFailure& failure) {
    if (failure.reason() == reprise::ExternalReason::kNotFound) return "no such article";
    return "sold out";  // its run has ended
  }
  return ctx.inbox(reserved).next().get() ? "reserved" : "sold out";
}

int run_stock(reprise::Context& ctx, int pieces) {
  int sold = 0;
  auto wanted = ctx.inbox(reserve);
  while (sold < pieces) {
    const std::string order_id = wanted.next().get();
    try {
      ctx.external(order_id).signal(reserved(true));
      ++sold;
    } catch (const reprise::ExternalFailure&) {
      // The order has ended meanwhile: the piece stays here.
    }
  }
  return sold;
}

constexpr reprise::Workflow<std::vector<std::string>()> basket{"basket"};
constexpr reprise::Signal<std::string> put{"put"};

void put_in_basket(const reprise::Client& client,
                   const std::string& user,
                   const std::string& item) {
  client.signal_with_start(put(item), basket(), {.id = "basket-" + user});
}

reprise::Registration count_unknown(reprise::Context& ctx, int& unknown) {
  return ctx.on_any_signal([&](std::string_view name, std::string_view payload) {
    ctx.log().warning(std::string(name) + ": " + std::to_string(payload.size()) + " bytes");
    ++unknown;
  });
}

}  // namespace messages_page_test

namespace reprise::external_test {
namespace {

using namespace std::chrono_literals;
using namespace messages_page_test;
using testing::Crash;
using ::testing::ElementsAre;
using testing::Env;
using testing::EnvOptions;
using ::testing::HasSubstr;
using testing::Order;
using testing::Replay;
using Strings = std::vector<std::string>;

TEST(MessagesPage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/messages.md", "tests/unit/sdk/external_test.cc", 4);
}

constexpr Workflow<std::string()> sender{"sender"};
constexpr Workflow<Strings(int)> receiver{"receiver"};
constexpr Signal<std::string> go{"go"};
constexpr Signal<> nudge{"nudge"};

// Collects that many signals.
Strings run_receiver(Context& ctx, int count) {
  Strings seen;
  for (int i = 0; i < count; ++i) seen.push_back(ctx.inbox(go).next().get());
  return seen;
}

struct Two {
  template <class Fn>
  explicit Two(Fn send, EnvOptions options = {}) : env(std::move(options)) {
    env.implement(receiver, run_receiver);
    env.implement(sender, std::move(send));
  }
  Env env;
};

// "RP3005" of the ExternalFailure that `call` throws.
template <class Fn>
std::string code_of(Fn call) {
  try {
    call();
    return "delivered";
  } catch (const ExternalFailure& failure) {
    return std::string(failure.code());
  }
}

int count(const History& history, const std::string& kind) {
  const std::string text = history.to_json(JsonLayout::kCompact);
  const std::string wanted = "\"kind\":\"" + kind + "\"";
  int found = 0;
  for (auto at = text.find(wanted); at != text.npos; at = text.find(wanted, at + 1)) ++found;
  return found;
}

// ---- the page's runs --------------------------------------------------------------------------

TEST(External, OrdersReserveTheStockThatThereIs) {
  for (const Replay replay : {Replay::kOff, Replay::kEveryTurn, Replay::kShake}) {
    for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
      Env env({.replay = replay, .crash = crash});
      env.implement(order, run_order);
      env.implement(stock, run_stock);
      const auto shelf = env.start(stock(2), {.id = "book"});
      EXPECT_EQ(env.start(order("book"), {.id = "o1"}).result(), "reserved");
      EXPECT_EQ(env.start(order("book"), {.id = "o2"}).result(), "reserved");
      EXPECT_EQ(shelf.result(), 2);
      EXPECT_EQ(env.start(order("book"), {.id = "o3"}).result(), "sold out");
      EXPECT_EQ(env.start(order("pen"), {.id = "o4"}).result(), "no such article");
      EXPECT_EQ(count(shelf.history(), "SignalReceived"), 2);
      EXPECT_EQ(count(shelf.history(), "MessageDelivered"), 2);
    }
  }
}

// ---- delivery ---------------------------------------------------------------------------------

TEST(External, EachSignalArrivesOnceInOrderWhereverTheProcessDies) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    EnvOptions options{.crash = Crash::kEveryCommit};
    if (seed > 0) options.order = Order::kShuffled, options.seed = seed;
    Two two(
        [](Context& ctx) {
          for (int i = 0; i < 5; ++i) ctx.external("r").signal(go(std::to_string(i)));
          return std::string("sent");
        },
        options);
    const auto receiving = two.env.start(receiver(5), {.id = "r"});
    const auto sending = two.env.start(sender(), {.id = "s"});
    EXPECT_EQ(sending.result(), "sent");
    EXPECT_THAT(receiving.result(), ElementsAre("0", "1", "2", "3", "4"));
    EXPECT_EQ(count(receiving.history(), "SignalReceived"), 5);
    EXPECT_EQ(count(sending.history(), "MessageDelivered"), 5);
  }
}

TEST(External, SeveralStrandsSendAtTheSameTime) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Two two(
        [](Context& ctx) {
          ctx.map({"a", "b", "c", "d"},
                  [&](const std::string& text) { ctx.external("r").signal(go(text)); });
          return std::string("sent");
        },
        {.crash = crash});
    const auto receiving = two.env.start(receiver(4), {.id = "r"});
    EXPECT_EQ(two.env.start(sender()).result(), "sent");
    EXPECT_THAT(receiving.result(), ElementsAre("a", "b", "c", "d"));
  }
}

TEST(External, ARunMaySignalItself) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Two two(
        [](Context& ctx) {
          ctx.external(ctx.info().workflow_id).signal(go("me"));
          return ctx.inbox(go).next().get();
        },
        {.crash = crash});
    EXPECT_EQ(two.env.start(sender()).result(), "me");
  }
}

TEST(External, TwoRunsMayWaitForEachOther) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    constexpr Workflow<std::string(std::string)> player{"player"};
    Env env({.crash = crash});
    env.implement(player, [](Context& ctx, const std::string& other) {
      ctx.inbox(nudge).next().get();  // both must be there before one sends
      std::string seen;
      for (int i = 0; i < 3; ++i) {
        ctx.external(other).signal(go(std::to_string(i)));
        seen += ctx.inbox(go).next().get();
      }
      return seen;
    });
    const auto one = env.start(player("two"), {.id = "one"});
    const auto two = env.start(player("one"), {.id = "two"});
    one.signal(nudge());
    two.signal(nudge());
    EXPECT_EQ(one.result(), "012");
    EXPECT_EQ(two.result(), "012");
  }
}

TEST(External, OneRunOfSeveralWithTheSameIdCanBeMeant) {
  std::string first_id;
  Two two([&](Context& ctx) {
    const std::string closed = code_of([&] { ctx.external("r", first_id).signal(go("old")); });
    ctx.external("r").signal(go("new"));
    return closed;
  });
  const auto first = two.env.start(receiver(0), {.id = "r"});
  first_id = first.run_id();
  (void)first.result();
  const auto second = two.env.start(receiver(1), {.id = "r"});
  EXPECT_EQ(two.env.start(sender()).result(), "RP3006");
  EXPECT_THAT(second.result(), ElementsAre("new"));
}

// ---- cancelling -------------------------------------------------------------------------------

TEST(External, CancellingAnotherRunIsARequestToIt) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Two two(
        [](Context& ctx) {
          ctx.external("r").cancel("no longer wanted");
          return std::string("asked");
        },
        {.crash = crash});
    const auto receiving = two.env.start(receiver(1), {.id = "r"});
    EXPECT_EQ(two.env.start(sender()).result(), "asked");
    EXPECT_THROW((void)receiving.result(), CancelledFailure);
    EXPECT_EQ(count(receiving.history(), "CancelRequested"), 1);
    EXPECT_THAT(receiving.history().to_json(), HasSubstr("no longer wanted"));
  }
}

TEST(External, InACancelledScopeNothingIsSent) {
  Two two([](Context& ctx) -> std::string {
    CancelScope scope(ctx);
    scope.cancel();
    try {
      ctx.external("r").signal(go("never"));
    } catch (const CancelledFailure&) {
      const Shield shield(ctx);
      ctx.external("r").signal(go("shielded"));
      return "cancelled";
    }
    return "sent";
  });
  const auto receiving = two.env.start(receiver(1), {.id = "r"});
  EXPECT_EQ(two.env.start(sender()).result(), "cancelled");
  EXPECT_THAT(receiving.result(), ElementsAre("shielded"));
}

TEST(External, ARunThatSendsForEverCanBeEnded) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    constexpr Workflow<void()> ticker{"ticker"};
    constexpr Workflow<void()> clock{"clock"};
    env.implement(ticker, [](Context& ctx) {
      ctx.inbox(nudge).next().get();
      while (true) ctx.external("clock").signal(go("tick"));
    });
    env.implement(clock, [](Context& ctx) { ctx.sleep(1h); });
    const auto listening = env.start(clock(), {.id = "clock"});
    const auto ticking = env.start(ticker(), {.id = "t"});
    const auto signalled = ticking.submit_signal(nudge());
    ticking.terminate("enough");
    EXPECT_THROW(ticking.result(), TerminatedFailure);
    EXPECT_NO_THROW(listening.result());
  }
}

TEST(External, ARunContinuesWhenItsMessagesHaveArrived) {
  constexpr Workflow<std::string(int)> chain{"chain"};
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(receiver, run_receiver);
    env.implement(chain, [&](Context& ctx, int round) -> std::string {
      const auto sending = ctx.spawn([&] { ctx.external("r").signal(go(std::to_string(round))); });
      ctx.sleep(1s);
      if (round == 3) return "done";
      ctx.continue_as_new(chain(round + 1));
    });
    const auto receiving = env.start(receiver(3), {.id = "r"});
    EXPECT_EQ(env.start(chain(1)).result(), "done");
    EXPECT_THAT(receiving.result(), ElementsAre("1", "2", "3"));
  }
}

// Whatever becomes of a message, a run that its receiver has continued as does not get it again.
TEST(External, AReceiverThatContinuesGetsEachMessageOnce) {
  constexpr Workflow<Strings(Strings)> reader{"reader"};
  for (std::uint64_t seed = 0; seed <= 10; ++seed) {
    EnvOptions options{.crash = Crash::kEveryCommit};
    if (seed > 0) options.order = Order::kShuffled, options.seed = seed;
    Env env(options);
    env.implement(sender, [](Context& ctx) {
      for (int i = 0; i < 5; ++i) ctx.external("r").signal(go(std::to_string(i)));
      return std::string("sent");
    });
    env.implement(reader, [&](Context& ctx, Strings seen) -> Strings {
      seen.push_back(ctx.inbox(go).next().get());
      if (seen.size() == 5) return seen;
      ctx.continue_as_new(reader(seen));
    });
    const auto reading = env.start(reader(Strings()), {.id = "r"});
    EXPECT_EQ(env.start(sender(), {.id = "s"}).result(), "sent");
    EXPECT_THAT(reading.result(), ElementsAre("0", "1", "2", "3", "4"));
  }
}

// ---- refusals ---------------------------------------------------------------------------------

TEST(External, ARefusalIsRecordedAndTheRunGoesOn) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Two two(
        [](Context& ctx) {
          std::string codes;
          codes += code_of([&] { ctx.external("nobody").signal(go("x")); });
          codes += " " + code_of([&] { ctx.external("nobody").cancel(); });
          codes += " " + code_of([&] { ctx.external("r").signal(go("x")); });
          codes += " " + code_of([&] {
                     ctx.external("r", "00000000-0000-4000-8000-000000000000").signal(go("x"));
                   });
          return codes;
        },
        {.crash = crash});
    (void)two.env.start(receiver(0), {.id = "r"}).result();
    EXPECT_EQ(two.env.start(sender()).result(), "RP3005 RP3005 RP3006 RP3005");
  }
}

TEST(External, AFailureThatLeavesTheRunComesBackTyped) {
  Two two([](Context& ctx) -> std::string {
    ctx.external("nobody").signal(go("x"));
    return "sent";
  });
  try {
    (void)two.env.start(sender()).result();
    FAIL();
  } catch (const ExternalFailure& failure) {
    EXPECT_EQ(failure.reason(), ExternalReason::kNotFound);
    EXPECT_EQ(failure.code(), "RP3005");
    EXPECT_THAT(failure.what(), HasSubstr("nobody"));
  }
}

TEST(External, SignalsThatDoNotDecodeAreTheReceiversToSetAside) {
  constexpr Signal<int> number{"go"};
  Two two([&](Context& ctx) {
    ctx.external("r").signal(number(7));
    ctx.external("r").signal(go("text"));
    return std::string("sent");
  });
  const auto receiving = two.env.start(receiver(1), {.id = "r"});
  EXPECT_EQ(two.env.start(sender()).result(), "sent");
  EXPECT_THAT(receiving.result(), ElementsAre("text"));
  EXPECT_EQ(count(receiving.history(), "SignalSetAside"), 1);
}

TEST(External, BadIdsAreRefusedBeforeAnythingIsRecorded) {
  const std::string long_id(kMaxIdBytes + 1, 'x');
  const Strings ids = {"", long_id, "\xff", std::string("a\xc0\x80", 3)};
  Two two([&](Context& ctx) {
    std::string codes;
    for (const std::string& id : ids) {
      try {
        ctx.external(id).signal(go("x"));
      } catch (const InvalidOption& error) {
        codes += std::string(error.code()) + " ";
      }
    }
    for (const std::string run_id : {"no uuid", "00000000-0000-4000-8000-00000000000g"}) {
      try {
        (void)ctx.external("r", run_id);
      } catch (const InvalidOption& error) {
        codes += std::string(error.code()) + " ";
      }
    }
    try {
      ctx.external("r").signal(go(std::string(kMaxPayloadBytes, 'x')));
    } catch (const PayloadError& error) {
      codes += error.code();
    }
    return codes;
  });
  const auto run = two.env.start(sender());
  EXPECT_EQ(run.result(), "RP3003 RP3003 RP3003 RP3003 RP3003 RP3003 RP3002");
  EXPECT_EQ(count(run.history(), "SignalSent"), 0);
}

// What is accepted arrives as it was sent, whatever it is.
TEST(External, AllBytesAndTheLargestArrive) {
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  const std::string odd_id = std::string("a\0b\n\x7f", 5) + std::string(kMaxIdBytes - 5, 'i');
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    // Crashing copies the store each time.
    const std::size_t largest = crash == Crash::kNever ? kMaxPayloadBytes - 6 : 5'000;
    const Strings texts = {"", every, std::string(largest, '\0')};
    constexpr Workflow<std::string()> reader{"reader"};
    Two two(
        [&](Context& ctx) {
          for (const std::string& text : texts) ctx.external(odd_id).signal(go(text));
          ctx.external(odd_id).cancel(every);
          return std::string("sent");
        },
        {.crash = crash});
    two.env.implement(reader, [&](Context& ctx) {
      std::string seen;
      for (const std::string& text : texts) seen += ctx.inbox(go).next().get() == text ? "+" : "-";
      try {
        ctx.sleep(1h);
      } catch (const CancelledFailure&) {
        seen += " cancelled";
      }
      return seen;
    });
    const auto reading = two.env.start(reader(), {.id = odd_id});
    EXPECT_EQ(two.env.start(sender()).result(), "sent");
    EXPECT_EQ(reading.result(), "+++ cancelled");
    EXPECT_EQ(count(reading.history(), "CancelRequested"), 1);
  }
}

// ---- where it may be called -------------------------------------------------------------------

TEST(External, OutsideTheRunsStrandsItIsRefused) {
  Two two([](Context& ctx) {
    const ExternalRun other = ctx.external("r");
    return ctx.step("outside", [&]() -> std::string {
      try {
        other.signal(go("x"));
      } catch (const UsageError& error) {
        return std::string(error.code());
      }
      return "sent";
    });
  });
  EXPECT_EQ(two.env.start(sender()).result(), "RP2004");
}

TEST(External, TheWaitIsDescribed) {
  Env env;
  env.implement(sender, [](Context& ctx) {
    ctx.external("r").signal(go("x"));
    return ctx.inbox(go).next().get();
  });
  env.implement(receiver, run_receiver);
  const auto receiving = env.start(receiver(1), {.id = "r"});
  const auto sending = env.start(sender(), {.id = "s"});
  EXPECT_THAT(receiving.result(), ElementsAre("x"));
  EXPECT_THAT(receiving.history().to_json(JsonLayout::kCompact),
              HasSubstr("\"sender\":{\"run_id\":"));
  sending.signal(go("end"));
  EXPECT_EQ(sending.result(), "end");
}

// ---- signal_with_start ------------------------------------------------------------------------

// Collects until "done".
Strings run_basket(Context& ctx) {
  Strings items;
  while (items.empty() || items.back() != "done") items.push_back(ctx.inbox(put).next().get());
  return items;
}

TEST(SignalWithStart, StartsOnceAndSignalsEachTime) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(basket, run_basket);
    const StartOptions options{.id = "b"};
    const auto first = env.client().signal_with_start(put("one"), basket(), options);
    const auto second = env.client().signal_with_start(put("two"), basket(), options);
    EXPECT_EQ(first.run_id(), second.run_id());
    (void)env.client().signal_with_start(put("done"), basket(), options);
    EXPECT_THAT(first.result(), ElementsAre("one", "two", "done"));
    EXPECT_EQ(second.result(), first.result());
    const auto third = env.client().signal_with_start(put("done"), basket(), options);
    EXPECT_NE(third.run_id(), first.run_id()) << "a closed run is followed by a new one";
    EXPECT_THAT(third.result(), ElementsAre("done"));
  }
}

TEST(SignalWithStart, ObeysTheRulesOfIds) {
  Env env;
  env.implement(basket, run_basket);
  env.implement(receiver, run_receiver);
  const auto start = [&](const StartOptions& options) {
    return env.client().signal_with_start(put("done"), basket(), options);
  };
  (void)start({.id = "b"}).result();
  EXPECT_THROW((void)start({.id = "b", .id_reuse = IdReuse::kReject}), AlreadyStarted);
  EXPECT_THROW((void)start({.id = "b", .id_reuse = IdReuse::kAllowUnlessCompleted}),
               AlreadyStarted);
  EXPECT_THROW((void)start({.id = "b", .id_reuse = IdReuse::kUseExisting}), AlreadyStarted)
      << "a closed run takes no signal";
  const auto other = env.start(receiver(1), {.id = "r"});
  EXPECT_THROW((void)start({.id = "r"}), AlreadyStarted) << "a run of another workflow";
  const auto next = start({.id = "r", .id_conflict = IdConflict::kTerminateExisting});
  EXPECT_THROW((void)other.result(), TerminatedFailure);
  EXPECT_THAT(next.result(), ElementsAre("done"));
  EXPECT_THROW((void)start({}), InvalidOption) << "without an id nobody could signal it again";
}

TEST(SignalWithStart, WithoutAWorkerTheSignalWaits) {
  Env env;
  const auto run = env.client().signal_with_start(put("done"), basket(), {.id = "b"});
  env.implement(basket, run_basket);
  EXPECT_THAT(run.result(), ElementsAre("done"));
}

TEST(SignalWithStart, RefusesBadSignals) {
  Env env;
  env.implement(basket, run_basket);
  const Signal<std::string> nameless{""};
  EXPECT_THROW((void)env.client().signal_with_start(nameless("x"), basket(), {.id = "b"}),
               InvalidOption);
  EXPECT_THROW((void)env.client().signal_with_start(put(std::string(kMaxPayloadBytes, 'x')),
                                                    basket(), {.id = "b"}),
               PayloadError);
  EXPECT_EQ(env.client().find_description("b"), std::nullopt);
}

TEST(SignalWithStart, ThePagesBasketIsFilled) {
  Env env;
  env.implement(basket, run_basket);
  put_in_basket(env.client(), "ann", "a book");
  put_in_basket(env.client(), "ann", "done");
  EXPECT_THAT(env.client().attach(basket, "basket-ann").result(), ElementsAre("a book", "done"));
}

TEST(AnySignal, ThePagesHandlerCounts) {
  Env env;
  env.implement(receiver, [](Context& ctx, int) {
    int unknown = 0;
    const auto counting = count_unknown(ctx, unknown);
    ctx.wait_until([&] { return unknown == 2; });
    return Strings{std::to_string(unknown)};
  });
  const auto run = env.start(receiver(0));
  run.signal(go("x"));
  run.signal(nudge());
  EXPECT_THAT(run.result(), ElementsAre("2"));
}

// ---- on_any_signal ----------------------------------------------------------------------------

TEST(AnySignal, TakesWhatNothingElseTakes) {
  constexpr Signal<int> number{"number"};
  constexpr Signal<std::string> text{"text"};
  for (const Replay replay : {Replay::kOff, Replay::kEveryTurn}) {
    for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
      Env env({.replay = replay, .crash = crash});
      env.implement(receiver, [&](Context& ctx, int) {
        Strings seen;
        ctx.inbox(nudge).next().get();  // two have come by then
        const auto any = ctx.on_any_signal([&](std::string_view name, std::string_view payload) {
          if (name == "number") seen.push_back(std::to_string(decode_signal<int>(payload)));
          if (name == "text") seen.push_back(decode_signal<std::string>(payload));
          ctx.sleep(1min);
          seen.push_back("slept");
        });
        seen.push_back(ctx.inbox(go).next().get());
        seen.push_back(ctx.inbox(go).next().get());
        ctx.sleep(1h);
        return seen;
      });
      const auto run = env.start(receiver(0));
      run.signal(number(7));
      run.signal(text("early"));
      run.signal(nudge());
      run.signal(go("one"));
      run.signal(text("late"));
      run.signal(go("two"));
      EXPECT_THAT(run.result(),
                  ElementsAre("7", "early", "one", "late", "two", "slept", "slept", "slept"));
    }
  }
}

TEST(AnySignal, AHandlerOfTheNameComesFirstAndTheRegistrationEnds) {
  Env env;
  env.implement(receiver, [&](Context& ctx, int) {
    Strings seen;
    {
      const auto any = ctx.on_any_signal([&](std::string_view name, std::string_view) {
        seen.push_back("any " + std::string(name));
      });
      ctx.inbox(nudge).next().get();
    }
    ctx.inbox(nudge).next().get();
    seen.push_back(ctx.inbox(go).next().get());
    return seen;
  });
  const auto run = env.start(receiver(0));
  const Signal<> first{"first"};
  const Signal<> second{"second"};
  run.signal(first());
  run.signal(nudge());
  run.signal(second());
  run.signal(nudge());
  run.signal(go("end"));
  EXPECT_THAT(run.result(), ElementsAre("any first", "end"));
}

TEST(AnySignal, WhatDoesNotDecodeIsTheHandlersToJudge) {
  Env env;
  env.implement(receiver, [&](Context& ctx, int) {
    Strings seen;
    const auto any = ctx.on_any_signal([&](std::string_view, std::string_view payload) {
      try {
        (void)decode_signal<int>(payload);
      } catch (const PayloadError& error) {
        seen.push_back(std::string(error.code()));
      }
    });
    ctx.wait_until([&] { return !seen.empty(); });
    return seen;
  });
  const auto run = env.start(receiver(0));
  run.signal(go("text"));
  EXPECT_THAT(run.result(), ElementsAre("RP3001"));
}

}  // namespace
}  // namespace reprise::external_test
