// How a run is started besides what it is: limits, retries, the delay. Whoever starts a run, a
// client or another run, says it with this and records it with record_terms().
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "proto/log.pb.h"

namespace reprise::runtime {

struct StartTerms {
  base::Duration run_timeout{0};        // 0: none
  base::Duration execution_timeout{0};  // of the whole chain; 0: none
  std::optional<proto::RetryPolicy> retry{};
  base::Duration start_delay{0};
  std::string request_id{};  // empty: none
  std::optional<proto::Precedence> precedence{};
};

// `now_ms`: the time of the start.
void record_terms(const StartTerms& terms, std::int64_t now_ms, proto::RunStarted* started);

}  // namespace reprise::runtime
