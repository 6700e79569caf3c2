#include "base/function_ref.h"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

namespace reprise::base::function_ref_test {
namespace {

int apply(FunctionRef<int(int)> function, int argument) {
  return function(argument);
}

TEST(FunctionRefTest, CallsWhatItRefersTo) {
  int calls = 0;
  const auto add_one = [&](int n) { return ++calls, n + 1; };
  EXPECT_EQ(apply(add_one, 1), 2);
  EXPECT_EQ(apply([](int n) { return n * 2; }, 21), 42);
  EXPECT_EQ(calls, 1);
}

TEST(FunctionRefTest, RefersAndDoesNotCopy) {
  const auto counter = [n = 0](int) mutable { return ++n; };
  auto mine = counter;
  EXPECT_EQ(apply(mine, 0), 1);
  EXPECT_EQ(apply(mine, 0), 2);
}

TEST(FunctionRefTest, PassesArgumentsOn) {
  std::unique_ptr<int> taken;
  const auto take = [&](std::unique_ptr<int> value) { taken = std::move(value); };
  const FunctionRef<void(std::unique_ptr<int>)> by_value(take);
  by_value(std::make_unique<int>(5));
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, 5);

  const auto append = [](std::string& text) { text += "!"; };
  std::string text = "hello";
  FunctionRef<void(std::string&)>{append}(text);
  EXPECT_EQ(text, "hello!");
}

TEST(FunctionRefTest, TwoWordsAndTheRightTypesOnly) {
  static_assert(sizeof(FunctionRef<void()>) == 2 * sizeof(void*));
  const auto number = [] { return 1; };
  static_assert(std::is_constructible_v<FunctionRef<int()>, decltype(number)&>);
  static_assert(!std::is_constructible_v<FunctionRef<std::string()>, decltype(number)&>);
  static_assert(!std::is_constructible_v<FunctionRef<int(int)>, decltype(number)&>);
}

}  // namespace
}  // namespace reprise::base::function_ref_test
