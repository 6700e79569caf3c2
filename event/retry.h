// Whether and when a failed attempt, of an activity or of a run, is followed by another.
#pragma once
#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/time.h"
#include "proto/log.pb.h"

namespace reprise::event {

// Would another attempt follow, if there are any left? It is not final by itself.
bool is_retryable(const proto::RetryPolicy& policy, const proto::Failure& failure);

// The delay before attempt `attempt` + 1, or nullopt when the failure is final: it is not
// retryable, or its type is among those that are not, the attempts are used up, or the next attempt
// would begin after `give_up_in`.
std::optional<base::Duration> retry_delay(const proto::RetryPolicy& policy,
                                          std::uint32_t attempt,
                                          const proto::Failure& failure,
                                          std::optional<base::Duration> give_up_in);

// The same of a run that was attempt `attempt` (0 and 1: the first one), with the limit of its
// chain; 0: it has none. Types of causes count too.
std::optional<base::Duration> retry_of_run(const proto::RetryPolicy& policy,
                                           std::uint32_t attempt,
                                           const proto::Failure& failure,
                                           std::int64_t execution_due_ms,
                                           std::int64_t now_ms);

// The id of the run that follows on `run`, which ends at that time.
base::RunId id_after(const base::RunId& run, base::Time end);

// The policy of a command that has none.
const proto::RetryPolicy& default_retry_policy();

}  // namespace reprise::event
