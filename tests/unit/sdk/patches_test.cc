// The stages of a change through the public interface: every stage continues the runs of another
// one, or is refused. testing::Env replays each run after each turn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"

namespace reprise::patches_test {
namespace {

using testing::Env;
using ::testing::HasSubstr;

constexpr Workflow<std::string()> order{"order"};
constexpr Activity<std::string()> check{"check"};
constexpr Activity<std::string()> pick{"pick"};
constexpr Signal<int> go{"go"};

using Code = std::string (*)(Context&);

std::string old_code(Context& ctx) {
  const std::string done = ctx.call(pick());
  ctx.inbox(go).next().get();
  return done;
}
std::string patched_code(Context& ctx) {
  const std::string done = ctx.patched("fraud") ? ctx.call(check()) : std::string();
  return done + old_code(ctx);
}
std::string deprecated_code(Context& ctx) {
  ctx.deprecate_patch("fraud");
  const std::string done = ctx.call(check());
  return done + old_code(ctx);
}
std::string removed_code(Context& ctx) {
  const std::string done = ctx.call(check());
  return done + old_code(ctx);
}

struct Row {
  const char* name;
  Code begun_by;
  Code gone_on_by;
  std::string result;  // empty: RP2001
};

class Stages : public ::testing::TestWithParam<Row> {};

TEST_P(Stages, GoOnWithEachOthersRuns) {
  const Row& row = GetParam();
  Env env;
  env.stub(check, [] { return std::string("check "); });
  env.stub(pick, [] { return std::string("pick"); });
  env.implement(order, row.begun_by);
  const auto run = env.start(order());
  env.implement(order, row.gone_on_by);
  if (row.result.empty()) {
    EXPECT_THROW(run.signal(go(1)), NondeterminismError);
  } else {
    run.signal(go(1));
    EXPECT_EQ(run.result(), row.result);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All,
    Stages,
    ::testing::Values(Row{"OldByOld", old_code, old_code, "pick"},
                      Row{"OldByPatched", old_code, patched_code, "pick"},
                      Row{"OldByDeprecated", old_code, deprecated_code, ""},
                      Row{"OldByRemoved", old_code, removed_code, ""},
                      Row{"PatchedByOld", patched_code, old_code, ""},
                      Row{"PatchedByPatched", patched_code, patched_code, "check pick"},
                      Row{"PatchedByDeprecated", patched_code, deprecated_code, "check pick"},
                      Row{"PatchedByRemoved", patched_code, removed_code, ""},
                      Row{"DeprecatedByOld", deprecated_code, old_code, ""},
                      Row{"DeprecatedByPatched", deprecated_code, patched_code, "check pick"},
                      Row{"DeprecatedByDeprecated", deprecated_code, deprecated_code, "check pick"},
                      Row{"DeprecatedByRemoved", deprecated_code, removed_code, "check pick"},
                      Row{"RemovedByOld", removed_code, old_code, ""},
                      Row{"RemovedByPatched", removed_code, patched_code, ""},
                      Row{"RemovedByDeprecated", removed_code, deprecated_code, "check pick"},
                      Row{"RemovedByRemoved", removed_code, removed_code, "check pick"}),
    [](const auto& row) { return std::string(row.param.name); });

// A run that has not come to the place yet takes the new branch, whoever began it.
TEST(Patches, ARunThatIsNotThereYetTakesTheNewBranch) {
  const auto late = [](bool deprecated) {
    return [deprecated](Context& ctx) {
      ctx.inbox(go).next().get();
      if (!deprecated) return ctx.patched("fraud") ? ctx.call(check()) : ctx.call(pick());
      ctx.deprecate_patch("fraud");
      return ctx.call(check());
    };
  };
  for (const bool deprecated : {false, true}) {
    Env env;
    env.stub(check, [] { return std::string("check"); });
    env.implement(order, [](Context& ctx) {
      ctx.inbox(go).next().get();
      return ctx.call(pick());
    });
    const auto run = env.start(order());
    env.implement(order, late(deprecated));
    run.signal(go(1));
    EXPECT_EQ(run.result(), "check");
  }
}

TEST(Patches, AreAskedOnStrandsOfTheRunOnly) {
  Env env;
  env.implement(order, [](Context& ctx) {
    return ctx.step("s", [&] {
      ctx.deprecate_patch("fraud");
      return std::string();
    });
  });
  try {
    env.start(order()).result();
    FAIL() << "a step is no place for a durable call";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("RP2004"));
  }
}

TEST(Patches, HaveAnId) {
  Env env;
  env.implement(order, [](Context& ctx) {
    EXPECT_THROW(ctx.deprecate_patch(""), InvalidOption);
    EXPECT_THROW(ctx.deprecate_patch(std::string(10'000, 'x')), InvalidOption);
    return std::string("done");
  });
  EXPECT_EQ(env.start(order()).result(), "done");
}

}  // namespace
}  // namespace reprise::patches_test
