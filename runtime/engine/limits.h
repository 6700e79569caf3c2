// What a request may be at most. Checked before anything is recorded.
#pragma once
#include <string_view>

#include "base/result.h"

namespace reprise::runtime {

inline constexpr std::size_t kMaxIdBytes = 1'000;                      // workflow ids and names
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{2} << 20;  // one payload

// Results of attempts that are not durable. What an attempt has done is done again when the process
// dies before its result is durable, so no attempt begins while there are so many. With 10,000 runs
// in flight 1,024 would cost a quarter of the throughput, because commits would wait for threads.
inline constexpr std::size_t kMaxUnrecordedResults = 4'096;

// kInvalidId, naming `what` it is, for what is empty or too long. Enough where a run is only looked
// for: stores of version 0.1 may hold runs whose ids are no UTF-8.
base::Status check_length(std::string_view what, std::string_view id);

// Likewise, and for what is no UTF-8, which nobody could show, type or export. NUL and other
// control characters are allowed. Everything that is recorded as an id or a name has passed it.
base::Status check_id(std::string_view what, std::string_view id);

base::Status check_request(std::string_view workflow_id,
                           std::string_view name,
                           std::string_view input);

}  // namespace reprise::runtime
