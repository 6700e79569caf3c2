// Durable calls where replay does not repeat the code, and clients' calls where they would block
// the thread that has to answer them.
#include <atomic>
#include <functional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise::refused_calls {
namespace {

using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<std::string()> refusing{"refusing"};
constexpr Workflow<std::string()> bystander{"bystander"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Signal<int> go_on{"go_on"};
constexpr Query<std::string()> tell{"tell"};
constexpr Update<int()> change{"change"};

std::string code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const UsageError& error) {
    return std::string(error.code());
  }
  return "accepted";
}

using Call = std::pair<const char*, std::function<void(Context&, Pending<void>&)>>;

const std::vector<Call>& durable_calls() {
  static const std::vector<Call> calls = {
      {"random", [](Context& ctx, auto&) { (void)ctx.random(); }},
      {"uuid", [](Context& ctx, auto&) { (void)ctx.uuid(); }},
      {"call", [](Context& ctx, auto&) { (void)ctx.call(twice(1)); }},
      {"start", [](Context& ctx, auto&) { (void)ctx.start(twice(1)); }},
      {"step", [](Context& ctx, auto&) { (void)ctx.step("s", [] { return 1; }); }},
      {"side_effect", [](Context& ctx, auto&) { (void)ctx.side_effect([] { return 1; }); }},
      {"sleep", [](Context& ctx, auto&) { ctx.sleep(1s); }},
      {"timer", [](Context& ctx, auto&) { (void)ctx.timer(1s); }},
      {"wait_until", [](Context& ctx, auto&) { ctx.wait_until([] { return true; }); }},
      {"for a while", [](Context& ctx, auto&) { (void)ctx.wait_until([] { return true; }, 1s); }},
      {"first_of", [](Context& ctx, auto& timer) { (void)ctx.first_of(timer); }},
      {"get", [](Context&, auto& timer) { timer.get(); }},
      {"cancel", [](Context&, auto& timer) { timer.cancel(); }},
      {"spawn", [](Context& ctx, auto&) { (void)ctx.spawn([] {}); }},
      {"next", [](Context& ctx, auto&) { (void)ctx.inbox(go_on).next(); }},
      {"answer", [](Context& ctx, auto&) { (void)ctx.answer(tell, [] { return ""; }); }},
      {"accept", [](Context& ctx, auto&) { (void)ctx.accept(change, [] { return 1; }); }},
      {"patched", [](Context& ctx, auto&) { (void)ctx.patched("p"); }},
      {"deprecate", [](Context& ctx, auto&) { ctx.deprecate_patch("p"); }},
      {"external", [](Context& ctx, auto&) { (void)ctx.external("r"); }},
      {"transaction", [](Context& ctx, auto&) { ctx.transaction("t", [](Transaction&) {}); }},
      {"decide", [](Context& ctx, auto&) { (void)ctx.decide("d", true); }},
      {"set", [](Context& ctx, auto&) { ctx.set(Value<int>("v")(1)); }},
      {"unset", [](Context& ctx, auto&) { ctx.unset(Value<int>("v")); }},
      {"checkpoint", [](Context& ctx, auto&) { ctx.checkpoint(refusing()); }},
      {"Shield", [](Context& ctx, auto&) { const Shield shield(ctx); }},
      {"CancelScope", [](Context& ctx, auto&) { const CancelScope scope(ctx); }},
  };
  return calls;
}

std::string refusals(Context& ctx, Pending<void>& timer) {
  std::string accepted;
  for (const auto& [name, call] : durable_calls()) {
    const std::string code = code_of([&] { call(ctx, timer); });
    if (code != "RP2004") accepted += std::string(name) + " " + code + " ";
  }
  return accepted;
}

TEST(DurableCalls, InASideEffectAreRefused) {
  Env env;
  env.implement(refusing, [](Context& ctx) {
    auto timer = ctx.timer(1h);
    const std::uint64_t before = ctx.random();
    const auto accepted = ctx.side_effect([&] { return refusals(ctx, timer); });
    ctx.sleep(1s);
    return ctx.random() == before ? "the same again" : accepted;
  });
  EXPECT_EQ(env.start(refusing()).result(), "");
}

TEST(DurableCalls, InAConditionAreRefused) {
  for (const bool limited : {false, true}) {
    Env env;
    env.implement(refusing, [limited](Context& ctx) {
      auto timer = ctx.timer(1h);
      bool arrived = false;
      const auto other = ctx.spawn([&] {
        ctx.inbox(go_on).next().get();
        arrived = true;
      });
      std::string accepted;
      const auto holds = [&] {
        accepted += refusals(ctx, timer);
        // Questions are none.
        (void)ctx.now();
        return arrived && !ctx.cancelled() && ctx.inbox(go_on).empty() && !timer.ready();
      };
      if (limited) {
        EXPECT_TRUE(ctx.wait_until(holds, 1min));
      } else {
        ctx.wait_until(holds);
      }
      return accepted;
    });
    const auto run = env.start(refusing());
    run.signal(go_on(1));
    EXPECT_EQ(run.result(), "");
  }
}

