// Runs workflow code for one shard: keeps runs resident, evicts the ones not used for longest, and
// replays a run's history when it is needed again. Driven from outside: "here are inputs, give me
// commands". Knows nothing of the store or of how inputs arrive.
//
// Not thread-safe: one thread makes every call.
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "base/result.h"
#include "replay/execution.h"
#include "replay/stack_recorder.h"
#include "runtime/debug_root.h"
#include "runtime/host/given_up.h"
#include "runtime/host/registry.h"

namespace reprise::runtime {

// Where the host learns about a run that it has to make resident.
class RunSource {
 public:
  virtual std::uint64_t key() const = 0;
  virtual replay::RunInfo info() const = 0;
  // The recorded turns in order, until `visit` returns false. Called only for runs all of whose
  // turns are durable.
  virtual base::Status history(base::FunctionRef<bool(const proto::Turn&)> visit) const = 0;

 protected:
  ~RunSource() = default;
};

struct HostOptions {
  std::size_t cached_runs = 50'000;
  std::size_t cached_bytes = std::size_t{1} << 30;  // of stack memory
  std::size_t stack_bytes = 64 * 1024;
  bool strict = false;
  bool record_stacks = false;                                                // of commands
  std::size_t pending_operations = std::numeric_limits<std::size_t>::max();  // of one run
  std::size_t turn_bytes = std::numeric_limits<std::size_t>::max();          // of its commands
  replay::CodeGuard* guard = nullptr;  // of workflow code; outlives the host; nullptr: none
  // Nobody waits for a step any more. True: no thread executes its closure, and none will. False:
  // one does or has; its outcome will be told, and it is not tried again.
  std::function<bool(std::uint64_t run, std::uint32_t step)> step_unwanted{};
  // A step's closure is about to be gone: returns once no thread executes it, and none will.
  std::function<void(std::uint64_t run, std::uint32_t step)> step_abandoned{};
  // Something that people must know of: a strand was given up.
  std::function<void(std::string_view line)> report{};
  // Calls `drop`, which runs destructors of this run's code.
  std::function<void(std::uint64_t run, base::FunctionRef<void()> drop)> dropping{};
};

struct TurnResult {
  replay::TurnEnd end = replay::TurnEnd::kBlocked;
  std::optional<replay::Trouble> trouble;  // for kParked: the run is no longer resident
};

class Host {
 public:
  using Key = std::uint64_t;  // what the host calls a run when it speaks of it
  struct Resident;
  // Where a run is found while it is resident. Whoever keeps the run keeps its place, at the same
  // address for as long as it refers to anything; a hash table in the host instead would cost each
  // turn a few cache misses more.
  using Place = Resident*;

  explicit Host(HostOptions options);
  ~Host();  // every place it filled is empty afterwards
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const Registry& registry() const { return registry_; }
  void add_worker(std::shared_ptr<const WorkerCode> code) {
    registry_.add(std::move(code));
    given_up_.forgive();
  }
  // Takes every run of the queue out of memory. None of its steps may be executing.
  void remove_worker(std::string_view task_queue);

  // Moves the run by one live turn, replaying it first when it is not resident.
  TurnResult run_turn(Place& place, const RunSource& source, proto::Turn* turn);
  // A deferred turn was recorded: a resident run must know its inputs.
  void note_deferred(Place place, const proto::Turn& turn);
  base::Result<std::string> query(Place& place,
                                  const RunSource& source,
                                  std::string_view name,
                                  std::string_view input);
  // Makes the run resident if it is not; the trouble that prevents it otherwise.
  std::optional<replay::Trouble> load(Place& place, const RunSource& source);
  // Replays the whole recorded history beside the resident run and, unless that is pinned, goes on
  // with the copy. The trouble that the replay found, if any.
  std::optional<replay::Trouble> replay_afresh(Place place, const RunSource& source);

  // The execution of a resident run, or nullptr.
  static replay::Execution* find(Place place);
  // A pinned run stays resident: another thread executes a closure on its stack.
  static void pin(Place place);
  static void unpin(Place place);
  // Unless it is pinned, or not resident.
  void evict(Place place);
  // Evicts until the limits hold, those unused for longest first. `may_leave` is asked about each:
  // a run with a turn that is not durable could not be replayed.
  void evict_excess(base::FunctionRef<bool(Key)> may_leave);

  // Memory that is kept for a load that may come back at once, and goes back when none does.
  bool has_spare_memory() const { return stacks_.can_cool(); }
  void release_spare_memory() { stacks_.cool(); }

  std::size_t resident() const { return resident_; }
  std::size_t resident_bytes() const { return stacks_.resident_bytes(); }

 private:
  // A run's code in memory, and the worker whose it is.
  struct Loaded {
    std::shared_ptr<const WorkerCode> worker;
    std::unique_ptr<replay::Execution> execution;
  };

  std::optional<replay::Trouble> replay(const RunSource& source, Loaded* out);
  Resident* ensure(Place& place, const RunSource& source, std::optional<replay::Trouble>* why_not);
  void link_first(Resident* run);
  void unlink(Resident* run);
  void drop(Resident* run);
  void note_given_up(const replay::RunInfo& run, const replay::StrandStatus& strand);

  HostOptions options_;
  Registry registry_;
  replay::StackPool stacks_;
  base::Symbols symbols_;  // of reports and recorded stacks
  replay::StackTexts stack_texts_{symbols_};
  GivenUp given_up_;
  Resident* latest_ = nullptr;  // used last; a list from here to the one unused for longest
  Resident* oldest_ = nullptr;
  std::size_t resident_ = 0;
  DebugRoot debug_root_{*this};
};

}  // namespace reprise::runtime
