// Whether the log has room. While it has none the engine answers questions and takes no work: it
// must not accept what it cannot record, and accepted work waits.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace reprise::runtime {

// Thread-safe.
class Space {
 public:
  bool full() const { return full_.load(); }

  // The error of requests while there is no room.
  base::Error refusal() const {
    const std::lock_guard lock(mutex_);
    return {base::ErrorCode::kStoreFull, "nothing was recorded: " + why_};
  }

  // The writer's news: kStoreFull, or no error once there is room.
  void set(const base::Status& room) {
    const std::lock_guard lock(mutex_);
    if (!room) why_ = room.error().message;
    if (!room && !full_) since_ = std::chrono::steady_clock::now();
    full_ = !room;
  }

  // The error for a caller whose request was accepted and who has waited since `asked`, once the
  // store has had no room for `longest` of that time.
  std::optional<base::Error> patience_ended(base::SteadyTime asked, base::Duration longest) const {
    const std::lock_guard lock(mutex_);
    const auto waited = std::chrono::steady_clock::now() - std::max(asked, since_);
    if (!full_ || !base::reached(longest, waited)) return std::nullopt;
    return base::Error{base::ErrorCode::kStoreFull,
                       "this was accepted, and is not recorded yet: it will be when there is room, "
                       "unless the process ends before. Ask what has become of it before you "
                       "repeat it; " +
                           why_};
  }

 private:
  std::atomic<bool> full_{false};
  mutable std::mutex mutex_;
  std::string why_;
  base::SteadyTime since_{};
};

}  // namespace reprise::runtime
