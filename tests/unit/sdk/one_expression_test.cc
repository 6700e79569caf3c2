// Two durable calls in one expression are noticed in Debug builds of the workflow's code, whatever
// the library is built as.
#undef NDEBUG
#include <memory>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::one_expression_test {
namespace {

using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<int()> sums{"sums"};
constexpr Activity<int(int)> twice{"twice"};

int add(int one, int other) {
  return one + other;
}

// A helper that makes durable calls of its own.
int doubled_twice(Context& ctx, int value) {
  const int once = ctx.call(twice(value));
  return ctx.call(twice(once));
}

// How many warnings a run of that code gives.
template <class Fn>
std::size_t warnings(Fn fn) {
  std::size_t count = 0;
  Env env({.logger = [&](LogLevel, std::string_view line) {
    if (line.find("durable calls in one expression at") == line.npos) return;
    EXPECT_NE(line.find("one_expression_test.cc:"), line.npos) << line;
    ++count;
  }});
  env.implement(sums, fn).stub(twice, [](int value) { return 2 * value; });
  env.start(sums()).result();
  return count;
}

TEST(OneExpression, ArgumentsOfOneCallAreNoticed) {
  EXPECT_EQ(warnings([](Context& ctx) { return add(ctx.call(twice(1)), ctx.call(twice(2))); }), 1u);
  EXPECT_EQ(warnings([](Context& ctx) {
              return add(ctx.call(twice(1)), add(ctx.call(twice(2)), ctx.call(twice(3))));
            }),
            1u)
      << "once for each line";
}

TEST(OneExpression, ATestThatDropsItsLogIsToldAllTheSame) {
  ::testing::internal::CaptureStdout();
  {
    Env env;
    env.implement(sums, [](Context& ctx) {
      return add(ctx.side_effect([] { return 1; }), ctx.side_effect([] { return 2; }));
    });
    env.start(sums()).result();
  }
  EXPECT_NE(::testing::internal::GetCapturedStdout().find("durable calls in one expression at"),
            std::string::npos);
}

TEST(OneExpression, OperandsAreNoticed) {
  EXPECT_EQ(warnings([](Context& ctx) { return ctx.call(twice(1)) + ctx.call(twice(2)); }), 1u);
  EXPECT_EQ(warnings([](Context& ctx) { return ctx.call(twice(1)) < ctx.call(twice(2)) ? 1 : 0; }),
            1u);
}

TEST(OneExpression, StepsTimersAndPatchesAreDurableCallsToo) {
  EXPECT_EQ(warnings([](Context& ctx) {
              return add(ctx.step("step", [] { return 1; }), ctx.patched("change") ? 1 : 0);
            }),
            1u);
  EXPECT_EQ(warnings([](Context& ctx) {
              return add(ctx.side_effect([] { return 1; }), (ctx.sleep(1h), 2));
            }),
            1u);
}

TEST(OneExpression, StatementsOfTheirOwnAreFine) {
  EXPECT_EQ(warnings([](Context& ctx) {
              const int one = ctx.call(twice(1));
              const int other = ctx.call(twice(2));
              for (int i = 0; i < 3; ++i) (void)ctx.call(twice(i));
              return add(one, other);
            }),
            0u);
}

TEST(OneExpression, AFunctionsOwnCallsAreItsOwn) {
  EXPECT_EQ(warnings([](Context& ctx) { return doubled_twice(ctx, ctx.call(twice(1))); }), 0u);
  EXPECT_EQ(warnings([](Context& ctx) { return add(ctx.call(twice(1)), 1) + [&] { return 1; }(); }),
            0u);
}

TEST(OneExpression, OtherStrandsDoNotCount) {
  EXPECT_EQ(warnings([](Context& ctx) {
              const auto work = [&] { return ctx.call(twice(1)); };
              auto one = ctx.spawn(work);
              auto other = ctx.spawn(work);
              const int first = one.get();
              return first + other.get();
            }),
            0u);
}

TEST(OneExpression, ExactlyOneOfTwoBranchesIsFine) {
  EXPECT_EQ(warnings([](Context& ctx) {
              return ctx.replaying() ? ctx.call(twice(1)) : ctx.call(twice(1));
            }),
            0u);
}

// The language fixes the order here, but that cannot be detected: an unnecessary warning, which
// AllowNondeterminism or a separate statement silences.
TEST(OneExpression, OrderFixedByTheLanguageCannotBeTold) {
  EXPECT_EQ(warnings([](Context& ctx) {
              const std::vector<int> both{ctx.call(twice(1)), ctx.call(twice(2))};
              return both[0];
            }),
            1u);
  EXPECT_EQ(warnings([](Context& ctx) {
              return ctx.call(twice(1)) == 2 && ctx.call(twice(2)) == 4 ? 1 : 0;
            }),
            1u);
  EXPECT_EQ(warnings([](Context& ctx) {
              const AllowNondeterminism allow("&& fixes the order");
              return ctx.call(twice(1)) == 2 && ctx.call(twice(2)) == 4 ? 1 : 0;
            }),
            0u);
}

// g++ makes the outer call's site before the inner call, clang after it.
TEST(OneExpression, ACallInTheArgumentsOfAnother) {
  const std::size_t count =
      warnings([](Context& ctx) { return ctx.call(twice(ctx.call(twice(1)))); });
#if defined(__clang__)
  EXPECT_EQ(count, 1u);
#else
  EXPECT_EQ(count, 0u);
#endif
}

}  // namespace
}  // namespace reprise::one_expression_test