TEST(DurableCalls, InAQueryAreRefused) {
  Env env;
  env.implement(refusing, [](Context& ctx) {
    auto timer = ctx.timer(1h);
    auto answering = ctx.answer(tell, [&] { return refusals(ctx, timer); });
    timer.get();
    return std::string();
  });
  EXPECT_EQ(env.start(refusing()).query(tell()), "");
}

TEST(DurableCalls, ThatAreRefusedParkTheRun) {
  Env env;
  env.implement(refusing, [](Context& ctx) { return ctx.side_effect([&] { return ctx.uuid(); }); });
  try {
    env.start(refusing()).result();
    FAIL();
  } catch (const ParkedError& error) {
    EXPECT_NE(std::string(error.what()).find("RP2004"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("side_effect"), std::string::npos) << error.what();
  }
}

// ---- clients ----------------------------------------------------------------------------------

// Every client call that waits, or submits something that others wait for.
std::string client_refusals(Client& client) {
  const auto run = client.attach(bystander, "other");
  const std::vector<std::pair<const char*, std::function<void()>>> calls = {
      {"start", [&] { (void)client.start(bystander()); }},
      {"submit", [&] { (void)client.submit(bystander()); }},
      {"try_start", [&] { (void)client.try_start(bystander()); }},
      {"find", [&] { (void)client.find(bystander, "other"); }},
      {"describe", [&] { (void)client.describe("other"); }},
      {"list", [&] { (void)client.list(); }},
      {"signal", [&] { run.signal(go_on(1)); }},
      {"query", [&] { (void)run.query(tell()); }},
      {"update", [&] { (void)run.update(change()); }},
      {"result", [&] { (void)run.result(); }},
      {"result_for", [&] { (void)run.result_for(1s); }},
      {"history", [&] { (void)run.history(); }},
      {"cancel", [&] { run.cancel(); }},
      {"terminate", [&] { run.terminate("enough"); }},
  };
  std::string accepted;
  for (const auto& [name, call] : calls) {
    const std::string code = code_of(call);
    if (code != "RP2004") accepted += std::string(name) + " " + code + " ";
  }
  return accepted;
}

// Places where the shard's thread runs user code.
template <class Registry>
void implement_everywhere(Registry& to, std::function<Client&()> client) {
  to.implement(bystander, [](Context& ctx) {
    ctx.inbox(go_on).next().get();
    return std::string("went on");
  });
  to.implement(refusing, [client](Context& ctx) {
    auto answering = ctx.answer(tell, [client] { return client_refusals(client()); });
    std::string accepted = client_refusals(client());
    const auto ask = [client] { return client_refusals(client()); };
    accepted += ctx.step("s", ask, {.on = StepOn::kShard});
    accepted += ctx.side_effect(ask);
    ctx.wait_until([&] {
      accepted += ask();
      return true;
    });
    ctx.inbox(go_on).next().get();
    return accepted;
  });
}

TEST(ClientCalls, AreRefusedWhereverAShardRunsCode) {
  const testing::TemporaryDirectory directory;
  const auto engine = Engine::open(
      directory / "store", {.shards = 1, .guard = Guard::kOff, .logger = [](auto, auto) {}});
  Client client(*engine);
  Worker worker(*engine);
  implement_everywhere(worker, [&]() -> Client& { return client; });
  worker.start();
  const auto other = client.start(bystander(), {.id = "other"});
  const auto run = client.start(refusing());
  EXPECT_EQ(run.query(tell()), "");
  run.signal(go_on(1));
  EXPECT_EQ(run.result(), "");
  other.signal(go_on(1));
  EXPECT_EQ(other.result(), "went on");
}

TEST(ClientCalls, AreRefusedInTestsAsWell) {
  Env env;
  implement_everywhere(env, [&]() -> Client& { return env.client(); });
  const auto other = env.start(bystander(), {.id = "other"});
  const auto run = env.start(refusing());
  EXPECT_EQ(run.query(tell()), "");
  run.signal(go_on(1));
  EXPECT_EQ(run.result(), "");
}

// The sink of the engine's own lines is called there too.
TEST(ClientCalls, AreRefusedInTheSinkOfLogLines) {
  const testing::TemporaryDirectory directory;
  Client* client = nullptr;
  std::atomic<bool> was_logged = false;
  std::string accepted;
  const auto engine =
      Engine::open(directory / "store", {.shards = 1, .logger = [&](auto, auto line) {
                                           if (line.find("is parked") == line.npos) return;
                                           accepted = client_refusals(*client);
                                           was_logged = true;
                                         }});
  Client made(*engine);
  client = &made;
  Worker worker(*engine);
  worker.implement(refusing, [](Context&) -> std::string { throw std::logic_error("a bug"); });
  worker.start();
  const auto run = made.start(refusing());
  while (!was_logged) std::this_thread::yield();
  EXPECT_EQ(accepted, "");
}

TEST(ClientCalls, AreMadeByStepsOnActivityThreads) {
  Env env;
  env.implement(bystander, [](Context&) { return std::string("it"); });
  env.implement(refusing, [&](Context& ctx) {
    return ctx.step("ask", [&] { return env.start(bystander()).result(); });
  });
  EXPECT_EQ(env.start(refusing()).result(), "it");
}

}  // namespace
}  // namespace reprise::refused_calls
