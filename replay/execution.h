// One resident run: its strands, what they wait for, and its turns. Given inputs, it runs the code
// until all strands wait and returns commands; given a recorded turn, it does the same and compares
// every command with the recorded one. No I/O, no clock, no threads.
//
// Not thread-safe: everything, construction and destruction included, happens on one thread.
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/call_site.h"
#include "base/function_ref.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/symbols.h"
#include "base/time.h"
#include "event/headers.h"
#include "proto/log.pb.h"
#include "replay/behaviours.h"
#include "replay/code_guard.h"
#include "replay/commands/child.h"
#include "replay/mismatch.h"
#include "replay/operation.h"
#include "replay/outcome.h"
#include "replay/replay_observer.h"
#include "replay/scope.h"
#include "replay/stack_pool.h"
#include "replay/strand_status.h"
#include "replay/thrown.h"
#include "replay/unread.h"
#include "replay/untaken_update.h"

namespace reprise::replay {

class Execution;
class StackTexts;

// The code of a run, made anew each time the run becomes resident. It outlives run(), so that a
// finished run can answer queries from the state it ended with.
class WorkflowInstance {
 public:
  virtual ~WorkflowInstance() = default;
  // Both are called once, on the run's main strand. A Failure that ends the run is returned, not
  // thrown; any exception but Evicted is a bug and parks the run.
  //
  // Makes the code ready, which may take several turns. After it the handlers are registered.
  virtual Outcome make() { return {}; }
  virtual Outcome run(std::string_view input) = 0;
};

// Called on the run's main strand, when its RunStarted is applied.
using WorkflowCode = std::function<std::unique_ptr<WorkflowInstance>(Execution&)>;

struct RunInfo {
  base::RunId run_id{};
  std::string workflow_id{};
  std::string workflow{};  // the definition's name
  std::string task_queue{};
  std::string parent_workflow_id{};  // as its RunStarted has it; empty: a client has started it
  base::RunId parent_run_id{};
  std::uint32_t attempt = 1;  // known once its start has been applied
};

struct ExecutionOptions {
  // Compare what commands carry too: inputs of activities, durations of timers, results.
  bool strict = false;
  // Told in a live turn that a step is no longer waited for. True: no thread executes its closure,
  // and none will. False: one does or has; its outcome will be an input, and it is not retried.
  // Empty: there is nobody to execute steps, but cancelled ones go on.
  std::function<bool(std::uint32_t id)> step_unwanted{};
  // Told that a step's closure is about to be destroyed with its strand's stack: returns once no
  // thread executes it, and none will.
  std::function<void(std::uint32_t id)> step_abandoned{};
  // Told that a strand has repeatedly swallowed its unwinding and was given up: its frames, and the
  // whole execution, stay in memory until the process ends. Called outside strands.
  std::function<void(const RunInfo&, const StrandStatus&)> given_up{};
  // A run that asks for more is parked (kRunLimit). Not checked on replay: what was recorded stays
  // valid when a limit is lowered.
  std::size_t pending_operations = std::numeric_limits<std::size_t>::max();
  std::size_t turn_bytes = std::numeric_limits<std::size_t>::max();  // of a turn's commands
  std::size_t settings = std::numeric_limits<std::size_t>::max();    // that it publishes at a time
  std::size_t settings_bytes = std::numeric_limits<std::size_t>::max();  // names included
  // Watches the code while it runs and outlives the execution; nullptr: nothing does.
  CodeGuard* guard = nullptr;
  // Names of functions for reports, shared by the executions of a thread, which it outlives;
  // nullptr: reports show no stacks.
  base::Symbols* symbols = nullptr;
  // Texts of the stacks that commands of live turns record, likewise; nullptr: none are recorded.
  StackTexts* record_stacks = nullptr;
  // Told what happens while recorded turns are replayed; outlives the execution. nullptr: none.
  ReplayObserver* observer = nullptr;
};

enum class TurnEnd {
  kBlocked,     // every strand waits
  kClosed,      // the turn's last command ends the run
  kCheckpoint,  // it is a checkpoint: the next turn is for another execution
  kParked,      // trouble() says why; the execution cannot be used further
  kLeft,        // the observer has ended the replay; likewise
};

// Why a run is parked.
struct Trouble {
  base::ErrorCode code{};
  std::string report;                // for people, several lines
  std::optional<Mismatch> mismatch;  // for kNondeterminism
  std::optional<Thrown> thrown{};    // for kWorkflowBug
};

// What the code of a run has asked about a change, and the answer.
struct Patch {
  bool taken = false;       // the new branch
  bool asked = false;       // by patched()
  bool deprecated = false;  // by deprecate_patch()
  Lifecycle marker{Lifecycle::Kind::kPatch};
  // Assumed by deprecate_patch(): the log has no marker.
  bool unmarked() const { return taken && marker.state() == Lifecycle::State::kAbandoned; }
};
using Patches = std::unordered_map<std::string, Patch>;  // by change id

// The trouble's report with its payloads, for a reader who may see them, and with the places that
// `symbols` knows.
std::string full_report(const Trouble& trouble, const RunInfo& info, base::Symbols* symbols);

enum class Waited { kReady, kCancelled, kTimedOut };

class Execution {
 public:
  // `code` and `pool` must outlive the execution.
  Execution(RunInfo info, const WorkflowCode& code, StackPool& pool, ExecutionOptions options = {});
  ~Execution();  // evicts every strand; if one is given up, what it may refer to stays
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  // ---- for the host ----

