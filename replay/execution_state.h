// The parts of an Execution, shared by the two files that implement it: execution.cc applies turns,
// execution_calls.cc serves the code of the run.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/out_of_memory.h"
#include "base/pooled.h"
#include "replay/behaviours.h"
#include "replay/command_log.h"
#include "replay/execution.h"
#include "replay/inboxes.h"
#include "replay/pending_table.h"
#include "replay/scheduler.h"

namespace reprise::replay {

[[noreturn]] inline void out_of_memory() {
  base::end_out_of_memory("running a workflow");
}

struct Handlers {
  template <class Handler>
  struct Entry {
    std::uint64_t id = 0;
    Handler handler;
  };
  std::uint64_t next_id = 1;
  std::map<std::string, Entry<Execution::QueryHandler>, std::less<>> queries;
  struct Signals {
    Execution::SignalHandler handle{};
    ReadSignal read = nullptr;
  };
  std::map<std::string, Entry<Signals>, std::less<>> signals;
  std::map<std::string, Entry<Execution::UpdateHandler>, std::less<>> updates;
};

// Whose code it is, for people: "the handler of signal", "packed".
struct CodeName {
  std::string_view kind;
  std::string_view name{};
};

// What a command takes besides its payload, roughly.
inline constexpr std::size_t kBytesPerCommand = 64;

// Told from other closures by its address: of a literal each file may have one of its own.
inline constexpr char kInCondition[] = "a condition of ctx.wait_until()";

struct DeferredInput {
  proto::Event event;
  std::uint64_t number = 0;  // in the history
};

struct Execution::State final : DropListener, base::Pooled<Execution::State> {
  State(Execution& execution,
        RunInfo run,
        const WorkflowCode& workflow_code,
        StackPool& pool,
        ExecutionOptions options);
  ~State();

  // ---- turns ----
  TurnEnd run(proto::Turn* live, const proto::Turn& turn);
  // `number`: of the event in the history.
  void apply(const proto::Event& event, std::uint64_t number);
  // False: the history does not begin with the start of the run, but with this event.
  bool require_start(const proto::Event* first, std::uint64_t number);
  void start(const proto::Event& event);
  void run_code();
  void receive_signal(const proto::SignalReceived& signal);
  // To the operation that has waited longest, or to the inbox.
  void deliver(std::string_view name, Inboxes::Arrival signal);
  void hand_over(Operation& operation, Inboxes::Arrival signal);
  void handle_signal(std::string name, Inboxes::Arrival signal, const Handlers::Signals& handler);
  // Is it for the code? Otherwise it is set aside, and the log says so.
  bool is_readable(std::string_view name,
                   Inboxes::Arrival* signal,
                   ReadSignal read,
                   base::CallSite site);
  bool accept_set_aside(std::string_view name, const Inboxes::Arrival& signal, std::uint32_t looks);
  void set_aside(std::string_view name,
                 const Inboxes::Arrival& signal,
                 const std::string& why,
                 base::CallSite site);
  void take_back(Operation& signal);
  bool in_side_effect() const;
  void receive_update(const proto::UpdateReceived& update);
  void handle(const proto::UpdateReceived& update);
  // Those that have waited for a handler of that name; nullopt: whatever their name is.
  void handle_kept_updates(std::optional<std::string_view> name);
  void complete(const proto::UpdateReceived& update, Outcome* outcome);
  void complete_numbered(const proto::Event& event,
                         std::uint32_t id,
                         Operation::Trigger trigger,
                         Outcome outcome);
  void run_to_quiescence();
  void ask_guard(bool live);
  TurnEnd end();
  void tell_given_up();
  bool over() const { return closed || left || trouble != nullptr; }

  // ---- what an observer is told; none: nothing ----
  void tell_applying(std::uint64_t number, const proto::Event& event);
  void tell_command(const proto::Event& command);
  void tell_command(const proto::Event& command, std::uint64_t number);
  // That the code asks for the marker of a change, if it is the next command. On a strand; throws
  // Evicted when it must not go on.
  void tell_marker(std::string_view change_id);
  // On a strand that goes on; throws Evicted when it must not.
  void tell_resumed();
  void tell_trouble();
  void tell_thrown(const std::string& what);
  bool is_told() const { return observer != nullptr && (log.replaying() || rehearsal); }
  void tell_settled();
  void leave();

