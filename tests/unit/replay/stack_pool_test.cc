#include "replay/stack_pool.h"

#include <cstring>
#include <fstream>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::replay::stack_pool_test {
namespace {

constexpr std::size_t kKiB = 1024;
const auto kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

std::size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) ++count;
  return count;
}

bool backed_by_memory(const char* address) {
  unsigned char resident = 0;
  const char* page = address - reinterpret_cast<std::uintptr_t>(address) % kPage;
  return ::mincore(const_cast<char*>(page), kPage, &resident) == 0 && (resident & 1) != 0;
}

// Uses the stack as a strand does: from the top.
void use(const Stack& stack, std::size_t bytes) {
  std::memset(stack.top() - bytes, 1, bytes);
}

std::vector<Stack> take_many(StackPool& pool, std::size_t count) {
  std::vector<Stack> stacks;
  for (std::size_t i = 0; i < count; ++i) stacks.push_back(pool.take());
  return stacks;
}

void give_back_all(StackPool& pool, std::vector<Stack>& stacks) {
  for (const Stack& stack : stacks) pool.give_back(stack);
  stacks.clear();
}

TEST(StackPoolTest, StacksAreUsableFromEndToEndAndDoNotOverlap) {
  StackPool pool({.stack_bytes = 16 * kKiB, .stacks_per_slab = 3});
  auto stacks = take_many(pool, 10);
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    std::memset(stacks[i].bottom, static_cast<int>(i), stacks[i].size);
  }
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    EXPECT_EQ(stacks[i].bottom[0], static_cast<char>(i));
    EXPECT_EQ(stacks[i].top()[-1], static_cast<char>(i));
  }
  give_back_all(pool, stacks);
}

TEST(StackPoolTest, SizesAreRoundedUp) {
  StackPool pool({.stack_bytes = 1, .stacks_per_slab = 0});
  const Stack stack = pool.take();
  EXPECT_GE(stack.size, kPage);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(stack.bottom) % kPage, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(stack.top()) % 64, 0u);
  pool.give_back(stack);
}

TEST(StackPoolTest, TheLastOneBackIsTheNextOneOut) {
  StackPool pool;
  const Stack first = pool.take();
  const Stack second = pool.take();
  pool.give_back(first);
  pool.give_back(second);
  EXPECT_EQ(pool.take().bottom, second.bottom);
  EXPECT_EQ(pool.take().bottom, first.bottom);
  pool.give_back(first);
  pool.give_back(second);
}

TEST(StackPoolTest, CountsStacks) {
  StackPool pool;
  auto stacks = take_many(pool, 5);
  EXPECT_EQ(pool.in_use(), 5u);
  give_back_all(pool, stacks);
  EXPECT_EQ(pool.in_use(), 0u);
  stacks = take_many(pool, 2);
  EXPECT_EQ(pool.in_use(), 2u);
  EXPECT_EQ(pool.peak_in_use(), 5u);
  give_back_all(pool, stacks);
}

TEST(StackPoolTest, CountsMemoryToThePage) {
  StackPool pool;
  EXPECT_EQ(pool.resident_bytes(), 0u);
  const Stack one = pool.take();
  const Stack two = pool.take();
  EXPECT_EQ(pool.resident_bytes(), 2 * kPage);
  pool.note_depth(one, 100);
  EXPECT_EQ(pool.resident_bytes(), 2 * kPage);
  pool.note_depth(one, 2 * kPage);  // and the pool's own note above it
  EXPECT_EQ(pool.resident_bytes(), 4 * kPage);
  pool.note_depth(one, 50);
  EXPECT_EQ(pool.resident_bytes(), 4 * kPage);
  EXPECT_EQ(pool.high_water(), 2 * kPage);
  pool.give_back(one);
  EXPECT_EQ(pool.resident_bytes(), kPage);
  // Warm again: its memory was never taken away.
  EXPECT_EQ(pool.take().bottom, one.bottom);
  EXPECT_EQ(pool.resident_bytes(), 4 * kPage);
  pool.give_back(one);
  pool.give_back(two);
  EXPECT_EQ(pool.resident_bytes(), 0u);
}

TEST(StackPoolTest, MemoryOfColdStacksGoesBackToTheKernel) {
  StackPool pool({.warm_stacks = 2});
  auto stacks = take_many(pool, 4);
  for (const Stack& stack : stacks) {
    use(stack, 3 * kPage);
    pool.note_depth(stack, 3 * kPage);
  }
  const std::vector<Stack> known = stacks;
  give_back_all(pool, stacks);
  EXPECT_TRUE(pool.can_cool());
  pool.cool();
  EXPECT_FALSE(pool.can_cool());
  const auto deep = [](const Stack& stack) { return stack.top() - 3 * kPage; };
  EXPECT_FALSE(backed_by_memory(deep(known[0])));
  EXPECT_FALSE(backed_by_memory(deep(known[1])));
  EXPECT_TRUE(backed_by_memory(deep(known[2])));
  EXPECT_TRUE(backed_by_memory(deep(known[3])));
  // Two warm ones of four pages, two cold ones of one.
  stacks = take_many(pool, 4);
  EXPECT_EQ(pool.resident_bytes(), (4 + 4 + 1 + 1) * kPage);
  give_back_all(pool, stacks);
}

