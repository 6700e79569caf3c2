// What a request may be at most. Checked before anything is recorded.
#pragma once
#include <string_view>

#include "base/result.h"

namespace reprise::runtime {

inline constexpr std::string_view kDefaultTaskQueue = "default";
inline constexpr std::size_t kMaxIdBytes = 1'000;                      // workflow ids and names
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{2} << 20;  // one payload

// Results of attempts that are not durable. What an attempt has done is done again when the process
// dies before its result is durable, so no attempt begins while there are so many. With 10,000 runs
// in flight 1,024 would cost a quarter of the throughput, because commits would wait for threads.
inline constexpr std::size_t kMaxUnrecordedResults = 4'096;

base::Status check_request(std::string_view workflow_id,
                           std::string_view name,
                           std::string_view input);

}  // namespace reprise::runtime
