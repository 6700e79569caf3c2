// Channel: values between the strands of a run.
#include <memory>
#include <optional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sdk/one_workflow.h"

namespace reprise::channel_test {
namespace {

using namespace std::chrono_literals;
using one_workflow::code_of;
using one_workflow::main_workflow;
using one_workflow::run;
using testing::Env;

std::string text_of(const std::optional<int>& value) {
  return value ? std::to_string(*value) : "closed";
}

TEST(Channel, HandsOverEverythingInOrder) {
  for (const std::size_t capacity : {0, 1, 2, 5, 1000}) {
    Env env({.replay = testing::Replay::kOff});
    EXPECT_EQ(run(env,
                  [capacity](Context& ctx) {
                    Channel<int> channel(ctx, capacity);
                    auto sending = ctx.spawn([&] {
                      for (int i = 0; i < 300; ++i) channel.send(i);
                      channel.close();
                    });
                    int received = 0;
                    while (const auto value = channel.receive().get()) {
                      EXPECT_EQ(*value, received++);
                    }
                    return std::to_string(received);
                  }),
              "300")
        << capacity;
  }
}

TEST(Channel, TakesWhatCanOnlyBeMoved) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Channel<std::unique_ptr<int>> channel(ctx, 1);
                  channel.send(std::make_unique<int>(7));
                  return std::to_string(**channel.receive().get());
                }),
            "7");
}

TEST(Channel, MakesSendersWaitWhenItIsFull) {
  for (const std::size_t capacity : {0, 1, 3}) {
    Env env;
    EXPECT_EQ(run(env,
                  [capacity](Context& ctx) {
                    Channel<int> channel(ctx, capacity);
                    int sent = 0;
                    auto sending = ctx.spawn([&] {
                      for (int i = 0; i < 10; ++i) channel.send(i), ++sent;
                    });
                    ctx.sleep(1s);
                    std::string seen = std::to_string(sent);
                    channel.receive().get();
                    ctx.sleep(1s);
                    return seen + " " + std::to_string(sent);
                  }),
              std::to_string(capacity) + " " + std::to_string(capacity + 1));
  }
}

TEST(Channel, ServesReceiversInTheOrderOfTheirCalls) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Channel<int> channel(ctx, 10);
                  std::vector<Pending<std::optional<int>>> receiving;
                  for (int i = 0; i < 4; ++i) receiving.push_back(channel.receive());
                  ctx.sleep(1s);
                  receiving.erase(receiving.begin() + 1);  // leaves the line
                  for (int i = 0; i < 3; ++i) channel.send(i);
                  std::string seen;
                  for (const auto& value : ctx.all(receiving)) seen += text_of(value);
                  return seen;
                }),
            "012");
}

TEST(Channel, ServesSendersInTheOrderOfTheirCalls) {
  for (const std::size_t capacity : {0, 1}) {
    Env env;
    EXPECT_EQ(run(env,
                  [capacity](Context& ctx) {
                    Channel<int> channel(ctx, capacity);
                    std::vector<Pending<void>> sending;
                    for (int i = 0; i < 6; ++i) {
                      sending.push_back(ctx.spawn([&, i] { channel.send(i); }));
                    }
                    ctx.sleep(1s);
                    std::string seen;
                    for (int i = 0; i < 6; ++i) seen += text_of(channel.receive().get());
                    ctx.all(sending);
                    return seen;
                  }),
              "012345");
  }
}

TEST(Channel, ThatIsClosedGivesWhatIsLeft) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Channel<int> channel(ctx, 10);
                  channel.send(1);
                  channel.send(2);
                  channel.close();
                  channel.close();
                  std::string seen;
                  for (int i = 0; i < 4; ++i) seen += text_of(channel.receive().get()) + " ";
                  return seen;
                }),
            "1 2 closed closed ");
}