// A steady load keeps its stacks; after it shrinks the rest is returned without a request.
TEST(StackPoolTest, StacksNeededRecentlyStayWarm) {
  StackPool pool({.warm_stacks = 2});
  auto stacks = take_many(pool, 8);
  const Stack longest_idle = stacks.front();
  for (const Stack& stack : stacks) {
    use(stack, 3 * kPage);
    pool.note_depth(stack, 3 * kPage);
  }
  const char* deep = longest_idle.top() - 3 * kPage;
  give_back_all(pool, stacks);
  EXPECT_TRUE(backed_by_memory(deep));
  for (int i = 0; i < 100; ++i) {
    stacks = take_many(pool, 2);
    give_back_all(pool, stacks);
  }
  EXPECT_FALSE(backed_by_memory(deep));
}

TEST(StackPoolTest, NoAddressSpaceIsAnEmptyStack) {
  StackPool pool({.stack_bytes = std::size_t{1} << 48, .stacks_per_slab = 8});
  EXPECT_FALSE(pool.take());
  EXPECT_EQ(pool.in_use(), 0u);
  EXPECT_EQ(pool.peak_in_use(), 0u);
}

TEST(StackPoolTest, InstalledGuardsCostNoMappings) {
  StackPool pool({.stack_bytes = 16 * kKiB});
  const std::size_t before = mappings();
  auto stacks = take_many(pool, 20'000);
  if (stacks.front().guard == StackGuard::kInstall) {
    EXPECT_LT(mappings(), before + 200);
  }
  give_back_all(pool, stacks);
}

// More guards than a process may have mappings, without eating them all up.
TEST(StackPoolTest, FallsBackToCanariesBeforeTheMappingsRunOut) {
  StackPool pool({.stack_bytes = 8 * kKiB, .guard = StackGuard::kProtect});
  auto stacks = take_many(pool, 40'000);
  EXPECT_EQ(stacks.front().guard, StackGuard::kProtect);
  EXPECT_EQ(stacks.back().guard, StackGuard::kCanary);
  EXPECT_LT(mappings(), 40'000u);
  give_back_all(pool, stacks);
}

TEST(StackPoolTest, AnotherPoolMayUseTheGuardsOfOneThatIsGone) {
  for (int i = 0; i < 3; ++i) {
    StackPool pool({.stack_bytes = 8 * kKiB, .guard = StackGuard::kProtect});
    auto stacks = take_many(pool, 10'000);
    EXPECT_EQ(stacks.back().guard, StackGuard::kProtect);
    give_back_all(pool, stacks);
  }
}

TEST(StackPoolTest, WhatWasAbandonedStaysWhenThePoolIsGone) {
  const char* bottom = nullptr;
  {
    StackPool pool({.stack_bytes = 16 * kKiB});
    const Stack first = pool.take();
    const Stack second = pool.take();
    use(second, kKiB);
    pool.abandon(second);
    EXPECT_EQ(pool.in_use(), 1u);
    pool.give_back(first);
    bottom = second.top() - kKiB;
  }
  EXPECT_EQ(*bottom, 1);
}

// ---- what must abort ---------------------------------------------------------------------------

class StackPoolDeathTest : public testing::TestWithParam<StackGuard> {};

TEST_P(StackPoolDeathTest, OneByteTooFarFaults) {
  StackPool pool({.guard = GetParam()});
  const Stack stack = pool.take();
  volatile char* below = stack.bottom - 1;
  if (base::kSanitized) {
    EXPECT_DEATH(*below = 1, "");  // reported by the sanitizer, which exits in its own way
  } else {
    EXPECT_EXIT(*below = 1, testing::KilledBySignal(SIGSEGV), "");
  }
  pool.give_back(stack);
}

// As far as a large frame can jump without touching the pages in between.
TEST_P(StackPoolDeathTest, AFrameTooFarFaults) {
  StackPool pool({.guard = GetParam()});
  const Stack stack = pool.take();
  volatile char* below = stack.bottom - kGuardBytes;
  if (base::kSanitized) {
    EXPECT_DEATH(*below = 1, "");  // reported by the sanitizer, which exits in its own way
  } else {
    EXPECT_EXIT(*below = 1, testing::KilledBySignal(SIGSEGV), "");
  }
  pool.give_back(stack);
}

INSTANTIATE_TEST_SUITE_P(Guards,
                         StackPoolDeathTest,
                         testing::Values(StackGuard::kInstall, StackGuard::kProtect));

TEST(StackPoolCanaryDeathTest, OneByteTooFarAbortsWhenTheStackComesBack) {
  StackPool pool({.guard = StackGuard::kCanary});
  const Stack stack = pool.take();
  EXPECT_EQ(stack.guard, StackGuard::kCanary);
  EXPECT_DEATH(
      {
        stack.bottom[-1] = 1;
        pool.give_back(stack);
      },
      "overflowed its stack");
  pool.give_back(stack);
}

TEST(StackPoolCanaryDeathTest, StrandsMustNotOutliveThePool) {
  EXPECT_DEATH(
      {
        StackPool pool;
        (void)pool.take();
      },
      "outlived");
}

}  // namespace
}  // namespace reprise::replay::stack_pool_test
