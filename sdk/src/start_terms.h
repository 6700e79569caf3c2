// How a run is started, from the options of whoever starts it: those of a client's start and those
// of other starts share run_timeout, execution_timeout and retry.
#pragma once
#include <optional>

#include "reprise/options.h"
#include "runtime/start_terms.h"

namespace reprise::internal {

void fill(const RetryPolicy& retry, proto::RetryPolicy* out);

// What the options say about the order of attempts; nullopt: nothing.
template <class Options>
std::optional<proto::Precedence> to_precedence(const Options& options) {
  const bool any =
      options.priority != 0 || !options.fairness_key.empty() || options.fairness_weight != 0;
  if (!any) return std::nullopt;
  proto::Precedence precedence;
  precedence.set_priority(static_cast<std::uint32_t>(options.priority));
  precedence.set_fairness_key(options.fairness_key);
  precedence.set_fairness_weight(options.fairness_weight);
  return precedence;
}

template <class Options>
runtime::StartTerms to_terms(const Options& options) {
  runtime::StartTerms terms;
  terms.run_timeout = options.run_timeout;
  terms.execution_timeout = options.execution_timeout;
  if (options.retry) fill(*options.retry, &terms.retry.emplace());
  terms.precedence = to_precedence(options);
  if constexpr (requires { options.start_delay; }) terms.start_delay = options.start_delay;
  if constexpr (requires { options.request_id; }) terms.request_id = options.request_id;
  return terms;
}

}  // namespace reprise::internal
