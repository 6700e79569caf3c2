#include "runtime/engine/retry.h"

#include <algorithm>
#include <cmath>

namespace reprise::runtime {
namespace {

bool retryable(const proto::RetryPolicy& policy, const proto::Failure& failure) {
  if (failure.non_retryable() || failure.kind() == proto::Failure::CANCELLED) return false;
  const auto& types = policy.non_retryable();
  return std::find(types.begin(), types.end(), failure.type()) == types.end();
}

}  // namespace

const proto::RetryPolicy& default_retry_policy() {
  // Never destroyed: shards may still run when exit() is called.
  static const auto* const policy = [] {
    auto* const defaults = new proto::RetryPolicy;
    defaults->set_initial_interval_ms(1'000);
    defaults->set_backoff_coefficient(2.0);
    defaults->set_maximum_interval_ms(100'000);
    return defaults;
  }();
  return *policy;
}

std::optional<base::Duration> retry_delay(const proto::RetryPolicy& policy,
                                          std::uint32_t attempt,
                                          const proto::Failure& failure,
                                          std::optional<base::Duration> give_up_in) {
  if (!retryable(policy, failure)) return std::nullopt;
  const auto limit = policy.maximum_attempts();
  if (limit > 0 && attempt >= static_cast<std::uint32_t>(limit)) return std::nullopt;
  // In floating point, so that a thousand doublings end at the maximum and not in an overflow.
  const double grown = static_cast<double>(policy.initial_interval_ms()) *
                       std::pow(std::max(1.0, policy.backoff_coefficient()), attempt - 1.0);
  const base::Duration delay =
      std::min(base::wait_of(grown),
               base::Duration(std::max<std::int64_t>(0, policy.maximum_interval_ms())));
  if (give_up_in && delay >= *give_up_in) return std::nullopt;
  return delay;
}

}  // namespace reprise::runtime
