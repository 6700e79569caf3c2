#include "base/counters.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::base {
namespace counters_test {

TEST(Histogram, CountsAValueInTheFirstBucketThatReachesIt) {
  static constexpr std::uint64_t kBounds[] = {10, 20};
  Histogram histogram(kBounds);
  for (const std::uint64_t value : {0, 10, 11, 20, 21, 1'000}) histogram.observe(value);
  const Histogram::Read read = histogram.read();
  EXPECT_EQ(read.counts, (std::vector<std::uint64_t>{2, 2, 2}));
  EXPECT_EQ(read.sum, 1'062U);
}

TEST(ByName, KeepsSoManyNamesApart) {
  ByName<Counter> counters;
  constexpr std::size_t kMost = ByName<Counter>::kMostNames;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < kMost + 5; ++i) counters.of("n" + std::to_string(i)).add();
  }
  std::size_t names = 0;
  std::uint64_t others = 0;
  counters.for_each([&](std::string_view name, const Counter& counter) {
    if (name == ByName<Counter>::kOthers) {
      others = counter.value();
    } else {
      ++names;
      EXPECT_EQ(counter.value(), 2U) << name;
    }
  });
  EXPECT_EQ(names, kMost);
  EXPECT_EQ(others, 10U);
}

TEST(ByName, IsUsedByThreadsAtOnce) {
  ByName<Counter> counters;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) counters.of("n" + std::to_string(i % 150)).add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::uint64_t sum = 0;
  counters.for_each([&](std::string_view, const Counter& counter) { sum += counter.value(); });
  EXPECT_EQ(sum, 40'000U);
}

}  // namespace counters_test
}  // namespace reprise::base
