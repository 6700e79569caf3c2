// Whether the log has room. While it has none the engine answers questions and takes no work: what
// it cannot record it must not accept, and what it has accepted waits.
#pragma once
#include <atomic>
#include <mutex>

#include "base/result.h"

namespace reprise::runtime {

// Thread-safe.
class Space {
 public:
  bool full() const { return full_.load(); }

  // What a request is told while there is no room.
  base::Error refusal() const {
    const std::lock_guard lock(mutex_);
    return {base::ErrorCode::kStoreFull, "nothing was recorded: " + why_};
  }

  // The writer's news: kStoreFull, or no error once there is room.
  void set(const base::Status& room) {
    const std::lock_guard lock(mutex_);
    if (!room) why_ = room.error().message;
    full_ = !room;
  }

 private:
  std::atomic<bool> full_{false};
  mutable std::mutex mutex_;
  std::string why_;
};

}  // namespace reprise::runtime
