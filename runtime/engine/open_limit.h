// The limits of an attempt that is left open. They count from what the log says, so a restart moves
// none of them.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/engine/live_operations.h"
#include "runtime/fold/run_state.h"

namespace reprise::runtime {

struct OpenLimit {
  std::int64_t at_ms = 0;
  std::string_view name;
};

// The earliest; nullopt: it has none.
std::optional<OpenLimit> earliest_limit(const PendingOperation& operation,
                                        const OperationDetails& details);

}  // namespace reprise::runtime
