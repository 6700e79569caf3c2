#include "runtime/engine/retry.h"

#include <gtest/gtest.h>

namespace reprise::runtime::retry_test {
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

TEST(Retry, DoesNotBeginWhatCouldNotEnd) {
  EXPECT_TRUE(retry_delay(policy(), 1, failure(), base::Duration(101)));
  EXPECT_FALSE(retry_delay(policy(), 1, failure(), base::Duration(100)));
  EXPECT_FALSE(retry_delay(policy(), 1, failure(), base::Duration(-5)));
}

}  // namespace
}  // namespace reprise::runtime::retry_test
