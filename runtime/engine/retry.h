// Whether and when a failed attempt is followed by another.
#pragma once
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "proto/log.pb.h"

namespace reprise::runtime {

// The delay before attempt `attempt` + 1, or nullopt when the failure is final: it is not
// retryable, the attempts are used up, or the next attempt would begin after `give_up_in`.
std::optional<base::Duration> retry_delay(const proto::RetryPolicy& policy,
                                          std::uint32_t attempt,
                                          const proto::Failure& failure,
                                          std::optional<base::Duration> give_up_in);

// The policy of a command that has none.
const proto::RetryPolicy& default_retry_policy();

}  // namespace reprise::runtime
