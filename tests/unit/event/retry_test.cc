#include "event/retry.h"

#include <limits>

#include <gtest/gtest.h>

namespace reprise::event::retry_test {
namespace {

proto::Failure failure(std::string type = "Busy") {
  proto::Failure failure;
  failure.set_kind(proto::Failure::APPLICATION);
  failure.set_type(std::move(type));
  return failure;
}

proto::RetryPolicy policy() {
  proto::RetryPolicy policy;
  policy.set_initial_interval_ms(100);
  policy.set_backoff_coefficient(2);
  policy.set_maximum_interval_ms(1'000);
  return policy;
}

TEST(Retry, GrowsToTheMaximumInterval) {
  EXPECT_EQ(retry_delay(policy(), 1, failure(), {})->count(), 100);
  EXPECT_EQ(retry_delay(policy(), 2, failure(), {})->count(), 200);
  EXPECT_EQ(retry_delay(policy(), 4, failure(), {})->count(), 800);
  EXPECT_EQ(retry_delay(policy(), 5, failure(), {})->count(), 1'000);
  EXPECT_EQ(retry_delay(policy(), 4'000'000'000u, failure(), {})->count(), 1'000);
}

// The largest interval has no exact floating-point value: it must not become negative.
TEST(Retry, GrowsToTheEndOfTime) {
  auto endless = policy();
  endless.set_maximum_interval_ms(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(retry_delay(endless, 50, failure(), {})->count(), 100LL << 49);
  for (const std::uint32_t attempt : {60u, 64u, 100u, 2'000u, 4'000'000'000u}) {
    EXPECT_EQ(retry_delay(endless, attempt, failure(), {}), base::Duration::max()) << attempt;
  }
  EXPECT_FALSE(retry_delay(endless, 100, failure(), base::Duration::max()));
}

TEST(Retry, TakesWhateverALogHolds) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto delay = [](std::int64_t initial, double coefficient, std::int64_t most) {
    proto::RetryPolicy odd;
    odd.set_initial_interval_ms(initial);
    odd.set_backoff_coefficient(coefficient);
    odd.set_maximum_interval_ms(most);
    return retry_delay(odd, 3, failure(), {})->count();
  };
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(delay(1, kInfinity, 5), 5);
  EXPECT_EQ(delay(0, kInfinity, 5), 0);
  EXPECT_EQ(delay(1, std::numeric_limits<double>::quiet_NaN(), 5), 1);
  EXPECT_EQ(delay(1, 1e308, kMost), kMost);
  EXPECT_EQ(delay(kMost, 1, kMost), kMost);
  EXPECT_EQ(delay(kLeast, 2, kMost), 0);
  EXPECT_EQ(delay(1, 2, kLeast), 0);
}

TEST(Retry, StopsAtTheLastAttempt) {
  auto limited = policy();
  limited.set_maximum_attempts(3);
  EXPECT_TRUE(retry_delay(limited, 2, failure(), {}));
  EXPECT_FALSE(retry_delay(limited, 3, failure(), {}));
}

TEST(Retry, RespectsTheKindOfFailure) {
  auto final_type = policy();
  final_type.add_non_retryable("Declined");
  EXPECT_TRUE(retry_delay(final_type, 1, failure(), {}));
  EXPECT_FALSE(retry_delay(final_type, 1, failure("Declined"), {}));
  auto non_retryable = failure();
  non_retryable.set_non_retryable(true);
  EXPECT_FALSE(retry_delay(policy(), 1, non_retryable, {}));
  auto cancelled = failure();
  cancelled.set_kind(proto::Failure::CANCELLED);
  EXPECT_FALSE(retry_delay(policy(), 1, cancelled, {}));
}

// Of a run the types of causes count: what an activity failed with is one.
TEST(Retry, OnlyThatOfARunLooksAtCauses) {
  auto listed = policy();
  listed.add_non_retryable("Declined");
  proto::Failure of_activity;
  of_activity.set_kind(proto::Failure::ACTIVITY);
  *of_activity.mutable_cause() = failure("Declined");
  EXPECT_TRUE(retry_delay(listed, 1, of_activity, {}));
  EXPECT_FALSE(retry_of_run(listed, 1, of_activity, 0, 0));
  EXPECT_TRUE(retry_of_run(policy(), 1, of_activity, 0, 0));
}

TEST(Retry, DoesNotBeginWhatCouldNotEnd) {
  EXPECT_TRUE(retry_delay(policy(), 1, failure(), base::Duration(101)));
  EXPECT_FALSE(retry_delay(policy(), 1, failure(), base::Duration(100)));
  EXPECT_FALSE(retry_delay(policy(), 1, failure(), base::Duration(-5)));
}

}  // namespace
}  // namespace reprise::event::retry_test
