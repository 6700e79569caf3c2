#include "base/result.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace reprise::base::result_test {
namespace {

Result<std::string> greet(bool well) {
  if (!well) return Error{ErrorCode::kNotFound, "nobody there"};
  return std::string("hello");
}

TEST(ResultTest, HoldsAValue) {
  const auto result = greet(true);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(*result, "hello");
  EXPECT_EQ(result.value(), "hello");
  EXPECT_EQ(result->size(), 5u);
}

TEST(ResultTest, HoldsAnError) {
  const auto result = greet(false);
  ASSERT_FALSE(result);
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(result.error().message, "nobody there");
}

TEST(ResultTest, TheValueCanBeChangedAndMovedOut) {
  auto result = greet(true);
  result->append(" world");
  *result += '!';
  EXPECT_EQ(std::move(result).value(), "hello world!");

  Result<std::unique_ptr<int>> owner(std::make_unique<int>(7));
  const std::unique_ptr<int> moved = *std::move(owner);
  EXPECT_EQ(*moved, 7);
}

TEST(ResultTest, StatusIsSuccessUnlessGivenAnError) {
  const Status fine;
  EXPECT_TRUE(fine);
  const Status bad = Error{ErrorCode::kStoreIo, "disk gone"};
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kStoreIo);
}

TEST(ResultDeathTest, TheWrongSideAborts) {
  EXPECT_DEATH((void)greet(false).value(), "invariant broken.*value\\(\\) of an error");
  EXPECT_DEATH((void)greet(true).error(), "invariant broken.*error\\(\\) of a value");
  EXPECT_DEATH((void)Status().error(), "error\\(\\) of a value");
}

TEST(CheckDeathTest, SaysWhereWhatAndWhy) {
  const int one = 1;
  REPRISE_CHECK(one == 1, "arithmetic");
  EXPECT_DEATH(REPRISE_CHECK(one == 2, "arithmetic"),
               "invariant broken at .*result_test.cc:[0-9]+: one == 2 \\(arithmetic\\)");
}

}  // namespace
}  // namespace reprise::base::result_test
