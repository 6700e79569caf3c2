// What watches the code of a run while it runs, if anything does: told when that code is on the
// thread, asked at the end of a turn what it found.
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
  // The code of a run is on this thread from now on, or is not. Returns what was so before.
  virtual bool watch(bool on) = 0;
  // Why a turn that is not recorded yet must not be; nullopt: it may. `live`: false on replay,
  // where there is nothing left to prevent.
  virtual std::optional<std::string> end_turn(const RunInfo& run, bool live) = 0;
};

// Code of a run that may do anything while this lives; `guard` may be null.
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
