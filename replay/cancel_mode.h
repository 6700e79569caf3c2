// What a cancellation does to something that another run, or a worker, has under way.
#pragma once
#include <cstdint>

#include "proto/log.pb.h"

namespace reprise::replay {

enum class CancelMode : std::uint8_t {
  kWait,     // asks it to cancel, and waits for its end
  kTry,      // asks it to cancel, and does not wait
  kAbandon,  // lets it go on, and does not wait
};

// Of an activity. A mode that only a newer version knows counts as the default.
constexpr CancelMode mode_of(proto::ActivityScheduled::OnCancel recorded) {
  if (recorded == proto::ActivityScheduled::WAIT) return CancelMode::kWait;
  if (recorded == proto::ActivityScheduled::ABANDON) return CancelMode::kAbandon;
  return CancelMode::kTry;
}

}  // namespace reprise::replay
