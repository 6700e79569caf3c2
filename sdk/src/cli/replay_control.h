// What a debugger and `program replay` share: plain fields, read and written by
// tools/gdb/reprise-gdb.py while the process stands still.
#pragma once
#include <cstdint>

namespace reprise::internal {

struct ReplayControl {
  static constexpr std::uint32_t kRunOn = 0;     // to the end, or to where code and log differ
  static constexpr std::uint32_t kToEvent = 1;   // stop at the event with the number `target`
  static constexpr std::uint32_t kToMoment = 2;  // stop when `moment` is `target`

  // Written by the debugger at a stop. A target that has passed starts the replay over.
  volatile std::uint32_t request = kRunOn;
  volatile std::uint64_t target = 0;

  // The position of the replay. Moments number the events in the order in which the replay reaches
  // them, from 1: in the history a turn's inputs come before all its commands, in time they
  // alternate.
  std::uint64_t moment = 0;
  std::uint64_t event = 0;             // 0: none, before the first or after the last
  std::uint64_t first = 1;             // event of the replay: it may begin at a checkpoint
  std::uint64_t events = 0;            // of the history
  bool on_strand = false;              // at a stop: in a call of the workflow's code
  const char* const* lines = nullptr;  // one for each of them
  bool active = false;                 // a replay is under way
};

// The one of this process: a debugger needs a name.
extern ReplayControl replay_control;

}  // namespace reprise::internal
