// Executes the code of runs for a driver. A driver gets inputs and keeps histories: the shard of an
// embedded engine, or the worker of a remote service. It asks for a turn (inputs in, commands out),
// a step's closure (on any thread), or a query. The driver does not see code; the executor does not
// know where inputs come from or where histories are kept.
//
//   turn ──► commands                    begin_step ──► task ──► (a thread) ──► end_step
//
// Not thread-safe: one thread makes every call, and the code of runs executes on it. Only the
// closures of steps, which begin_step() returns, execute on others.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "base/turn_mark.h"
#include "runtime/host/attempt.h"
#include "runtime/host/code_mark.h"
#include "runtime/host/host.h"

namespace reprise::runtime {

struct RunExecutorOptions {
  HostOptions host{};
  // The label of a run that leaves memory: destructors of its code are about to run. Empty, or a
  // label without a number: the mark does not name the run.
  std::function<RunLabel(std::uint64_t run)> label_of{};
  // The code has given up a step that was under way but had not begun. It is no longer under way;
  // its task is skipped, wherever it waits.
  std::function<void(std::uint64_t run, std::uint32_t step)> step_withdrawn{};
  // The mark that tells the next process whose code ran; outlives the executor. nullptr: none.
  base::TurnMark* next_process = nullptr;
};

class RunExecutor final : private Host::Executor {
 public:
  using Place = Host::Place;

  explicit RunExecutor(RunExecutorOptions options);
  RunExecutor(const RunExecutor&) = delete;
  RunExecutor& operator=(const RunExecutor&) = delete;

  // For a watchdog and for crash reports; any thread.
  CodeMark& code_mark() { return code_mark_; }

  // ---- code ----

  const Registry& registry() const { return host_.registry(); }
  void add_worker(std::shared_ptr<const WorkerCode> code) { host_.add_worker(std::move(code)); }
  // Takes every run of the queue out of memory. No step of one may be under way: those that have
  // begun have ended, the others were taken back.
  void remove_worker(std::string_view task_queue) { host_.remove_worker(task_queue); }

  // ---- runs ----

  // Runs one live turn, after a replay if the run is not resident.
  TurnResult run_turn(Place& place, const RunSource& run, proto::Turn* turn);
  // A turn without code was recorded: tells a resident run its inputs.
  void note_deferred(Place place, const proto::Turn& turn) { host_.note_deferred(place, turn); }
  base::Result<std::string> query(Place& place,
                                  const RunSource& run,
                                  std::string_view name,
                                  std::string_view input);
  // Replays the whole history beside the resident run: replay::Trouble if the code does not match
  // its history.
  std::unique_ptr<replay::Trouble> replay_afresh(Place place, const RunSource& run);
  // The same for a part of the history that ends with a checkpoint.
  std::unique_ptr<replay::Trouble> check_segment(Place place, const RunSource& segment);
  // On its last turn the code has taken a checkpoint: see Host::begin_anew().
  void begin_anew(Place place, const RunSource& run) { host_.begin_anew(place, run); }
  // Why the code of a resident run would set such a signal aside; nullopt: it would not.
  std::optional<std::string> signal_refusal(Place place,
                                            const RunLabel& run,
                                            std::string_view name,
                                            std::string_view input);
  // Of a resident run on whose last turn another run follows: see Execution::take_unread().
  static replay::UnreadInputs take_unread(Place place) { return Host::find(place)->take_unread(); }
  // The same of one that reaches its limit now: see Execution::unread_at_limit().
  static replay::UnreadInputs unread_at_limit(Place place) {
    return Host::find(place)->unread_at_limit();
  }
  // Makes the run resident, after a replay. False: its code cannot run.
  [[nodiscard]] bool load(Place& place, const RunSource& run);
  // Is it resident, and has its code been called?
  static bool has_begun(Place place);
  // Does the code of the run take updates now? Not if it is not resident.
  static bool takes_updates(Place place);
  // What each strand of a resident run waits for; empty when it is not resident.
  static std::vector<std::string> waiting_for(Place place);

  // Takes the run out of memory, unless steps are under way.
  void evict(Place place) { host_.evict(place); }
  // Evicts until the limits hold, except runs that must stay: a run with a turn that is not in its
  // history yet could not be replayed.
  void evict_excess(base::FunctionRef<bool(std::uint64_t run)> may_leave) {
    host_.evict_excess(may_leave);
  }
  std::size_t resident() const { return host_.resident(); }
  // Memory that is kept in case the load comes back at once; released if it does not.
  bool has_spare_memory() const { return host_.has_spare_memory(); }
  void release_spare_memory() { host_.release_spare_memory(); }

  // ---- steps ----

  struct StepStopped {};   // the strand that waited for it is gone: nothing to do
  struct StepUnwanted {};  // the code has given it up: it has failed as cancelled
  // Returns the step's closure as a task, after a replay if the run is not resident. From then on
  // the step is under way, and the run stays resident, until end_step() or take_back_step().
  using BegunStep = std::variant<AttemptTask, StepStopped, StepUnwanted, replay::Trouble>;
  BegunStep begin_step(Place& place,
                       const RunSource& run,
                       const AttemptKey& key,
                       base::Duration start_to_close);
  // On this thread, between turns.
  replay::Outcome execute_here(const RunLabel& run, const AttemptTask& step);
  // Its closure has returned; the outcome becomes an input of the next turn, or the step begins
  // again.
  static void end_step(Place place, std::uint32_t id);
  // For a task that no thread will take. False: the code had given it up before.
  static bool take_back_step(Place place, const AttemptTask& step);
  // For one that waits for a thread. False: it is not under way, or a thread executes it.
  static bool take_back_step(Place place, std::uint32_t id);
  // Of a step or a transaction of a resident run; empty: its code waits for none of that id.
  static std::string name_of(Place place, std::uint32_t id);
  // nullptr: it is not under way.
  static const AttemptControl* step_under_way(Place place, std::uint32_t id);
  // Whether the code has given up a step of a resident run; such a step is not retried.
  static bool is_step_unwanted(Place place, std::uint32_t id);

 private:
  bool step_unwanted(std::uint64_t run, StepsUnderWay& steps, std::uint32_t id) override;
  void step_abandoned(std::uint64_t run, StepsUnderWay& steps, std::uint32_t id) override;
  void dropping(std::uint64_t run, base::FunctionRef<void()> drop) override;
  bool withdraw(std::uint64_t run, StepsUnderWay& steps, std::uint32_t id);

  RunExecutorOptions options_;
  CodeMark code_mark_;
  const proto::Turn* turn_ = nullptr;  // the one that runs now

  // Last: destroying it runs destructors of user code.
  Host host_;
};

}  // namespace reprise::runtime
