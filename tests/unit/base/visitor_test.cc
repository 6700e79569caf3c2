#include "base/visitor.h"

#include <initializer_list>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise::base::visitor_test {
namespace {

using testing::ElementsAre;

Status one_to_four(Visitor<int> visit) {
  for (int i = 1; i <= 4; ++i) {
    if (const Visited seen = visit(i); !seen.goes_on()) return seen.status();
  }
  return {};
}

class VisitorTest : public testing::Test {
 protected:
  std::vector<int> seen_;
};

TEST_F(VisitorTest, WhoReturnsNothingSeesEverything) {
  EXPECT_TRUE(one_to_four([this](int i) { seen_.push_back(i); }));
  EXPECT_THAT(seen_, ElementsAre(1, 2, 3, 4));
}

TEST_F(VisitorTest, WhoHasSeenEnoughEndsItWithoutAnError) {
  EXPECT_TRUE(one_to_four([this](int i) {
    seen_.push_back(i);
    return go_on_if(i < 2);
  }));
  EXPECT_THAT(seen_, ElementsAre(1, 2));
}

TEST_F(VisitorTest, AnErrorEndsItAndIsReturned) {
  const Status visited = one_to_four([this](int i) -> Status {
    seen_.push_back(i);
    if (i == 3) return Error{ErrorCode::kStoreDamaged, "three"};
    return {};
  });
  ASSERT_FALSE(visited);
  EXPECT_EQ(visited.error().message, "three");
  EXPECT_THAT(seen_, ElementsAre(1, 2, 3));
}

TEST_F(VisitorTest, OneThatMayStopAndMayFail) {
  const auto until = [this](int stop, int fail) {
    return one_to_four([=, this](int i) -> Visited {
      seen_.push_back(i);
      if (i == fail) return Error{ErrorCode::kStoreIo, "failed"};
      return i == stop ? Next::kStop : Next::kGoOn;
    });
  };
  EXPECT_TRUE(until(1, 2));
  EXPECT_FALSE(until(3, 2));
  EXPECT_THAT(seen_, ElementsAre(1, 1, 2));
}

// True for "go on" and true for "it failed" are mixed up too easily.
TEST(VisitorTypesTest, NoneReturnsBool) {
  const auto number = [](int) { return true; };
  static_assert(!std::is_constructible_v<Visitor<int>, decltype(number)&>);
  static_assert(!std::is_constructible_v<Visited, bool>);
  static_assert(sizeof(Visitor<int>) == 2 * sizeof(void*));
}

}  // namespace
}  // namespace reprise::base::visitor_test