  // Applies turn->inputs one at a time and appends to turn->commands. Inputs after the one that
  // closed the run are removed from the turn: they came too late to be part of it.
  TurnEnd run_turn(proto::Turn* turn);
  // The same against a turn from the log; the inputs of turns without code are
  // kept for the next one.
  TurnEnd replay_turn(const proto::Turn& recorded);
  // After the last recorded turn: what the code does with the inputs of turns without code, which
  // it has not seen. Nothing is recorded, so the execution cannot be used after it; an input that
  // ends the run must not be among them. kLeft: the code asks for a side effect, which is not
  // computed here, so what would follow is unknown.
  TurnEnd rehearse();
  const Trouble& trouble() const;
  // A turn is run soon: asks for the memory that it touches first, and, once the state is there,
  // for the first strand (base/prefetch.h).
  void prefetch_state() const;
  void prefetch_strand() const;

  bool closed() const;  // or at a checkpoint
  bool at_checkpoint() const;
  // After a turn that ended with continue_as_new() or checkpoint(), or with a failure after which
  // the run is tried again: what the run was sent and its code has not seen or not answered. These
  // are inputs of the next run. Once.
  UnreadInputs take_unread();
  // The same of a run that reaches its limit now, after recorded turns, and is tried again.
  UnreadInputs unread_at_limit() const;
  // After a live turn: updates that it has not taken, in the order in which they were given to it.
  // Once.
  std::vector<UntakenUpdate> take_untaken();
  // Has the code been called?
  bool has_begun() const;
  // None that came now would be too early.
  bool takes_updates() const;
  // Would the code set such a signal aside now, as far as is known? If so, returns what is wrong
  // with it. Calls the user's codec.
  std::optional<std::string> signal_refusal(std::string_view name, std::string_view input) const;
  // Answers from the state after the last turn. kUnknownQuery lists the names that have handlers.
  base::Result<std::string> query(std::string_view name, std::string_view input);
  // The closure of a pending step or transaction; nullopt when no strand waits for it. Valid until
  // the turn that completes it; the run must stay resident while another thread executes it.
  std::optional<base::FunctionRef<Outcome()>> step_body(std::uint32_t id) const;
  // What the pending operation is called; empty: there is none.
  std::string name_of(std::uint32_t id) const;
  // The code no longer wants that pending step: if no thread is executing it, it has failed as
  // cancelled, and none will execute it.
  bool step_no_longer_wanted(std::uint32_t id) const;
  // One line per strand: what it waits for, and where the code asked for it.
  std::vector<std::string> waiting_for() const;
  // Every strand with its stack, between turns. Runs no code of the run; 2 us for each.
  std::vector<StrandStatus> strands() const;
  // The strand that runs now, from 1 (the workflow function itself) in order of creation; 0: none.
  // A signal handler that has interrupted the run's thread may call this too.
  std::size_t running_strand() const;
  std::uint64_t events() const;  // events of the history applied so far
  const Patches& patches() const;

