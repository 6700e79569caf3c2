// Counts and durations over many runs: what `reprise stats` shows. Its memory grows with the names
// of workflows and activities, and with the pending operations of the history being read.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "event/catalogue.h"
#include "proto/log.pb.h"
#include "runtime/fold/run_state.h"
#include "tools/duration_histogram.h"

namespace reprise::tools {

struct WorkflowStats {
  std::uint64_t runs = 0;
  std::map<runtime::RunStatus, std::uint64_t> by_status{};
  DurationHistogram durations{};  // of closed ones: from start to end
};

struct OperationStats {
  std::uint64_t calls = 0;  // by workflow code
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t cancelled = 0;  // or abandoned, or dropped by the run's end
  std::uint64_t failed_attempts = 0;
  DurationHistogram durations{};  // from the turn that asked to the turn that recorded the end

  std::uint64_t waiting() const { return calls - done - failed - cancelled; }
  std::uint64_t attempts() const { return done + failed_attempts; }  // that came to an end
};

// What runs publish now, or published when they ended.
struct SettingStats {
  std::uint64_t runs = 0;  // that publish anything
  std::uint64_t settings = 0;
  std::uint64_t bytes = 0;  // as limits count them
};

// Runs that were tried again or wait with their code.
struct AttemptStats {
  std::uint64_t retried = 0;  // ended, and another one is the next attempt
  std::uint64_t delayed = 0;  // open, and their code may not run yet
};

struct CheckpointStats {
  std::uint64_t runs = 0;         // that have taken one
  std::uint64_t checkpoints = 0;  // of those whose histories were read
};

class StoreStats {
 public:
  void add_run(const runtime::RunState& run);

  // A run's turns in order, then end_history().
  void add_turn(const proto::Turn& turn);
  void end_history();

  using Operations = std::map<std::pair<event::Operation, std::string>, OperationStats>;
  const std::map<std::string, WorkflowStats>& workflows() const { return workflows_; }
  const Operations& operations() const { return operations_; }
  const SettingStats& settings() const { return settings_; }
  const AttemptStats& attempts() const { return attempts_; }
  const CheckpointStats& checkpoints() const { return checkpoints_; }
  // Signals that code did not see, because they do not decode, by name.
  const std::map<std::string, std::uint64_t>& set_aside() const { return set_aside_; }

 private:
  enum class End { kDone, kFailed, kCancelled };
  struct Pending {
    OperationStats* stats;
    std::int64_t began_ms;
  };

  class Tally;  // what a walk through a turn counts here
  void answer(event::Answer answer, std::uint32_t id, std::int64_t time_ms);
  void begin(event::Operation kind,
             const std::string& name,
             std::uint32_t id,
             std::int64_t time_ms);
  void count_failed_attempt(std::uint32_t id);
  void finish(std::uint32_t id, End end, std::int64_t time_ms);

  std::map<std::string, WorkflowStats> workflows_;
  Operations operations_;
  SettingStats settings_;
  AttemptStats attempts_;
  CheckpointStats checkpoints_;
  std::map<std::string, std::uint64_t> set_aside_;
  std::unordered_map<std::uint32_t, Pending> pending_;
};

}  // namespace reprise::tools
