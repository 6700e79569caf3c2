#include "replay/run_core.h"

#include <utility>

#include "base/check.h"
#include "replay/commands/run.h"

namespace reprise::replay {

RunCore::RunCore(RunInfo&& run, StackPool& pool, const ExecutionOptions& options)
    : info(std::move(run)),
      limits{options.pending_operations, options.turn_bytes, options.settings,
             options.settings_bytes},
      guard(options.guard),
      log(options.strict, options.record_stacks),
      root(new Scope(Scope::Kind::kRoot, ScopeRef())),
      made_as(info.run_id),
      random_state(base::hash64(made_as.bytes())),
      scheduler(pool, options.guard),
      observation(options.observer, log, scheduler),
      parking(log, scheduler, observation) {}

// ---- commands ---------------------------------------------------------------------------------

StrandRecord& RunCore::enter() {
  REPRISE_CHECK(scheduler.current() != nullptr, "durable calls are made on a strand of the run");
  StrandRecord& strand = *scheduler.current();
  if (strand.strand.evicting() || scheduler.halted()) strand.strand.leave();
  if (continuing != nullptr && strand.number == 1) continue_again();
  return strand;
}

void RunCore::continue_again() {
  constexpr int kMostSwallowed = 256;
  if (++continuing->swallowed <= kMostSwallowed) throw Continued{};
  parking.park(
      base::ErrorCode::kUnwindSwallowed,
      "the code goes on after ctx." +
          std::string(continuing->command.has_checkpoint() ? "checkpoint" : "continue_as_new") +
          "(): it has caught the exception that ends it " + std::to_string(kMostSwallowed) +
          " times. Let catch (...) rethrow, or catch what you mean: std::exception, "
          "reprise::Failure");
  throw Evicted{};
}

std::uint32_t RunCore::new_id() {
  if (!log.replaying() && pending.size() >= limits.pending_operations) {
    reach_limit("more operations at a time", "pending_operations", limits.pending_operations);
  }
  if (next_id >= kMostOperations) {
    parking.park(base::ErrorCode::kRunLimit,
                 "the run has begun " + std::to_string(kMostOperations) +
                     " operations, more than there are numbers for: continue as a new run in time");
    throw Evicted{};
  }
  return next_id++;
}

void RunCore::submit(std::size_t payload) {
  if (observation.has_observer()) {
    observation.asks(log.attempted());
    if (observation.left()) throw Evicted{};
  }
  if (StrandRecord* strand = scheduler.current()) strand->strand.label().last_call = log.site();
  if (!log.submit()) {
    parking.park_on_mismatch();
    throw Evicted{};
  }
  calls_cut_short = 0;
  if (log.replaying()) return;
  turn_bytes += kBytesPerCommand + payload;
  if (turn_bytes > limits.turn_bytes) {
    reach_limit("commands of more bytes in one turn", "turn_bytes", limits.turn_bytes);
  }
}

bool RunCore::submit_in_destructor(const proto::Event& draft) {
  observation.asks(draft);
  if (observation.left()) return false;
  if (log.submit()) return true;
  parking.park_on_mismatch();
  return false;
}

bool RunCore::submit_withdrawal(const proto::Event& draft, const Operation& operation) {
  if (!submit_in_destructor(draft)) return false;
  (void)pending.take(operation.id());
  return true;
}

void RunCore::ask_for_marker(std::string_view change_id) {
  if (!observation.has_observer()) return;
  if (const proto::Event* marker = log.marker(change_id)) {
    observation.asks(*marker, log.marker_number());
  }
  enter();
}

void RunCore::reach_limit(std::string_view what, std::string_view limit, std::size_t value) {
  park_at_limit(what, limit, value);
  throw Evicted{};
}

void RunCore::park_at_limit(std::string_view what, std::string_view limit, std::size_t value) {
  parking.park(base::ErrorCode::kRunLimit,
               "the code asks for " + std::string(what) +
                   " than EngineLimits::" + std::string(limit) + " = " + std::to_string(value) +
                   " allows; wait for some of them before going on (a loop that never waits ends "
                   "here), or raise the limit");
}

// ---- operations -------------------------------------------------------------------------------

OperationRef RunCore::create(Operation::Kind kind, std::string_view label, base::CallSite site) {
  OperationRef operation(new Operation(kind));
  operation->label = label;
  operation->site = site;
  operation->scope = scheduler.current()->scope;
  return operation;
}

OperationRef RunCore::record(Operation::Kind kind,
                             std::uint32_t id,
                             std::string_view label,
                             base::CallSite site) {
  OperationRef operation = create(kind, label, site);
  operation->record(id);
  pending.add(id, operation);
  return operation;
}

void RunCore::complete(Operation& operation, Operation::Trigger trigger, Outcome&& outcome) {
  complete(operation, trigger, next_order++, std::move(outcome));
}

void RunCore::complete(Operation& operation,
                       Operation::Trigger trigger,
                       std::uint64_t order,
                       Outcome&& outcome) {
  if (!operation.complete(trigger, order, std::move(outcome))) return;
  if (operation.event == 0) operation.event = applied.number;
  for (StrandRecord* strand : operation.waiters) scheduler.wake(*strand);
}

void RunCore::end_as_cancelled(Operation& operation) {
  proto::Failure failure;
  failure.set_kind(proto::Failure::CANCELLED);
  failure.set_message(std::string(to_string(operation.kind())) + " " + operation.label +
                      " was cancelled");
  complete(operation, Operation::Trigger::kCancel, Outcome::failed(std::move(failure)));
}

void RunCore::answer(const proto::Event& input,
                     std::uint32_t id,
                     Operation::Trigger trigger,
                     Outcome&& outcome) {
  if (const OperationRef operation = pending.take(id)) {
    complete(*operation, trigger, std::move(outcome));
  } else if (id == 0 || id >= next_id) {
    reject(input);
  }
}

void RunCore::reject(const proto::Event& input) {
  log.reject_input(input, applied.number);
  parking.park_on_mismatch();
}

// ---- strands ----------------------------------------------------------------------------------

StrandRecord& RunCore::spawn_strand(std::function<void()> body, ScopeRef scope) {
  return scheduler.create(std::move(body), std::move(scope));
}

void RunCore::guarded(CodeName whose, base::FunctionRef<void()> body) {
  try {
    if (observation.has_observer()) observation.resumed();
    body();
  } catch (const Evicted&) {
  } catch (const ChangedType& error) {
    if (!scheduler.halted()) parking.park_on_mismatch(error.mismatch);
  } catch (const StackLook&) {  // none is
  } catch (const std::exception& error) {
    parking.park_on_exception(whose, error.what(), applied);
  } catch (...) {
    parking.park_on_exception(whose, {}, applied);
  }
}

}  // namespace reprise::replay
