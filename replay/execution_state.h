// The parts of an Execution: their shared part (run_core.h), a part for each kind of command with a
// state of its own (commands/), and the turns.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/pooled.h"
#include "replay/commands/patch.h"
#include "replay/commands/setting.h"
#include "replay/commands/signal.h"
#include "replay/commands/step.h"
#include "replay/commands/strand.h"
#include "replay/commands/update.h"
#include "replay/execution.h"
#include "replay/handlers.h"
#include "replay/run_core.h"

namespace reprise::replay {

struct DeferredInput {
  proto::Event event;
  std::uint64_t number = 0;  // in the history
};

struct Execution::State : base::Pooled<Execution::State> {
  State(Execution& execution,
        RunInfo run,
        const WorkflowCode& workflow_code,
        StackPool& pool,
        ExecutionOptions options);
  ~State();

  // ---- turns (execution.cc) ----
  TurnEnd run(proto::Turn* live, const proto::Turn& turn);
  // Inputs of turns without code, then the turn's own. Returns how many of the latter were applied.
  int apply_inputs(proto::Turn* live, const proto::Turn& turn);
  // `number`: of the event in the history.
  void apply(const proto::Event& event, std::uint64_t number);
  void dispatch(const proto::Event& event);
  // False: the history does not begin with the start of the run, but with this event.
  bool require_start(const proto::Event* first, std::uint64_t number);
  void start(const proto::Event& event);
  void go_on(const proto::Event& event);  // from a checkpoint
  void begin(const proto::RunStarted& started);
  // The history begins with that turn: after a checkpoint its numbers do not begin with 1.
  void number_from(const proto::Turn& first);
  // Is that input, which the code has not seen, one of the execution that goes on with the run, or
  // of the next run?
  bool is_handed_on(const proto::Event& given) const;
  void run_code();
  void run_to_quiescence();
  void ask_guard(bool live);
  // Another run follows: the code has continued as it, or is tried again. This one has ended after
  // that many inputs of the turn.
  void gather_unread(int applied, const proto::Turn& turn);
  // What strands have not taken.
  std::vector<proto::Event> not_taken() const;
  void check_unread_size();
  // May the code have this input of a live turn, an update? If not, it is taken out of the turn.
  bool takes_update(int at, proto::Turn* live);
  void leave_update(int at, UntakenUpdate&& untaken, proto::Turn* live);
  // The run continues: updates that it has not applied are for the next run, which checks them.
  void leave_updates_after(int applied, proto::Turn* live);
  // The code has ended, and the turn goes on with inputs after these.
  void leave_out_after_end(int applied, proto::Turn* live, const proto::Turn& turn);
  TurnEnd end();
  void tell_given_up();

  // ---- giving up (scopes.cc) ----
  void cancel(Operation& operation, base::CallSite site);
  void cancel_scope(Scope& scope, base::CallSite site);

  Execution& self;
  const WorkflowCode& code;
  base::Symbols* const symbols;  // may be null
  std::function<void(const RunInfo&, const StrandStatus&)> given_up;

  // Captures of user code are destroyed before the parts that they may refer to.
  RunCore core;
  Steps steps;
  Strands strands;
  Signals signals;
  Updates updates;
  PatchMarkers patches;
  Settings settings;
  HandlerMap<QueryHandler> queries;
  std::unique_ptr<WorkflowInstance> instance;

  std::string input;                    // of the run
  std::vector<DeferredInput> deferred;  // of turns without code, for the next one
  std::unique_ptr<proto::Turn> rehearsal;
  // As it was started, if it may be tried again.
  std::unique_ptr<proto::RunStarted> start_again;
  UnreadInputs unread;   // see Execution::take_unread()
  bool goes_on = false;  // as another run
  std::uint64_t next_handler = 1;
  std::uint64_t events = 0;
  std::vector<UntakenUpdate> untaken;
  bool in_query = false;
  bool in_check = false;
};

}  // namespace reprise::replay