TEST(Channel, WakesThoseThatWaitWhenItIsClosed) {
  for (const std::size_t capacity : {0, 1}) {
    Env env;
    EXPECT_EQ(run(env,
                  [capacity](Context& ctx) {
                    Channel<int> empty(ctx);
                    Channel<int> full(ctx, capacity);
                    auto receiving = empty.receive();
                    std::string seen;
                    const auto send = [&] { seen += code_of([&] { full.send(7); }) + " "; };
                    std::vector<Pending<void>> sending;
                    for (int i = 0; i < 2; ++i) sending.push_back(ctx.spawn(send));
                    ctx.sleep(1s);
                    empty.close();
                    full.close();
                    ctx.all(sending);
                    return seen + text_of(receiving.get()) + " " + text_of(full.receive().get());
                  }),
              capacity == 0 ? "RP3010 RP3010 closed closed" : "no error RP3010 closed 7");
  }
}

TEST(Channel, RefusesToSendWhenItIsClosed) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    Channel<int> channel(ctx, 1);
    channel.close();
    channel.send(1);
    return "sent";
  });
  try {
    env.start(main_workflow()).result();
    FAIL();
  } catch (const ParkedError& error) {
    EXPECT_NE(std::string(error.what()).find("the channel is closed"), std::string::npos);
  }
}

TEST(Channel, SendsNothingWhenTheWaitIsCancelled) {
  for (const std::size_t capacity : {0, 1}) {
    Env env;
    EXPECT_EQ(run(env,
                  [capacity](Context& ctx) {
                    Channel<int> channel(ctx, capacity);
                    if (capacity > 0) channel.send(0);
                    std::string seen;
                    CancelScope* scope = nullptr;
                    auto sending = ctx.spawn([&] {
                      CancelScope own(ctx);
                      scope = &own;
                      try {
                        channel.send(1);
                      } catch (const CancelledFailure&) {
                        seen += "cancelled ";
                      }
                    });
                    auto next = ctx.spawn([&] { channel.send(2); });
                    ctx.sleep(1s);
                    scope->cancel();
                    ctx.sleep(1s);
                    if (capacity > 0) seen += text_of(channel.receive().get()) + " ";
                    return seen + text_of(channel.receive().get());
                  }),
              capacity == 0 ? "cancelled 2" : "cancelled 0 2");
  }
}

TEST(Channel, CancelsAReceive) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Channel<int> channel(ctx, 2);
                  {
                    CancelScope scope(ctx);
                    auto receiving = channel.receive();
                    ctx.spawn([] {}).get();
                    scope.cancel();
                    EXPECT_THROW(receiving.get(), CancelledFailure);
                  }
                  channel.send(3);
                  return text_of(channel.receive().get());
                }),
            "3");
}

// A deadline passes, and before anybody sees it, the values arrive.
TEST(Channel, TakesBackWhatWasReceivedAndNotRead) {
  for (const std::size_t capacity : {0, 2}) {
    Env env;
    EXPECT_EQ(run(env,
                  [capacity](Context& ctx) {
                    Channel<int> channel(ctx, capacity);
                    std::string seen;
                    auto sending = ctx.spawn([&] {
                      ctx.sleep(1s);
                      channel.send(1);
                      channel.send(2);
                    });
                    {
                      auto first = channel.receive();
                      auto second = channel.receive();
                      ctx.sleep(2s);
                      seen += first.ready() && second.ready() ? "both arrived: " : "";
                    }
                    for (int i = 0; i < 2; ++i) seen += text_of(channel.receive().get());
                    return seen;
                  }),
              "both arrived: 12")
        << capacity;
  }
}

TEST(Channel, HasADeadline) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Channel<int> channel(ctx);
                  std::string seen;
                  auto sending = ctx.spawn([&] {
                    for (int i = 0; i < 3; ++i) ctx.sleep(90s), channel.send(i);
                    channel.close();
                  });
                  while (true) {
                    auto value = channel.receive();
                    auto deadline = ctx.timer(1min);
                    if (ctx.race(value, deadline) == 1) {
                      seen += "late ";
                      continue;
                    }
                    const auto got = value.get();
                    seen += text_of(got) + " ";
                    if (!got) return seen;
                  }
                }),
            "late 0 late 1 late 2 closed ");
}

TEST(Channel, IsForWorkflowCodeOnly) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  Channel<int> channel(ctx, 1);
                  return ctx.step("elsewhere", [&] {
                    return code_of([&] { channel.send(1); }) + " " +
                           code_of([&] { (void)channel.receive(); }) + " " +
                           code_of([&] { channel.close(); });
                  });
                }),
            "RP2004 RP2004 RP2004");
}

}  // namespace
}  // namespace reprise::channel_test
