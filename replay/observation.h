// Tells a ReplayObserver about one run, and lets it end the replay; does nothing without an
// observer.
#pragma once
#include <cstdint>
#include <string>

#include "proto/log.pb.h"
#include "replay/command_log.h"
#include "replay/replay_observer.h"
#include "replay/scheduler.h"

namespace reprise::replay {

class Observation {
 public:
  Observation(ReplayObserver* observer, const CommandLog& log, Scheduler& scheduler)
      : observer_(observer), log_(log), scheduler_(scheduler) {}

  bool has_observer() const { return observer_ != nullptr; }
  // Is the observer told anything now? Not in live turns.
  bool is_told() const { return observer_ != nullptr && (log_.replaying() || rehearses_); }

  // A live turn that is not recorded follows; the observer is told of it too.
  void rehearse() { rehearses_ = true; }
  bool rehearses() const { return rehearses_; }

  void applying(std::uint64_t number, const proto::Event& input);
  void settled();
  // The code makes a command that the log may have next, or has as event `number`. On replay.
  void asks(const proto::Event& command);
  void asks(const proto::Event& command, std::uint64_t number);
  // Called on a strand that goes on; throws Evicted when it must not.
  void resumed();
  void differs(const Trouble& trouble);
  void throws(const std::string& what);

  // The observer has ended the replay, or what would follow is unknown. No code of the run goes on:
  // its strands leave at their next call, at the latest when the execution is destroyed.
  void leave();
  bool left() const { return left_; }

 private:
  ReplayObserver* const observer_;
  const CommandLog& log_;
  Scheduler& scheduler_;
  bool rehearses_ = false;
  bool left_ = false;
};

}  // namespace reprise::replay
