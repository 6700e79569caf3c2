// Runs workflow code for one shard: keeps runs resident, evicts the ones not used for longest, and
// replays a run's history when it is needed again. Driven from outside: "here are inputs, give me
// commands". Knows nothing of the store or of how inputs arrive.
//
// Not thread-safe: one thread makes every call.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/function_ref.h"
#include "base/result.h"
#include "replay/execution.h"
#include "runtime/host/registry.h"

namespace reprise::runtime {

// Where the host learns about a run that it has to make resident.
class RunSource {
 public:
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
  // A step's closure is about to be gone: returns once no thread executes it, and none will.
  std::function<void(std::uint64_t run, std::uint32_t step)> step_abandoned{};
};

struct TurnResult {
  replay::TurnEnd end = replay::TurnEnd::kBlocked;
  std::optional<replay::Trouble> trouble;  // for kParked: the run is no longer resident
};

class Host {
 public:
  using Key = std::uint64_t;

  explicit Host(HostOptions options);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const Registry& registry() const { return registry_; }
  void add_worker(std::shared_ptr<const WorkerCode> code) { registry_.add(std::move(code)); }
  // Takes every run of the queue out of memory. None of its steps may be executing.
  void remove_worker(std::string_view task_queue);

  // Moves the run by one live turn, replaying it first when it is not resident.
  TurnResult run_turn(Key key, const RunSource& source, proto::Turn* turn);
  // A deferred turn was recorded: a resident run must know its inputs.
  void note_deferred(Key key, const proto::Turn& turn);
  base::Result<std::string> query(Key key,
                                  const RunSource& source,
                                  std::string_view name,
                                  std::string_view input);
  // Makes the run resident if it is not; the trouble that prevents it otherwise.
  std::optional<replay::Trouble> load(Key key, const RunSource& source);
  // Replays the whole recorded history beside the resident run and, unless that is pinned, goes on
  // with the copy. The trouble that the replay found, if any.
  std::optional<replay::Trouble> replay_afresh(Key key, const RunSource& source);

  // The execution of a resident run, or nullptr.
  replay::Execution* find(Key key) const;
  // A pinned run stays resident: another thread executes a closure on its stack.
  void pin(Key key);
  void unpin(Key key);
  void evict(Key key);
  // Evicts until the limits hold, those unused for longest first. `may_leave` is asked about each:
  // a run with a turn that is not durable could not be replayed.
  void evict_excess(base::FunctionRef<bool(Key)> may_leave);

  // Memory that is kept for a load that may come back at once, and goes back when none does.
  bool has_spare_memory() const { return stacks_.can_cool(); }
  void release_spare_memory() { stacks_.cool(); }

  std::size_t resident() const { return runs_.size(); }
  std::size_t resident_bytes() const { return stacks_.resident_bytes(); }

 private:
  struct Resident {
    std::shared_ptr<const WorkerCode> worker;
    std::unique_ptr<replay::Execution> execution;
    int pins = 0;
    std::list<Key>::iterator used;  // its place in recently_used_
  };

  Resident* touch(Key key);
  std::optional<replay::Trouble> replay(Key key, const RunSource& source, Resident* out);
  Resident* ensure(Key key, const RunSource& source, std::optional<replay::Trouble>* trouble);
  void drop(std::unordered_map<Key, Resident>::iterator run);

  HostOptions options_;
  Registry registry_;
  replay::StackPool stacks_;
  std::list<Key> recently_used_;  // front: the latest
  std::unordered_map<Key, Resident> runs_;
};

}  // namespace reprise::runtime
