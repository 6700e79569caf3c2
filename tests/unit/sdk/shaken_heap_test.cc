// The heap that a shaken replay gets. In a test of Env most bugs would be found without it, because
// the other thread's heap differs by chance; this test shows that it always differs.
#include "sdk/testing/shaken_heap.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/sanitizers.h"

namespace {

class ShakenHeap : public ::testing::Test {
 protected:
  void SetUp() override {
    if (reprise::base::kSanitized) GTEST_SKIP() << "sanitizers have a heap of their own";
    ASSERT_NE(reprise_begin_shaken_heap, nullptr) << "reprise::testing is not linked";
  }
};

// Storage comes and goes by itself: a vector's would be ours too.
constexpr int kObjects = 32;
using Pointers = std::array<void*, kObjects>;

Pointers allocate(std::size_t size) {
  Pointers memory{};
  for (void*& one : memory) one = ::operator new(size);
  return memory;
}

void release(const Pointers& memory) {
  for (void* one : memory) ::operator delete(one);
}

bool is_filled(const void* memory, std::size_t size, unsigned char fill) {
  const auto* bytes = static_cast<const unsigned char*>(memory);
  return std::all_of(bytes, bytes + size, [fill](unsigned char byte) { return byte == fill; });
}

TEST_F(ShakenHeap, IsFilledWhateverWasThereBefore) {
  for (const std::size_t size : {1, 8, 24, 100, 1024, 5000, 200'000}) {
    for (const unsigned char fill : {0xa5, 0x5a}) {
      void* const before = ::operator new(size);
      std::memset(before, 0, size);
      ::operator delete(before);
      reprise_begin_shaken_heap(fill, false);
      void* const memory = ::operator new(size);
      const bool filled = is_filled(memory, size, fill);
      ::operator delete(memory);
      void* const aligned = ::operator new(size, std::align_val_t(64));
      const bool aligned_filled = is_filled(aligned, size, fill);
      ::operator delete(aligned, std::align_val_t(64));
      reprise_end_shaken_heap();
      EXPECT_TRUE(filled) << size;
      EXPECT_TRUE(aligned_filled) << size;
    }
  }
}

TEST_F(ShakenHeap, RisesOrFalls) {
  for (const std::size_t size : {8, 24, 100, 1000}) {
    release(allocate(size));  // what comes back from the allocator's lists comes in their order
    reprise_begin_shaken_heap(0xa5, false);
    const Pointers rising = allocate(size);
    release(rising);
    reprise_end_shaken_heap();
    reprise_begin_shaken_heap(0xa5, true);
    const Pointers falling = allocate(size);
    release(falling);
    reprise_end_shaken_heap();
    EXPECT_TRUE(std::is_sorted(rising.begin(), rising.end(), std::less<>())) << size;
    EXPECT_TRUE(std::is_sorted(falling.begin(), falling.end(), std::greater<>())) << size;
  }
}

TEST_F(ShakenHeap, TakesAndGivesBackWhatOthersHave) {
  auto before = std::make_unique<std::vector<int>>(100, 7);
  reprise_begin_shaken_heap(0xa5, true);
  before.reset();
  auto within = std::make_unique<std::vector<int>>(100, 7);
  reprise_end_shaken_heap();
  EXPECT_EQ(within->at(99), 7);
  within.reset();
}

TEST_F(ShakenHeap, IsTheUsualOneAfterTheEnd) {
  reprise_begin_shaken_heap(0xa5, false);
  reprise_end_shaken_heap();
  void* const memory = ::operator new(100);
  std::memset(memory, 0, 100);
  ::operator delete(memory);
  void* const again = ::operator new(100);
  EXPECT_FALSE(is_filled(again, 100, 0xa5));
  ::operator delete(again);
}

}  // namespace