  // ---- for workflow code, called on one of the run's strands ----
  // Each throws Evicted when the run is leaving memory.

  // Is the caller on a strand of this run, outside query handlers? Everything below needs it.
  bool callable() const;
  // The name, for people, of the closure that the caller is in and that must make no durable calls:
  // only now(), replaying(), cancelled() and has_signal(). nullptr: none.
  const char* closure() const;

  const RunInfo& info() const;
  // With which the run was started. Known once its start has been applied.
  const event::Headers& headers() const;
  // Calls `body` as a closure that must make no durable calls, see closure().
  void in_closure(const char* what, base::FunctionRef<void()> body);
  const Behaviours& behaviours() const;
  base::Time now() const;
  std::uint64_t random();
  bool replaying() const;

  // `fill` sets everything in the command except its id; it must not call the run.
  OperationRef schedule_activity(base::FunctionRef<void(proto::ActivityScheduled&)> fill,
                                 base::CallSite site);
  OperationRef start_timer(base::Duration duration, base::CallSite site);
  // Waits until the step is done, cancelled scope or not: `body` refers to the caller's frame.
  Outcome run_step(base::FunctionRef<void(proto::StepScheduled&)> fill,
                   base::FunctionRef<Outcome()> body,
                   base::CallSite site);
  // The same for a transaction, whose body the thread that writes the log executes.
  Outcome run_transaction(std::string_view name,
                          base::FunctionRef<Outcome()> body,
                          base::CallSite site);
  // The recorded value on replay; otherwise compute() now.
  std::string side_effect(base::FunctionRef<std::string()> compute, base::CallSite site);
  // The number of the event with the value that the two above returned last.
  std::uint64_t value_event() const;
  // Must the code take the new branch of a change? The marker in the log says so.
  bool patched(std::string_view change_id, base::CallSite site);
  // The new branch is the only one left: accepts the marker of runs that have it, and gives new
  // runs one that code without this call ignores.
  void deprecate_patch(std::string_view change_id, base::CallSite site);

  // Records what the code decided, in a cancelled scope too; on replay it is compared.
  void decide(std::string_view what, bool outcome, base::CallSite site);

  // Messages to another run, each of which completes when the other has recorded it. `fill` as in
  // schedule_activity().
  OperationRef send_signal(base::FunctionRef<void(proto::SignalSent&)> fill, base::CallSite site);
  OperationRef send_cancel(base::FunctionRef<void(proto::CancelSent&)> fill, base::CallSite site);

  // Starts another run. `fill` as above: no run id, and an empty workflow id for one made of this
  // run's id and the operation's.
  StartedChild start_child(base::FunctionRef<void(proto::ChildScheduled&)> fill,
                           CancelMode on_cancel,
                           base::CallSite site);

  // Publishes a value, in a cancelled scope too; an empty one takes the name back. On replay name
  // and type are compared. If the run publishes the name now, `type` must be that of
  // setting_type().
  using SettingType = proto::SettingRecorded::Type;
  void set(std::string_view name, std::string_view value, SettingType type, base::CallSite site);
  // nullopt: the run does not publish that name now.
  std::optional<SettingType> setting_type(std::string_view name) const;

  // Ends the run with this command and unwinds the caller: throws a private type, which later calls
  // of the strand throw again. `fill` sets everything but the id of the next run. Only on the main
  // strand (see on_main_strand()), in a cancelled scope too.
  [[noreturn]] void continue_as_new(base::FunctionRef<void(proto::RunContinuedAsNew&)> fill,
                                    base::CallSite site);
  bool on_main_strand() const;
  // Likewise, and the run goes on: as a fresh call of its code with that input, by another
  // execution. Nothing must be under_way().
  [[noreturn]] void checkpoint(std::string&& input, base::CallSite site);
  // What prevents a checkpoint: an operation without an outcome, a child that has not ended, an
  // update without an answer, a handler or a spawned strand that has begun, for people. nullopt:
  // nothing does.
  std::optional<std::string> under_way() const;
  // The events of the history since the last checkpoint, up to the input that the code runs on,
  // which may be a deferred one: if all of those counted at once, code that continues when there
  // are many would never see them.
  std::uint64_t history_events() const;

