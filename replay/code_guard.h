// Watches the code of a run while it runs: it is told when that code is on the thread, and asked at
// the end of a turn what it found.
#pragma once
#include <optional>
#include <string>
#include <utility>

namespace reprise::replay {

struct RunInfo;

// Used by the thread that runs the code; may be shared by threads.
class CodeGuard {
 public:
  virtual ~CodeGuard() = default;

  virtual void begin_turn() = 0;
  // From now on the code of a run is on this thread, or is not. Returns the previous state.
  virtual bool watch(bool on) = 0;
  // Why a turn that is not recorded yet must not be recorded; nullopt: it may be. `live`: false on
  // replay, where there is nothing to prevent.
  virtual std::optional<std::string> end_turn(const RunInfo& run, bool live) = 0;
};

// While this lives, code of a run may do anything; `guard` may be null.
class Unwatched {
 public:
  explicit Unwatched(CodeGuard* guard)
      : guard_(guard), before_(guard != nullptr && guard->watch(false)) {}
  ~Unwatched() {
    if (guard_ != nullptr) (void)guard_->watch(before_);
  }
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;

 private:
  CodeGuard* guard_;
  bool before_;
};

}  // namespace reprise::replay
