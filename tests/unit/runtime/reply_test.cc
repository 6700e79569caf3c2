// How a service answers, and who is told of it.
#include "runtime/reply.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::runtime::reply_test {
namespace {

struct Counter final : ReplyCounter {
  void answered(std::size_t amount) override { amounts.push_back(amount); }
  std::vector<std::size_t> amounts;
};

TEST(Reply, PassesTheResultOn) {
  std::string got;
  const Reply<std::string> reply = [&](base::Result<std::string> result) { got = *result; };
  reply(std::string("answer"));
  EXPECT_EQ(got, "answer");
}

TEST(Reply, IsNothingUntilItHasAFunction) {
  Reply<int> reply;
  EXPECT_FALSE(reply);
  reply = [](const base::Result<int>&) {};
  EXPECT_TRUE(reply);
  reply = nullptr;
  EXPECT_FALSE(reply);
}

TEST(Reply, TakesAFunctionThatCanOnlyBeMoved) {
  int got = 0;
  Reply<int> reply = [&got, box = std::make_unique<int>(1)](base::Result<int> result) {
    got = *box + *result;
  };
  const Reply<int> copy = reply;
  reply = nullptr;
  copy(41);
  EXPECT_EQ(got, 42) << "copies share the function";
}

TEST(Reply, TheFunctionGoesWithTheLastCopy) {
  auto held = std::make_shared<int>(1);
  Reply<int> reply = [held](const base::Result<int>&) {};
  Reply<int> copy = reply;
  reply = nullptr;
  EXPECT_EQ(held.use_count(), 2);
  copy = nullptr;
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Reply, TellsItsCounterFirst) {
  Counter counter;
  std::size_t told_before = 0;
  Reply<void> reply = [&](const base::Status&) { told_before = counter.amounts.size(); };
  reply = std::move(reply).counted_by(counter, 7);
  const Reply<void> copy = reply;
  EXPECT_TRUE(counter.amounts.empty());
  copy({});
  EXPECT_EQ(counter.amounts, std::vector<std::size_t>{7});
  EXPECT_EQ(told_before, 1u);
}

TEST(ReplyDeathTest, AnEmptyOneIsNotGiven) {
  Counter counter;
  Reply<void> reply;
  EXPECT_DEATH(reply({}), "an empty reply cannot be given");
  EXPECT_DEATH((void)std::move(reply).counted_by(counter, 1), "an empty reply is never given");
}

TEST(ReplyDeathTest, HasOneCounter) {
  Counter counter;
  Reply<void> reply = [](const base::Status&) {};
  reply = std::move(reply).counted_by(counter, 1);
  EXPECT_DEATH((void)std::move(reply).counted_by(counter, 1), "one service counts a request");
}

}  // namespace
}  // namespace reprise::runtime::reply_test
