// How a run is started, from the options of whoever starts it: those of a client's start and those
// of other starts share run_timeout, execution_timeout and retry.
#pragma once
#include "reprise/options.h"
#include "runtime/start_terms.h"

namespace reprise::internal {

void fill(const RetryPolicy& retry, proto::RetryPolicy* out);

template <class Options>
runtime::StartTerms to_terms(const Options& options) {
  runtime::StartTerms terms;
  terms.run_timeout = options.run_timeout;
  terms.execution_timeout = options.execution_timeout;
  if (options.retry) fill(*options.retry, &terms.retry.emplace());
  if constexpr (requires { options.start_delay; }) terms.start_delay = options.start_delay;
  if constexpr (requires { options.request_id; }) terms.request_id = options.request_id;
  return terms;
}

}  // namespace reprise::internal
