#include "sdk/src/start_terms.h"

#include "base/utf8.h"

namespace reprise::internal {

void fill(const RetryPolicy& retry, proto::RetryPolicy* out) {
  out->set_initial_interval_ms(retry.initial_interval.count());
  out->set_backoff_coefficient(retry.backoff_coefficient);
  out->set_maximum_interval_ms(retry.maximum_interval.count());
  out->set_maximum_attempts(retry.maximum_attempts);
  for (const std::string& type : retry.non_retryable) out->add_non_retryable(base::to_text(type));
}

}  // namespace reprise::internal