  // ---- strands ----
  StrandRecord& spawn_strand(std::function<void()> body, ScopeRef scope);
  void guarded(CodeName code, base::FunctionRef<void()> body);
  void park(base::ErrorCode code, std::string report);
  void park_on_exception(CodeName code, std::string_view what);
  void park_on_mismatch();
  void park_on_mismatch(Mismatch mismatch);
  std::vector<StrandStatus> strands() const;
  void close(Outcome outcome);
  void finished(StrandRecord& strand);
  void dropped(Operation& operation) override;

  // ---- calls ----
  // The running strand; throws Evicted when it must leave its stack.
  StrandRecord& enter();
  // Submits the draft; throws Evicted when it differs from the log, or is too much. `payload`: the
  // bytes that it carries.
  void submit(std::size_t payload = 0);
  std::uint32_t new_operation();  // its id; throws Evicted when there are too many
  void record_patch(std::string_view change_id, bool deprecated, base::CallSite site);
  [[noreturn]] void reach_limit(std::string_view what, std::string_view limit, std::size_t value);
  void park_at_limit(std::string_view what, std::string_view limit, std::size_t value);
  Ref<Operation> add_operation(Operation::Kind kind,
                               std::uint32_t id,
                               std::string label,
                               base::CallSite site = {});
  void complete(Operation& operation,
                Operation::Trigger trigger,
                std::uint64_t order,
                Outcome outcome);
  void wait_on(StrandRecord& strand, std::span<Operation* const> operations);
  std::uint64_t too_late_from(const StrandRecord& strand) const;
  // A durable call is over at once because of a cancellation. Throws Evicted when the code does
  // nothing but go on in spite of it.
  void cut_short();
  bool holds(StrandRecord& strand, base::FunctionRef<bool()> condition);

  // ---- giving up ----
  void cancel(Operation& operation, base::CallSite site);
  void cancel_scope(Scope& scope, base::CallSite site);
  void give_up_step(Operation& step);
  bool end_unwanted_steps(proto::Turn* live);
  void stop_dropped(Operation& spawned);
  void await_step_of(StrandRecord& dropped);
  void await_outcome(Operation& step);
  bool may_wait(const StrandRecord* strand) const;
  void abandon_step(Operation& operation, base::CallSite site);

  Execution& self;
  RunInfo info;
  const WorkflowCode& code;
  CommandLog log;
  base::Symbols* const symbols;  // may be null
  ReplayObserver* const observer;
  std::function<bool(std::uint32_t)> step_unwanted;
  std::function<void(std::uint32_t)> step_abandoned;
  std::function<void(const RunInfo&, const StrandStatus&)> given_up;
  CodeGuard* const guard;
  const std::size_t most_pending;
  const std::size_t most_turn_bytes;
  ScopeRef root;
  Inboxes inboxes;
  Handlers handlers;
  std::unique_ptr<WorkflowInstance> instance;
  std::string input;  // of the run
  PendingTable pending;
  Patches patches;                                  // what the code has asked so far
  std::vector<DeferredInput> deferred;              // of deferred turns, for the next turn
  std::vector<proto::UpdateReceived> kept_updates;  // their handlers are not there yet
  std::vector<std::uint32_t> unwanted_steps;  // steps of cancelled scopes that nobody executes

  Behaviours behaviours;
  base::Time now{};
  std::uint64_t random_state = 0;
  std::uint32_t next_operation = 1;
  std::uint32_t first_of_turn = 1;  // of the operations
  std::uint64_t next_order = 1;
  std::uint64_t events = 0;
  std::uint64_t applying = 0;                   // the number of the input that the code runs on
  const proto::Event* applied_input = nullptr;  // that input, while it is applied
  std::uint64_t value_event = 0;
  std::size_t turn_bytes = 0;         // of the commands since the last input, when the turn is live
  std::size_t set_aside_in_turn = 0;  // signals
  std::size_t set_aside_bytes = 0;    // of these commands
  std::size_t calls_cut_short = 0;    // since the last input or command
  bool started = false;
  bool made = false;  // the code has been: its handlers are there
  bool closed = false;
  bool left = false;  // the observer wanted no more
  bool in_query = false;
  std::unique_ptr<Trouble> trouble;
  std::unique_ptr<proto::Turn> rehearsal;  // nullptr: none is made

  // Last, so that strands are unwound while everything they may touch still exists.
  Scheduler scheduler;
};

}  // namespace reprise::replay
