#include "event/retry.h"

#include <algorithm>
#include <cmath>

namespace reprise::event {
namespace {

bool is_listed(const proto::RetryPolicy& policy, const proto::Failure& failure) {
  const auto& types = policy.non_retryable();
  return std::find(types.begin(), types.end(), failure.type()) != types.end();
}

// What an activity or a child failed with is the cause of the failure that ends the run.
bool any_is_listed(const proto::RetryPolicy& policy, const proto::Failure& failure) {
  for (const proto::Failure* each = &failure;; each = &each->cause()) {
    if (is_listed(policy, *each)) return true;
    if (!each->has_cause()) return false;
  }
}

}  // namespace

bool is_retryable(const proto::RetryPolicy& policy, const proto::Failure& failure) {
  if (failure.non_retryable() || failure.kind() == proto::Failure::CANCELLED) return false;
  return !is_listed(policy, failure);
}

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
  if (!is_retryable(policy, failure)) return std::nullopt;
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

std::optional<base::Duration> retry_of_run(const proto::RetryPolicy& policy,
                                           std::uint32_t attempt,
                                           const proto::Failure& failure,
                                           std::int64_t execution_due_ms,
                                           std::int64_t now_ms) {
  if (any_is_listed(policy, failure)) return std::nullopt;
  std::optional<base::Duration> left;
  if (execution_due_ms > 0) left = base::Duration(base::sub_sat(execution_due_ms, now_ms));
  return retry_delay(policy, std::max(1u, attempt), failure, left);
}

base::RunId id_after(const base::RunId& run, base::Time end) {
  const std::string_view own = run.bytes();
  constexpr std::uint64_t kHigh = 1;
  constexpr std::uint64_t kLow = 2;
  return base::RunId::make(end, base::hash64(own, kHigh), base::hash64(own, kLow));
}

}  // namespace reprise::event
