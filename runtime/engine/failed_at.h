// Where a failed run began to fail: the operation whose failure ended it, or its own last turn.
#pragma once
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "proto/log.pb.h"

namespace reprise::runtime {

struct FailedAt {
  std::uint64_t event = 0;      // of the history, from 1
  std::uint32_t operation = 0;  // 0: no operation has failed, the code has
};

// kNothingFailed: it goes on, or has ended in another way.
base::Result<FailedAt> failed_at(const std::vector<proto::Turn>& history);

}  // namespace reprise::runtime
