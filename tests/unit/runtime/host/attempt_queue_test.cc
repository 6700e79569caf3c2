#include "runtime/host/attempt_queue.h"

#include <gtest/gtest.h>

namespace reprise::runtime::attempt_queue_test {
namespace {

const FlowClock& steady() {
  static const FlowClock clock(nullptr);
  return clock;
}

AttemptTask task(std::string activity, std::uint32_t operation) {
  AttemptTask task;
  auto spec = std::make_shared<proto::ActivityScheduled>();
  spec->set_name(std::move(activity));
  task.key.operation = operation;
  task.activity = std::make_unique<ActivityTask>();
  task.activity->spec = std::move(spec);
  return task;
}

std::string name_of(const AttemptQueue::Taken& taken) {
  return taken.task.activity->spec->name() + std::to_string(taken.task.key.operation);
}

TEST(AttemptQueue, KindsTakeTurnsAndEachKeepsItsOrder) {
  AttemptQueue queue(8, {}, steady());
  for (std::uint32_t i = 1; i <= 3; ++i) queue.push(task("a", i));
  for (std::uint32_t i = 1; i <= 2; ++i) queue.push(task("b", i));
  std::string order;
  while (queue.has_ready()) {
    const auto taken = queue.take();
    order += name_of(taken) + " ";
    queue.done(taken.lane);
  }
  EXPECT_EQ(order, "a1 b1 a2 b2 a3 ");
}

TEST(AttemptQueue, OneKindAloneMayHaveEveryThread) {
  AttemptQueue queue(4, {}, steady());
  for (std::uint32_t i = 1; i <= 5; ++i) queue.push(task("a", i));
  for (int i = 0; i < 4; ++i) (void)queue.take();
  EXPECT_FALSE(queue.has_ready());
}

TEST(AttemptQueue, AQuarterOfTheThreadsIsKeptForOtherKinds) {
  AttemptQueue queue(4, {}, steady());
  queue.push(task("fast", 1));
  const auto fast = queue.take();
  queue.done(fast.lane);
  for (std::uint32_t i = 1; i <= 4; ++i) queue.push(task("slow", i));
  std::vector<AttemptQueue::Taken> slow;
  while (queue.has_ready()) slow.push_back(queue.take());
  EXPECT_EQ(slow.size(), 3u);
  queue.push(task("fast", 2));
  ASSERT_TRUE(queue.has_ready());
  EXPECT_EQ(name_of(queue.take()), "fast2");
  queue.done(slow.front().lane);
  ASSERT_TRUE(queue.has_ready());
  EXPECT_EQ(name_of(queue.take()), "slow4");
}

TEST(AttemptQueue, ASingleThreadServesEveryKind) {
  for (const std::size_t threads : {0, 1}) {
    AttemptQueue queue(threads, {}, steady());
    queue.push(task("a", 1));
    queue.push(task("b", 1));
    const auto first = queue.take();
    queue.done(first.lane);
    EXPECT_EQ(name_of(queue.take()), "b1");
  }
}

TEST(AttemptQueue, DrainingReturnsThoseWithoutAThreadToo) {
  AttemptQueue queue(1, {}, steady());
  for (std::uint32_t i = 1; i <= 3; ++i) queue.push(task("a", i));
  const auto taken = queue.take();
  EXPECT_EQ(queue.drain().size(), 2u);
  queue.done(taken.lane);
  EXPECT_FALSE(queue.has_ready());
}

}  // namespace
}  // namespace reprise::runtime::attempt_queue_test
