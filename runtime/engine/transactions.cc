#include "runtime/engine/transactions.h"

#include <utility>
#include <vector>

#include "event/retry.h"
#include "runtime/engine/gathered.h"
#include "runtime/engine/stored_run.h"
#include "runtime/engine/transaction_record.h"

namespace reprise::runtime {

// What has been gathered is recorded first. Held until the transaction is recorded, it would come
// after what the store forgets with this round: which attempts were under way. If the process died
// in between, one whose failure was gathered would be made again under its number.
void Transactions::start(KnownRun& run, std::uint32_t id) {
  if (!is_pending(run, id)) return;
  if (!run.transacting) parts_.round.run_gathered(run);
  if (is_pending(run, id)) begin(run, id);
}

bool Transactions::is_pending(const KnownRun& run, std::uint32_t id) {
  const PendingOperation* const operation = run.state.find(id);
  return operation != nullptr && operation->is_transaction();
}

void Transactions::begin(KnownRun& run, std::uint32_t id) {
  const PendingOperation* const operation = run.state.find(id);
  if (run.damaged || run.state.is_paused() || run.parked() || run.transacting ||
      is_decided(run, id))
    return;
  if (operation->due_ms > base::to_ms(parts_.shared.clock.now())) {
    return parts_.timers.arm(run, *operation, TimerEntry::Kind::kRetry, operation->due_ms);
  }
  if (!parts_.loading.is_loadable(run)) {
    return parts_.loading.when_loadable(run.state.number,
                                        [this, id](KnownRun& later) { start(later, id); });
  }
  const AttemptKey key{shard_, run.state.number, id, operation->attempt};
  auto begun =
      parts_.executor.begin_step(run.place, StoredRun(parts_.shared, run), key, base::Duration(0));
  if (const auto* trouble = std::get_if<replay::Trouble>(&begun)) {
    // The next worker comes back to it.
    if (trouble->code != base::ErrorCode::kNoWorker) parts_.parking.park(run, *trouble);
    return;
  }
  if (std::holds_alternative<RunExecutor::StepUnwanted>(begun)) return refuse(run, id);
  auto* const task = std::get_if<AttemptTask>(&begun);
  if (task == nullptr) return;  // its strand was stopped in a turn that is not in the log yet
  give_to_writer(run, std::move(*task));
}

void Transactions::give_to_writer(KnownRun& run, AttemptTask task) {
  std::string name = RunExecutor::name_of(run.place, task.key.operation);
  auto record = std::make_shared<TransactionRecord>(
      parts_.shared, TransactionRecord::Subject{std::move(name), run.state.workflow_id,
                                                *run.state.workflow, std::move(task)});
  parts_.round.begin_transaction(run, std::move(record), [this, number = run.state.number] {
    if (KnownRun* const later = parts_.runs.find(number); later != nullptr) completed(*later);
  });
}

void Transactions::completed(KnownRun& run) {
  const std::uint32_t id = run.extras->transaction->key().operation;
  parts_.round.end_transaction(run);
  RunExecutor::end_step(run.place, id);
  if (run.parked()) parts_.executor.evict(run.place);
  // Others come after the turn in which the code learns of this one.
  parts_.intake.post([this, number = run.state.number] {
    if (KnownRun* const later = parts_.runs.find(number); later != nullptr) start_all(*later);
  });
}

// One at a time: the others come after it.
void Transactions::start_all(KnownRun& run) {
  std::vector<std::uint32_t> waiting;
  for (const PendingOperation& operation : run.state.pending()) {
    if (operation.is_transaction() && !operation.done) waiting.push_back(operation.id);
  }
  for (const std::uint32_t id : waiting) {
    if (run.transacting) return;
    start(run, id);
  }
}

// The code has given it up before it was given to the writer.
void Transactions::refuse(KnownRun& run, std::uint32_t id) {
  auto* const failed = parts_.round.add_input(run)->mutable_transaction_failed();
  failed->set_id(id);
  failed->mutable_failure()->set_kind(proto::Failure::CANCELLED);
  failed->mutable_failure()->set_message("the transaction was cancelled before it was executed");
}

void Transactions::lost(const store::AttemptMark& mark) {
  KnownRun* const run = parts_.runs.find(mark.run);
  if (run == nullptr || run->damaged) return;
  const PendingOperation* const operation = run->state.find(mark.operation);
  const bool concerns =
      operation != nullptr && operation->is_transaction() && operation->attempt == mark.attempt;
  if (!concerns) return;
  auto* const failed = parts_.round.add_input(*run)->mutable_attempt_failed();
  proto::Failure& failure = *failed->mutable_failure();
  failure.set_kind(proto::Failure::APPLICATION);
  failure.set_type("ProcessDied");
  failure.set_message(base::to_string(base::ErrorCode::kProcessDied) +
                      " the process ended while this transaction was executed");
  const auto delay =
      event::retry_delay(event::default_retry_policy(), mark.attempt, failure, std::nullopt);
  failed->set_id(operation->id);
  failed->set_attempt(mark.attempt);
  failed->set_retry_at_ms(base::add_sat(base::to_ms(parts_.shared.clock.now()),
                                        delay.value_or(base::Duration(0)).count()));
}

void Transactions::withdraw(const std::string& task_queue) {
  parts_.runs.for_each([&](KnownRun& run) {
    if (!run.transacting || *run.state.task_queue != task_queue) return;
    TransactionRecord& record = *run.extras->transaction;
    record.withdraw();
    RunExecutor::end_step(run.place, record.key().operation);
  });
}

}  // namespace reprise::runtime
