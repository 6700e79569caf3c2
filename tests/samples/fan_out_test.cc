#include <reprise/testing/env.h>
#include <stdexcept>

#include <gtest/gtest.h>

#include "samples/fan_out/primes.h"

namespace fan_out {
namespace {

// Replaying 1,000 activities after each of them would take seconds.
const reprise::testing::EnvOptions kQuick{.replay = reprise::testing::Replay::kOff};

TEST(FanOut, CountsPrimesInAThousandActivities) {
  reprise::testing::Env env(kQuick);
  env.implement(count_primes, run_count_primes).implement(count_block, run_count_block);
  EXPECT_EQ(env.start(count_primes(100'000)).result(), 9'592);
  EXPECT_EQ(env.calls(count_block), kBlocks);
}

TEST(FanOut, HasFiftyUnderWayAndNoMore) {
  reprise::testing::Env env(kQuick);
  env.implement(count_primes, run_count_primes)
      .stub(count_block, [](std::int64_t, std::int64_t) -> std::int64_t {
        throw std::runtime_error("out of order: try again later");
      });
  const auto run = env.start(count_primes(100'000));
  EXPECT_EQ(run.describe().activities.size(), kLanes);
  EXPECT_EQ(env.calls(count_block), kLanes);
}

}  // namespace
}  // namespace fan_out
