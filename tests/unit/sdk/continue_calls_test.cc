// Continuing as a new run: code that catches its exception, and where and with what it may be
// called.
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sdk/chains.h"

namespace reprise::continue_calls_test {
namespace {

using namespace std::chrono_literals;
using namespace chains;
using testing::Env;
using ::testing::HasSubstr;

constexpr Query<std::string()> asked{"asked"};

// ---- code that catches it ---------------------------------------------------------------------

TEST(ContinueCalls, CodeThatCatchesItContinuesNevertheless) {
  for (const int how : {0, 1, 2, 3}) {
    Env env;
    env.implement(countdown, [how](Context& ctx, int n) {
      if (n == 0) return 42;
      try {
        ctx.continue_as_new(countdown(n - 1));
      } catch (...) {
        if (how == 1) throw ApplicationFailure("Other", "made of it");
        if (how == 2) ctx.continue_as_new(countdown(n - 1));  // throws again
        if (how == 3) ctx.sleep(1h);                          // likewise
      }
      return 1;
    });
    EXPECT_EQ(env.start(countdown(2)).result(), 42) << how;
  }
}

TEST(ContinueCalls, CodeThatCatchesItForEverIsParked) {
  Env env;
  env.implement(countdown, [](Context& ctx, int n) {
    while (true) {
      try {
        ctx.continue_as_new(countdown(n - 1));
      } catch (...) {
      }
    }
    return 0;
  });
  try {
    (void)env.start(countdown(1), {.id = "x"}).result();
    FAIL() << "it ended";
  } catch (const ParkedError& error) {
    EXPECT_THAT(error.what(), HasSubstr("continue_as_new()"));
    EXPECT_EQ(error.code(), "RP2011");
  }
  env.implement(countdown, [](Context&, int) { return 7; });
  EXPECT_EQ(env.client().attach(countdown, "x").result(), 7);
}

TEST(ContinueCalls, AnotherExceptionThatReplacesItIsABug) {
  Env env;
  env.implement(countdown, [](Context& ctx, int n) {
    try {
      ctx.continue_as_new(countdown(n - 1));
    } catch (...) {
      throw std::logic_error("a bug");
    }
    return 0;
  });
  EXPECT_THROW((void)env.start(countdown(1)).result(), ParkedError);
}
// ---- where and with what it may be called -----------------------------------------------------

std::string code_of(Context& ctx, const std::function<void()>& call) {
  (void)ctx;
  try {
    call();
    return "none";
  } catch (const Error& error) {
    return std::string(error.code());
  }
}

TEST(ContinueCalls, IsRefusedOffTheWorkflowsOwnStrand) {
  Env env;
  env.implement(link, [](Context& ctx, const std::string& past) -> std::string {
    const auto continuing = [&] { ctx.continue_as_new(link("x")); };
    std::string codes;
    const auto registration = ctx.accept(doubled, [&](int n) {
      codes += code_of(ctx, continuing) + " ";
      return n;
    });
    ctx.spawn([&] { codes += code_of(ctx, continuing) + " "; }).get();
    ctx.inbox(go).next().get();
    codes += code_of(ctx,
                     [&] {
                       (void)ctx.side_effect([&] {
                         continuing();
                         return 1;
                       });
                     }) +
             " ";
    codes += code_of(ctx, [&] {
      ctx.wait_until([&] {
        continuing();
        return true;
      });
    });
    return past + codes;
  });
  const auto run = env.start(link(""));
  EXPECT_EQ(run.update(doubled(1)), 1);
  run.signal(go());
  EXPECT_EQ(run.result(), "RP3010 RP3010 RP2004 RP2004");
}

TEST(ContinueCalls, InAQueryHandlerIsRefused) {
  Env env;
  env.implement(link, [](Context& ctx, const std::string&) -> std::string {
    const auto answering =
        ctx.answer(asked, [&] { return code_of(ctx, [&] { ctx.continue_as_new(link("x")); }); });
    ctx.inbox(go).next().get();
    return "done";
  });
  const auto run = env.start(link(""));
  EXPECT_EQ(run.query(asked()), "RP2004");
}

TEST(ContinueCalls, OptionsAndNamesAreChecked) {
  const std::vector<std::pair<ContinueOptions, std::string>> wrong = {
      {{.task_queue = std::string_view("\xff", 1)}, "RP3003"},
      {{.task_queue = std::string_view("a\0b", 3)}, "none"},
      {{.run_timeout = -1ms}, "RP3010"},
  };
  const std::string too_long(kMaxIdBytes + 1, 'x');
  Env env;
  env.implement(countdown, [&](Context& ctx, int n) -> int {
    EXPECT_EQ(code_of(ctx, [&] { ctx.continue_as_new(countdown(1), wrong[0].first); }), "RP3003");
    EXPECT_EQ(code_of(ctx, [&] { ctx.continue_as_new(countdown(1), wrong[2].first); }), "RP3010");
    EXPECT_EQ(code_of(ctx, [&] { ctx.continue_as_new(countdown(1), {.task_queue = too_long}); }),
              "RP3003");
    for (const std::string& name : {std::string(), too_long, std::string("\xff\xfe")}) {
      EXPECT_EQ(code_of(ctx, [&] { ctx.continue_as_new(Workflow<int(int)>(name)(1)); }), "RP3003");
    }
    EXPECT_EQ(code_of(ctx, [&] { ctx.continue_as_new(link(std::string(3 << 20, 'x'))); }),
              "RP3002");
    EXPECT_EQ(ctx.history_events(), 1U) << "nothing of that is recorded";
    if (n == 0) return 7;
    ctx.continue_as_new(countdown(n - 1),
                        {.task_queue = wrong[1].first.task_queue, .run_timeout = Duration::max()});
  });
  EXPECT_EQ(env.start(countdown(1)).result(), 7);
}

TEST(ContinueCalls, NamesOfAllBytesAreKept) {
  std::string name;
  for (int byte = 1; byte < 0x80; ++byte) name += static_cast<char>(byte);
  name += std::string("\0\xc3\xa4", 3);
  Env env;
  env.implement(countdown, [&](Context& ctx, int n) -> int {
    ctx.continue_as_new(Workflow<int(int)>(name)(n + 1));
  });
  env.implement(Workflow<int(int)>(name), [](Context&, int n) { return n; });
  EXPECT_EQ(env.start(countdown(7), {.id = "x"}).result(), 8);
  EXPECT_EQ(env.client().describe("x").workflow, name);
}
}  // namespace
}  // namespace reprise::continue_calls_test
