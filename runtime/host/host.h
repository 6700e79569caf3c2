// Keeps runs resident, evicts those unused for the longest time, and replays a run's history when
// it is needed again. Driven by a RunExecutor. Knows nothing of the store or of how inputs arrive.
//
// Not thread-safe: one thread makes every call.
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "base/visitor.h"
#include "replay/execution.h"
#include "replay/stack_recorder.h"
#include "runtime/debug_root.h"
#include "runtime/host/given_up.h"
#include "runtime/host/registry.h"
#include "runtime/host/run_label.h"
#include "runtime/host/steps_under_way.h"

namespace reprise::runtime {

class EngineMetrics;

// A run as its driver knows it, for one call: it gives the host what is needed to make the run
// resident.
class RunSource {
 public:
  const RunLabel& label() const { return label_; }
  virtual replay::RunInfo info() const = 0;
  // The recorded turns in order, until `visit` has seen enough. Called only for runs all of whose
  // turns are durable.
  virtual base::Status history(base::Visitor<const proto::Turn&> visit) const = 0;

 protected:
  explicit RunSource(const RunLabel& label) : label_(label) {}
  ~RunSource() = default;

 private:
  const RunLabel label_;
};

struct HostOptions {
  std::size_t cached_runs = 50'000;
  std::size_t cached_bytes = std::size_t{1} << 30;  // of stack memory
  std::size_t stack_bytes = 64 * 1024;
  bool strict = false;
  bool record_stacks = false;                                                // of commands
  std::size_t pending_operations = std::numeric_limits<std::size_t>::max();  // of one run
  std::size_t turn_bytes = std::numeric_limits<std::size_t>::max();          // of its commands
  std::size_t settings = std::numeric_limits<std::size_t>::max();        // it publishes at a time
  std::size_t settings_bytes = std::numeric_limits<std::size_t>::max();  // of those
  replay::CodeGuard* guard = nullptr;  // of workflow code; outlives the host; nullptr: none
  EngineMetrics* metrics = nullptr;    // nullptr: nothing is measured; with it, also:
  base::Gauge* resident = nullptr;     // runs in memory
  // Something that people must know: a strand was given up.
  std::function<void(std::string_view line)> report{};
};

struct TurnResult {
  replay::TurnEnd end = replay::TurnEnd::kBlocked;
  // For kParked: the run is no longer resident. By pointer: it is large and passes through each
  // turn.
  std::unique_ptr<replay::Trouble> trouble;
  std::vector<replay::UntakenUpdate> untaken{};  // see Execution::take_untaken()
};

class Host {
 public:
  using Key = std::uint64_t;  // the run's name in the host's messages
  struct Resident;
  // Refers to a run while it is resident. The owner of the run keeps this, at a fixed address as
  // long as it refers to anything; a hash table in the host would cost each turn a few more cache
  // misses.
  using Place = Resident*;

  // Calls of the host to its executor while code runs.
  class Executor {
   public:
    // A step is no longer waited for. True: no thread executes its closure, and none will. False:
    // one does or has; its outcome will be reported, and it is not retried.
    virtual bool step_unwanted(Key run, StepsUnderWay& steps, std::uint32_t step) = 0;
    // A step's closure is about to be destroyed: returns once no thread executes it, and none will.
    virtual void step_abandoned(Key run, StepsUnderWay& steps, std::uint32_t step) = 0;
    // Calls `drop`, which runs destructors of the run's code.
    virtual void dropping(Key run, base::FunctionRef<void()> drop) = 0;

   protected:
    ~Executor() = default;
  };

  // The executor outlives the host.
  Host(HostOptions options, Executor& executor);
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

  // The run is needed soon: asks for the memory that a turn of it touches (base/prefetch.h). Each
  // stage follows what the one before it, some runs earlier, has brought.
  enum class Prefetch : std::uint8_t { kPlace, kExecution, kState, kStrand };
  static void prefetch(Place place, Prefetch stage);

  // Runs one live turn, after a replay if the run is not resident.
  TurnResult run_turn(Place& place, const RunSource& source, proto::Turn* turn);
  // A turn without code was recorded: tells a resident run its inputs.
  void note_deferred(Place place, const proto::Turn& turn);
  base::Result<std::string> query(Place& place,
                                  const RunSource& source,
                                  std::string_view name,
                                  std::string_view input);
  // Makes the run resident; returns the trouble that prevents it.
  std::unique_ptr<replay::Trouble> load(Place& place, const RunSource& source);
  // The run has taken a checkpoint: its code is unwound, and the run stays resident without any, as
  // before its first turn. Its steps may still be under way.
  void begin_anew(Place place, const RunSource& source);
  // Replays the whole recorded history beside the resident run and, unless steps of it are under
  // way, goes on with the copy. Returns the trouble that the replay found, if any.
  std::unique_ptr<replay::Trouble> replay_afresh(Place place, const RunSource& source);
  // The same for a part of the history that ends with a checkpoint, without going on from it.
  std::unique_ptr<replay::Trouble> check_segment(Place place, const RunSource& source);

  // The execution of a resident run, or nullptr.
  static replay::Execution* find(Place place);
  // Of a resident run, which stays resident while it has any.
  static StepsUnderWay& steps(Place place);
  // Does nothing while steps are under way, or if it is not resident.
  void evict(Place place);
  // Evicts until the limits hold, those unused for longest first. `may_leave` is asked about each:
  // a run with a turn that is not durable could not be replayed.
  void evict_excess(base::FunctionRef<bool(Key)> may_leave);

  // Returns memory that was kept for a load that might have come back at once.
  bool has_spare_memory() const { return stacks_.can_cool(); }
  void release_spare_memory() { stacks_.cool(); }

  std::size_t resident() const { return resident_; }
  std::size_t resident_bytes() const { return stacks_.resident_bytes(); }

 private:
  // A run's code in memory, and the worker it belongs to.
  struct Loaded {
    std::shared_ptr<const WorkerCode> worker;
    std::unique_ptr<replay::Execution> execution;
  };

  std::unique_ptr<replay::Trouble> replay(Resident& run, const RunSource& source, Loaded* out);
  // Without a turn.
  std::unique_ptr<replay::Trouble> make(Resident& run, replay::RunInfo&& info, Loaded* out);
  std::unique_ptr<replay::Execution> execute(Resident& run,
                                             replay::RunInfo&& info,
                                             const replay::WorkflowCode& code);
  Resident* ensure(Place& place,
                   const RunSource& source,
                   std::unique_ptr<replay::Trouble>* why_not);
  void link_first(Resident* run);
  void unlink(Resident* run);
  void drop(Resident* run);
  void note_given_up(const replay::RunInfo& run, const replay::StrandStatus& strand);

  HostOptions options_;
  Executor& executor_;
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
