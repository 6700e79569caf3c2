// The shared part of a resident run: the log for its commands, the strands that make them, the
// operations that wait for outcomes, and the order of the outcomes.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/out_of_memory.h"
#include "replay/behaviours.h"
#include "replay/command_log.h"
#include "replay/commands/child.h"
#include "replay/commands/lifecycle.h"
#include "replay/execution.h"
#include "replay/observation.h"
#include "replay/parking.h"
#include "replay/pending_table.h"
#include "replay/scheduler.h"

namespace reprise::replay {

// If there is no memory for the bookkeeping, the process ends (base/out_of_memory.h): hence the
// functions with a handler of their own. User code might catch a std::bad_alloc, and the run would
// go on with a half-made command, unlike any replay. Exceptions of user closures are left to the
// user.
[[noreturn]] inline void out_of_memory() {
  base::end_out_of_memory("running a workflow");
}

// The size of a command besides its payload, roughly.
inline constexpr std::size_t kBytesPerCommand = 64;

// What continue_as_new() or checkpoint() has asked for, until the code's frames are unwound.
struct Continuation {
  proto::Event command;
  base::CallSite site;
  int swallowed = 0;  // how often the code has caught the exception and gone on
};

// Their ids have 32 bits. What the rest of them is for: requests to cancel that are sent while no
// strand runs.
inline constexpr std::uint32_t kMostOperations = 4'000'000'000;

struct RunCore {
  struct Limits {  // see ExecutionOptions
    std::size_t pending_operations;
    std::size_t turn_bytes;
    std::size_t settings;
    std::size_t settings_bytes;
  };

  RunCore(RunInfo&& run, StackPool& pool, const ExecutionOptions& options);
  RunCore(const RunCore&) = delete;
  RunCore& operator=(const RunCore&) = delete;

  // Nothing more is applied to it: it has ended, is parked, or its observer has ended the replay.
  bool over() const {
    return life.has_ended() || observation.left() || parking.trouble() != nullptr;
  }

  // ---- what commands are made of; on one of the run's strands ----
  // The running strand; throws Evicted, or Continued, when it must leave its stack.
  StrandRecord& enter();
  // The id of a new operation; throws Evicted when there are too many.
  std::uint32_t new_id();
  // Submits the draft; throws Evicted when it differs from the log or exceeds a limit. `payload`:
  // its bytes.
  void submit(std::size_t payload = 0);
  // The same where nothing may be thrown: in a destructor, or outside strands. False: this has
  // parked the run, or its observer has ended the replay.
  bool submit_in_destructor(const proto::Event& draft);
  // Submits the draft that gives up a numbered operation, which then no longer waits. Throws
  // nothing; false: as above.
  bool submit_withdrawal(const proto::Event& draft, const Operation& operation);
  // Tells the observer if the marker of that change is the next command.
  void ask_for_marker(std::string_view change_id);
  // The code goes on after continue_as_new() or checkpoint(): throws Continued again.
  [[noreturn]] void continue_again();
  void park_at_limit(std::string_view what, std::string_view limit, std::size_t value);
  [[noreturn]] void reach_limit(std::string_view what, std::string_view limit, std::size_t value);

  // ---- operations ----
  OperationRef create(Operation::Kind kind, std::string_view label, base::CallSite site);
  // One whose command was just submitted.
  OperationRef record(Operation::Kind kind,
                      std::uint32_t id,
                      std::string_view label,
                      base::CallSite site);
  // Does nothing if the table of the kind does not have this transition. Takes the next place in
  // the order, or that of an earlier completion.
  void complete(Operation& operation, Operation::Trigger trigger, Outcome&& outcome);
  void complete(Operation& operation,
                Operation::Trigger trigger,
                std::uint64_t order,
                Outcome&& outcome);
  void end_as_cancelled(Operation& operation);
  // The input is the outcome of operation `id`: completes it. The operation may have been given up
  // before; if it was never made, the run is parked.
  void answer(const proto::Event& input,
              std::uint32_t id,
              Operation::Trigger trigger,
              Outcome&& outcome);
  // Parks the run: nothing in its history explains the input that is being applied.
  void reject(const proto::Event& input);

  // ---- strands ----
  StrandRecord& spawn_strand(std::function<void()> body, ScopeRef scope);
  // The boundary of the run's code: only a normal return leaves it.
  void guarded(CodeName whose, base::FunctionRef<void()> body);

  // ---- waiting (waits.cc) ----
  void wait_on(StrandRecord& strand, std::span<Operation* const> operations);
  // Operations completed from that place on are too late for a wait on this strand.
  std::uint64_t too_late_from(const StrandRecord& strand) const;
  // A durable call has ended at once because of a cancellation. Throws Evicted when the code keeps
  // ignoring that.
  void cut_short();

  RunInfo info;
  std::unique_ptr<const event::Headers> headers;  // of its start; nullptr: none
  Behaviours behaviours;
  base::Time now{};
  Lifecycle life{Lifecycle::Kind::kRun};
  std::unique_ptr<Continuation> continuing;  // most runs have none
  bool ending = false;                       // its code has returned, and it waits for its messages
  bool at_checkpoint = false;                // it goes on, by another execution
  const Limits limits;
  CodeGuard* const guard;  // may be null
  CommandLog log;
  ScopeRef root;
  PendingTable pending;
  ChildParts children;

  // What random values and the ids of children are made from: the run's id, or that of the run
  // whose history this one's begins with.
  base::RunId made_as;
  std::uint64_t random_state;
  std::uint32_t next_id = 1;     // of the operations
  // Since the last checkpoint.
  struct Segment {
    std::uint32_t first_id = 1;
    std::uint32_t idle_before = 0;
    std::uint64_t carried_through = 0;  // the event of the last input that came before it
  };
  Segment segment;
  std::uint64_t next_order = 1;  // of what completes
  AppliedInput applied;
  std::uint64_t events_before = 0;  // of the history, before those that this execution replays
  std::uint64_t value_event = 0;    // see Execution::value_event()
  std::size_t turn_bytes = 0;       // of the commands since the last input, when the turn is live
  std::size_t calls_cut_short = 0;  // since the last input or command

  Scheduler scheduler;
  Observation observation;
  Parking parking;
};

}  // namespace reprise::replay
