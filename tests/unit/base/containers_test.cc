// Ring, Slab, Pooled and its allocator: the containers that keep their memory.
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/pooled.h"
#include "base/prefetch.h"
#include "base/ring.h"
#include "base/sanitizers.h"
#include "base/slab.h"

namespace reprise::base::containers_test {
namespace {

TEST(Ring, KeepsOrderWhileItGrowsAndWrapsAround) {
  Ring<std::string> ring;
  std::deque<std::string> expected;
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) {
    // Grows and shrinks, so that it wraps around in every size.
    if (expected.empty() || random() % 100 < (i < 5'000 ? 60u : 40u)) {
      ring.push_back(std::to_string(i));
      expected.push_back(std::to_string(i));
    } else {
      ASSERT_EQ(ring.front(), expected.front());
      ASSERT_EQ(ring.take_front(), expected.front());
      expected.pop_front();
    }
    ASSERT_EQ(ring.size(), expected.size());
    ASSERT_EQ(ring.empty(), expected.empty());
  }
}

TEST(Ring, ShowsWhatComesLater) {
  Ring<int> ring;
  for (int i = 0; i < 10; ++i) ring.push_back(i);
  for (int i = 0; i < 8; ++i) (void)ring.take_front();
  for (int i = 10; i < 22; ++i) ring.push_back(i);  // around the end of the block
  for (std::size_t ahead = 0; ahead < ring.size(); ++ahead) {
    EXPECT_EQ(ring.at(ahead), 8 + static_cast<int>(ahead));
  }
}

TEST(Ring, TakingLeavesNothingOfTheValueBehind) {
  Ring<std::shared_ptr<int>> ring;
  auto value = std::make_shared<int>(1);
  ring.push_back(value);
  (void)ring.take_front();
  EXPECT_EQ(value.use_count(), 1);
}

TEST(Slab, AddressesStayAndAreUsedAgain) {
  Slab<std::string> slab;
  std::vector<std::string*> made;
  for (int i = 0; i < 1'000; ++i) made.push_back(slab.make(std::to_string(i)));
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(*made[static_cast<std::size_t>(i)], std::to_string(i));
  const std::set<std::string*> addresses(made.begin(), made.end());
  EXPECT_EQ(addresses.size(), 1'000u);
  for (std::string* one : made) slab.destroy(one);
  for (int i = 0; i < 1'000; ++i) {
    made[static_cast<std::size_t>(i)] = slab.make("again");
    // Sanitizers get each object from the allocator, which keeps freed memory for a while.
    EXPECT_TRUE(kSanitized || addresses.contains(made[static_cast<std::size_t>(i)]));
  }
  for (std::string* one : made) slab.destroy(one);
}

struct Counted : Pooled<Counted> {
  explicit Counted(int& counter) : alive(counter) { ++alive; }
  ~Counted() { --alive; }
  int& alive;
  std::string text = "something that needs memory of its own";
};

TEST(Pooled, ConstructsAndDestroysLikeAnyOther) {
  int alive = 0;
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<Counted>> objects;
    for (int i = 0; i < 1'000; ++i) objects.push_back(std::make_unique<Counted>(alive));
    EXPECT_EQ(alive, 1'000);
    std::set<const Counted*> addresses;
    for (const auto& object : objects) addresses.insert(object.get());
    EXPECT_EQ(addresses.size(), 1'000u);
    objects.clear();
    EXPECT_EQ(alive, 0);
  }
}

// As when an engine's shards are destroyed on the thread that closes it.
TEST(Pooled, ObjectsOutliveTheThreadThatMadeThem) {
  int alive = 0;
  std::vector<std::unique_ptr<Counted>> objects;
  std::thread([&] {
    for (int i = 0; i < 100; ++i) objects.push_back(std::make_unique<Counted>(alive));
    objects.resize(50);
  }).join();
  EXPECT_EQ(alive, 50);
  objects.clear();
  EXPECT_EQ(alive, 0);
  const auto again = std::make_unique<Counted>(alive);
  EXPECT_EQ(alive, 1);
}

// Of another size than the pool's blocks.
struct Larger : Counted {
  using Counted::Counted;
  char more[100] = {};
};

TEST(Pooled, ADerivedClassHasMemoryOfItsOwnSize) {
  int alive = 0;
  std::make_unique<Counted>(alive).reset();
  const auto larger = std::make_unique<Larger>(alive);
  larger->more[99] = 1;
  EXPECT_EQ(alive, 1);
}

TEST(PooledAllocator, MemoryOfASharedObjectIsUsedAgain) {
  int alive = 0;
  const auto make = [&] {
    return std::allocate_shared<Counted>(PooledAllocator<Counted>(), alive);
  };
  std::weak_ptr<Counted> seen;
  const void* where = nullptr;
  {
    const auto first = make();
    where = first.get();
    seen = first;
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0) << "the object goes with its last owner";
  const auto second = make();
  EXPECT_NE(second.get(), where) << "the memory stays while anybody asks about the object";
  seen.reset();
  const auto third = make();
  EXPECT_TRUE(kSanitized || third.get() == where);
}

TEST(PooledAllocator, ObjectsOutliveTheThreadThatMadeThem) {
  int alive = 0;
  std::vector<std::shared_ptr<Counted>> objects;
  std::thread([&] {
    for (int i = 0; i < 100; ++i) {
      objects.push_back(std::allocate_shared<Counted>(PooledAllocator<Counted>(), alive));
    }
    objects.resize(50);
  }).join();
  EXPECT_EQ(alive, 50);
  std::thread([&] { objects.resize(25); }).join();
  objects.clear();
  EXPECT_EQ(alive, 0);
}

TEST(PooledAllocator, GivesArraysToo) {
  std::vector<std::size_t, PooledAllocator<std::size_t>> numbers;
  for (std::size_t i = 0; i < 1'000; ++i) numbers.push_back(i);
  for (std::size_t i = 0; i < 1'000; ++i) EXPECT_EQ(numbers[i], i);
}

// Only that it does nothing else; what it gains is for benchmarks.
TEST(Prefetch, TakesAnyAddress) {
  const std::vector<char> bytes(1'000, 'x');
  for (const std::size_t at : {0u, 1u, 63u, 64u}) {
    for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 900u}) prefetch(bytes.data() + at, size);
  }
  prefetch(nullptr);
  prefetch(nullptr, 1'000);
  prefetch(reinterpret_cast<const void*>(1), 1'000);
  prefetch(reinterpret_cast<const void*>(~std::uintptr_t{0}), 1);
  EXPECT_EQ(bytes, std::vector<char>(1'000, 'x'));
}

}  // namespace
}  // namespace reprise::base::containers_test
