// How a run was started, where that matters later: its limits, retries, delay and request.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/pooled.h"
#include "proto/log.pb.h"
#include "proto/summary.pb.h"

namespace reprise::runtime {

// See proto::RunStarted.
struct RunTerms : base::Pooled<RunTerms> {
  std::int64_t run_timeout_ms = 0;
  std::int64_t execution_due_ms = 0;  // the chain ends at the latest; 0: never
  std::int64_t delayed_until_ms = 0;  // 0: its code may run
  std::uint32_t attempt = 1;
  bool asked_to_cancel = false;
  std::unique_ptr<proto::RetryPolicy> retry;  // nullptr: it is not tried again
  std::string request_id;                     // empty: none
  std::shared_ptr<const proto::Precedence> precedence;  // nullptr: the default
};

// nullptr: it was started with none. A run_timeout alone needs none.
std::unique_ptr<RunTerms> terms_of(const proto::RunStarted& started);

// In summaries.
void write(const RunTerms& terms, proto::RunTerms* out);
std::unique_ptr<RunTerms> read(const proto::RunTerms& stored);

}  // namespace reprise::runtime
