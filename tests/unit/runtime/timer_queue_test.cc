#include "runtime/engine/timer_queue.h"

#include <random>

#include <gtest/gtest.h>

namespace reprise::runtime::timer_queue_test {
namespace {

TEST(TimerQueue, GivesWhatIsDueInOrder) {
  TimerQueue timers;
  std::mt19937 random(1);
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    timers.add({static_cast<std::int64_t>(random() % 500), 1, i, TimerEntry::Kind::kFire});
  }
  std::int64_t last = 0;
  int taken = 0;
  while (const auto entry = timers.take_due(250)) {
    EXPECT_GE(entry->due_ms, last);
    EXPECT_LE(entry->due_ms, 250);
    last = entry->due_ms;
    ++taken;
  }
  EXPECT_GT(taken, 0);
  EXPECT_GT(*timers.next_due_ms(), 250);
}

TEST(TimerQueue, GivesWhatIsDueTogetherInTheOrderOfAsking) {
  TimerQueue timers;
  for (const std::uint32_t operation : {4u, 1u, 7u, 3u, 0u, 6u, 2u, 5u}) {
    timers.add({100, 1, operation, TimerEntry::Kind::kFire});
  }
  for (std::uint32_t i = 0; i < 8; ++i) EXPECT_EQ(timers.take_due(100)->operation, i);
}

TEST(TimerQueue, NothingIsDueEarly) {
  TimerQueue timers;
  EXPECT_FALSE(timers.next_due_ms());
  timers.add({100, 1, 1, TimerEntry::Kind::kFire});
  EXPECT_FALSE(timers.take_due(99));
  EXPECT_TRUE(timers.take_due(100));
  EXPECT_FALSE(timers.take_due(1'000));
}

TEST(TimerQueue, SweepsWhatIsDead) {
  TimerQueue timers;
  for (std::uint32_t i = 0; i < 100; ++i) timers.add({100 - i, i, i, TimerEntry::Kind::kFire});
  timers.sweep([](const TimerEntry& entry) { return entry.run % 2 == 0; });
  EXPECT_EQ(timers.size(), 50u);
  EXPECT_EQ(timers.take_due(1'000)->operation, 99u);
}

}  // namespace
}  // namespace reprise::runtime::timer_queue_test
