// Text that is not UTF-8: refused in ids and names, made UTF-8 elsewhere, and everything
// acknowledged can be read back.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise::text_test {
namespace {

using testing::Crash;
using testing::Env;

constexpr const char* kBad = "caf\xe9";
const std::string kShown = "caf\xef\xbf\xbd";

constexpr Workflow<std::string(std::string)> order{"order"};
constexpr Workflow<std::string(std::string)> bad_workflow{kBad};
constexpr Activity<int(int)> charge{"charge"};
constexpr Activity<int(int)> bad_activity{kBad};
constexpr Signal<int> go{"go"};
constexpr Signal<int> bad_signal{kBad};
constexpr Query<int()> bad_query{kBad};
constexpr Update<int(int)> add{"add"};
constexpr Update<int(int)> bad_update{kBad};

std::string code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return std::string(error.code());
  }
  return "accepted";
}

std::string wait_for_go(Context& ctx, const std::string&) {
  return std::to_string(ctx.inbox(go).next().get());
}

TEST(Names, ThatAreNoUtf8AreRefusedAtTheCall) {
  Env env;
  env.implement(order, wait_for_go);
  auto& client = env.client();
  for (const char* bad : {"caf\xe9", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_EQ(code_of([&] { (void)client.start(order("x"), {.id = bad}); }), "RP3003");
    EXPECT_EQ(code_of([&] { (void)client.start(order("x"), {.task_queue = bad}); }), "RP3003");
    EXPECT_EQ(code_of([&] { (void)client.submit(order("x"), {.id = bad}); }), "RP3003");
  }
  EXPECT_EQ(code_of([&] { (void)client.start(bad_workflow("x")); }), "RP3003");
  auto run = client.start(order("x"), {.id = "o1"});
  EXPECT_EQ(code_of([&] { run.signal(bad_signal(1)); }), "RP3003");
  EXPECT_EQ(code_of([&] { (void)run.try_signal(bad_signal(1)); }), "RP3003");
  EXPECT_EQ(code_of([&] { (void)run.query(bad_query()); }), "RP3003");
  EXPECT_EQ(code_of([&] { (void)run.update(bad_update(1)); }), "RP3003");
  EXPECT_EQ(code_of([&] { env.implement(bad_workflow, wait_for_go); }), "RP3003");
  EXPECT_EQ(code_of([&] { env.stub(bad_activity, [](int i) { return i; }); }), "RP3003");
  EXPECT_EQ(code_of([&] { const Worker worker({.task_queue = kBad}); }), "RP3003");
  run.signal(go(7));
  EXPECT_EQ(run.result(), "7");
}

// Runs of version 0.1 may have such ids: they can be looked for.
TEST(Names, OfRunsThatAreLookedForMayBeAnything) {
  Env env;
  EXPECT_EQ(code_of([&] { (void)env.client().describe(kBad); }), "RP3005");
  EXPECT_EQ(code_of([&] { env.client().attach(order, kBad).terminate("x"); }), "RP3005");
}

TEST(Names, ThatAreNoUtf8ParkTheRunThatUsesThem) {
  const std::map<std::string, std::function<void(Context&)>> uses = {
      {"activity", [](Context& ctx) { (void)ctx.call(bad_activity(1)); }},
      {"queue", [](Context& ctx) { (void)ctx.call(charge(1), {.task_queue = kBad}); }},
      {"step", [](Context& ctx) { (void)ctx.step(kBad, [] { return 1; }); }},
      {"transaction", [](Context& ctx) { ctx.transaction(kBad, [](Transaction&) {}); }},
      {"nameless transaction", [](Context& ctx) { ctx.transaction("", [](Transaction&) {}); }},
      {"long transaction",
       [](Context& ctx) {
         ctx.transaction(std::string(kMaxIdBytes + 1, 'x'), [](Transaction&) {});
       }},
      {"decision", [](Context& ctx) { (void)ctx.decide(kBad, true); }},
      {"receiver", [](Context& ctx) { ctx.external(kBad).signal(go(1)); }},
      {"child", [](Context& ctx) { (void)ctx.call(bad_workflow("x")); }},
      {"child's id", [](Context& ctx) { (void)ctx.call(order("x"), {.id = kBad}); }},
      {"child's queue", [](Context& ctx) { (void)ctx.call(order("x"), {.task_queue = kBad}); }},
      {"next run", [](Context& ctx) { ctx.continue_as_new(bad_workflow("x")); }},
      {"patch", [](Context& ctx) { (void)ctx.patched(kBad); }},
      {"deprecated patch", [](Context& ctx) { ctx.deprecate_patch(kBad); }},
      {"inbox", [](Context& ctx) { (void)ctx.inbox(bad_signal).next().get(); }},
      {"query", [](Context& ctx) { const auto q = ctx.answer(bad_query, [] { return 1; }); }},
      {"update",
       [](Context& ctx) { const auto u = ctx.accept(bad_update, [](int i) { return i; }); }},
  };
  for (const auto& [what, use] : uses) {
    Env env;
    env.stub(charge, [](int i) { return i; });
    env.implement(order, [&use = use](Context& ctx, const std::string&) {
      use(ctx);
      return std::string("done");
    });
    const auto run = env.start(order("x"));
    const auto parked = run.describe().parked;
    ASSERT_TRUE(parked) << what;
    EXPECT_NE(parked->report.find("RP3003"), std::string::npos) << what << ": " << parked->report;
  }
}

TEST(Names, MayHaveNulAndControlCharacters) {
  const std::string id("a\0b\n\x1b[31m\x7f\xe2\x80\xae", 13);
  Env env({.crash = Crash::kEveryCommit});
  env.implement(order, wait_for_go);
  auto run = env.start(order("x"), {.id = id});
  EXPECT_EQ(run.id(), id);
  EXPECT_EQ(env.client().describe(id).workflow_id, id);
  env.client().attach(order, id).signal(go(3));
  EXPECT_EQ(run.result(), "3");
  EXPECT_EQ(History::parse(run.history().to_json()).to_bytes(), run.history().to_bytes());
}

// ---- free text --------------------------------------------------------------------------------

// The outcome of a run with bad bytes in every free text; the log is read again after every commit.
TEST(Text, ThatIsNoUtf8IsKeptReadable) {
  Env env({.crash = Crash::kEveryCommit});
  int attempts = 0;
  env.implement(charge, [&](ActivityContext&, int) -> int {
    ++attempts;
    throw ApplicationFailure(kBad, kBad);
  });
  env.implement(order, [](Context& ctx, const std::string&) -> std::string {
    const auto u = ctx.accept(add, [](int) -> int { throw ApplicationFailure("T", kBad); });
    try {
      ctx.step("s", []() -> int { throw ApplicationFailure(kBad, kBad, false); });
    } catch (const ApplicationFailure& failure) {
      EXPECT_EQ(failure.type(), kShown);
      EXPECT_EQ(failure.what(), kShown);
    }
    try {
      (void)ctx.call(charge(1), {.retry = {.non_retryable = {kBad}}});
    } catch (const ActivityFailure& failure) {
      EXPECT_EQ(failure.cause_as<ApplicationFailure>()->type(), kShown);
    }
    ctx.inbox(go).next().get();
    throw ApplicationFailure(kBad, kBad);
  });
  auto run = env.start(order("x"));
  try {
    (void)run.update(add(1));
    ADD_FAILURE();
  } catch (const ApplicationFailure& failure) {
    EXPECT_EQ(failure.what(), kShown);
  }
  run.signal(go(1));
  try {
    (void)run.result();
    ADD_FAILURE();
  } catch (const ApplicationFailure& failure) {
    EXPECT_EQ(failure.type(), kShown);
    EXPECT_EQ(failure.what(), kShown);
  }
  EXPECT_EQ(History::parse(run.history().to_json()).to_bytes(), run.history().to_bytes());
  EXPECT_EQ(run.history().to_json().find("$bytes"), std::string::npos);
}

TEST(Text, OfReasonsIsKeptReadable) {
  Env env({.crash = Crash::kEveryCommit});
  env.implement(order, wait_for_go);
  auto cancelled = env.start(order("x"));
  cancelled.cancel(kBad);
  EXPECT_THROW((void)cancelled.result(), CancelledFailure);
  auto terminated = env.start(order("x"));
  terminated.terminate(kBad);
  try {
    (void)terminated.result();
    ADD_FAILURE();
  } catch (const TerminatedFailure& failure) {
    EXPECT_NE(std::string(failure.what()).find(kShown), std::string::npos);
  }
}

TEST(Text, OfAnyLengthIsRecorded) {
  Env env({.crash = Crash::kEveryCommit});
  env.implement(order, [](Context&, const std::string&) -> std::string {
    throw ApplicationFailure("T", std::string(3'000'000, 'x'));
  });
  try {
    (void)env.start(order("x")).result();
    ADD_FAILURE();
  } catch (const ApplicationFailure& failure) {
    EXPECT_TRUE(std::string(failure.what()).ends_with("... [cut: 3000000 bytes]"));
  }
}

std::shared_ptr<const Failure> chain(int causes) {
  std::shared_ptr<const Failure> failure =
      std::make_shared<ApplicationFailure>("T", "the root", false);
  for (int i = 1; i < causes; ++i) {
    failure = std::make_shared<ActivityFailure>("a" + std::to_string(i), 1, failure);
  }
  return failure;
}

int causes_of(const ActivityFailure& failure) {
  int causes = 0;
  for (const Failure* at = failure.cause(); at != nullptr; ++causes) {
    const auto* below = dynamic_cast<const ActivityFailure*>(at);
    at = below == nullptr ? nullptr : below->cause();
  }
  return causes;
}

TEST(Text, OfCausesIsBoundedInDepth) {
  EXPECT_EQ(causes_of(ActivityFailure("top", 1, chain(kMaxCauses))), kMaxCauses);
  for (const int causes : {1, 31, 32, 33, 98, 400, 5'000}) {
    Env env({.crash = Crash::kEveryCommit});
    env.implement(order, [causes](Context&, const std::string&) -> std::string {
      throw ActivityFailure("top", 1, chain(causes));
    });
    auto run = env.start(order("x"));
    try {
      (void)run.result();
      ADD_FAILURE();
    } catch (const ActivityFailure& failure) {
      const std::string text = failure.what();
      EXPECT_TRUE(text.starts_with("'top' failed after 1 attempt")) << causes;
      EXPECT_TRUE(text.ends_with(": the root")) << causes;
      EXPECT_EQ(causes_of(failure), std::min(causes, kMaxCauses));
      EXPECT_EQ(text.find("some are left out") != std::string::npos, causes > kMaxCauses) << text;
    }
  }
}

// ---- the store --------------------------------------------------------------------------------

TEST(Text, OutlivesTheProcess) {
  const testing::TemporaryDirectory directory;
  const auto implement = [](Worker& worker) {
    worker.implement(order, [](Context& ctx, const std::string&) -> std::string {
      try {
        (void)ctx.call(charge(1), {.retry = {.maximum_attempts = 1}});
      } catch (const ActivityFailure& failure) {
        return failure.what() + std::to_string(ctx.inbox(go).next().get());
      }
      return "?";
    });
    worker.implement(charge, [](ActivityContext&, int) -> int {
      throw std::runtime_error("M\xfcller: no such file");
    });
    worker.start();
  };
  const EngineOptions options{.logger = [](LogLevel, std::string_view) {}};
  {
    const auto engine = Engine::open(directory / "store", options);
    Worker worker(*engine);
    implement(worker);
    auto run = Client(*engine).start(order("x"), {.id = "o1"});
    while (run.describe().history_events < 3) {
    }
  }
  const auto engine = Engine::open(directory / "store", options);
  Worker worker(*engine);
  implement(worker);
  EXPECT_EQ(code_of([&] {
              (void)Client(*engine).start(order("x"), {.id = "o1", .id_reuse = IdReuse::kReject});
            }),
            "RP3004");
  auto run = Client(*engine).attach(order, "o1");
  run.signal(go(5));
  EXPECT_EQ(run.result(), "'charge' failed after 1 attempt: M\xef\xbf\xbdller: no such file5");
}

}  // namespace
}  // namespace reprise::text_test