  // Gives up a pending activity, timer or child: it is complete at once, as cancelled; an activity
  // or a child with CancelMode::kWait when it has ended.
  void cancel(Operation& operation, base::CallSite site);

  // False: the current scope is cancelled, nothing is started in it any more.
  bool may_start();

  // Wait for completion. kCancelled: the current scope was cancelled first.
  Waited wait(Operation& operation);
  // Index of the one that completed earliest in the log; nullopt: the scope was cancelled.
  std::optional<std::size_t> wait_first(std::span<Operation* const> operations);
  // Evaluates `condition()` as wait_until() does.
  bool holds(base::FunctionRef<bool()> condition);
  // `condition` is evaluated on this strand whenever other code of the run has run.
  // kTimedOut only with a `timeout` (a timer's operation), which is cancelled when not needed.
  Waited wait_until(base::FunctionRef<bool()> condition, Operation* timeout, base::CallSite site);

  // The next unread signal of that name: signals are handed over in the order of their arrival,
  // each to one operation. Dropping the operation unread returns the signal to the inbox. A signal
  // that `read` cannot decode is set aside; nullptr: none is.
  OperationRef next_signal(std::string_view name,
                           base::CallSite site = {},
                           ReadSignal read = nullptr);
  // Has a signal arrived that no operation waits for? Those that `read` cannot decode are set
  // aside.
  bool has_signal(std::string_view name, ReadSignal read = nullptr, base::CallSite site = {});

  // A second strand. The operation completes when `body` returns. Body may throw Evicted; any other
  // exception that leaves it is a bug. Dropping the last reference stops the strand: its stack is
  // unwound at once, before the frame that it may refer to is gone.
  OperationRef spawn(std::function<void()> body, base::CallSite site = {});

  // Handlers. An id is unique in its execution; remove_handler of an unknown id does nothing.
  using QueryHandler = std::function<base::Result<std::string>(std::string_view input)>;
  struct HandedSignal {
    std::string_view input;
    std::shared_ptr<void> value;  // the result of on_signal()'s `read`; nullptr: it was not called
    std::uint64_t event;          // that brought it
    const event::HeaderFields* headers = nullptr;  // nullptr: it has none
  };
  using SignalHandler = std::function<void(const HandedSignal&)>;  // runs on a strand of its own
  // Gets signals of names that have no handler and that the code has never asked for. Likewise.
  // `headers`: nullptr: none.
  using AnySignalHandler = std::function<void(
      std::string_view name, std::string_view input, const event::HeaderFields* headers)>;
  using UpdateHandler = std::function<Outcome(std::string_view input)>;  // likewise
  // Called in live turns only, on no strand, before the update is an input of the run: a failure
  // rejects it. An exception is a bug: the update is refused, and the run goes on.
  using UpdateCheck = std::function<std::optional<proto::Failure>(std::string_view input)>;
  std::uint64_t answer(std::string_view query, QueryHandler handler);
  std::uint64_t on_signal(std::string_view signal,
                          SignalHandler handler,
                          ReadSignal read = nullptr);
  std::uint64_t on_any_signal(AnySignalHandler handler);
  // How many signals that did not decode have been set aside so far.
  std::uint64_t signals_set_aside() const;
  std::uint64_t accept(std::string_view update, UpdateHandler handler, UpdateCheck check = {});
  void remove_handler(std::uint64_t id);
  // Handlers of signals and updates whose strands have not ended.
  std::size_t handlers_under_way() const;
  // Is the caller on the strand of one?
  bool in_handler() const;
  // Of the update whose handler the caller is; nullptr: it is not on the strand of one.
  const event::HeaderFields* update_headers() const;
  // Is the caller the check of an update? It may ask for info(), now() and history_events().
  bool in_check() const;

  // Scopes nest per strand; a spawned strand starts in its parent's scope.
  ScopeRef enter_scope(Scope::Kind kind);
  void leave_scope(const ScopeRef& scope);
  void cancel_scope(const ScopeRef& scope);
  // Was this strand's current scope (or one around it, up to a shield) cancelled?
  bool cancelled() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reprise::replay
