#include "runtime/engine/transaction_record.h"

#include <utility>

#include "base/check.h"
#include "base/printable_text.h"
#include "event/causes.h"
#include "event/retry.h"
#include "runtime/engine/row_key.h"
#include "runtime/engine/table_changes.h"
#include "runtime/shard_thread.h"

namespace reprise::runtime {
namespace {

// All runs wait while the closure executes.
constexpr std::chrono::milliseconds kLong{1};

// While the closure executes: a process that dies then has made this attempt
// (Transactions::lost()).
class Mark {
 public:
  Mark(store::AttemptSlots& slots, const AttemptKey& key)
      : slots_(slots), slot_(slots.take({key.run, key.operation, key.attempt})) {}
  ~Mark() { slots_.release(slot_); }
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;

 private:
  store::AttemptSlots& slots_;
  const store::AttemptSlots::Slot slot_;
};

}  // namespace

std::string TransactionRecord::body(store::Seq seq) {
  turn_.set_time_ms(base::to_ms(shared_.clock.now()));
  turn_.set_without_code(true);
  if (subject_.task.control->claim()) {
    // Whatever happens: others wait for it.
    struct Finish {
      AttemptControl& control;
      ~Finish() { control.finish(); }
    };
    const Finish finish{*subject_.task.control};
    execute();
  } else {
    put_off(proto::Failure::CANCELLED, "the worker stopped before the transaction was executed",
            base::Duration(0));
  }
  event::bound_causes(&turn_);
  std::string body = sealed_body();
  // Not before: nobody may read rows that are recorded nowhere.
  if (changes_) shared_.tables->apply(seq, *changes_);
  return body;
}

// What cannot be sealed is not recorded: the transaction is still pending then.
std::string TransactionRecord::sealed_body() {
  if (!shared_.sealing.seals()) return turn_.SerializeAsString();
  std::string body;
  const base::Status sealed = shared_.sealing.seal_turn(turn_.SerializeAsString(), &body);
  if (sealed) return body;
  turn_.clear_inputs();
  changes_.reset();
  shared_.writer->stop(sealed.error());
  return turn_.SerializeAsString();
}

void TransactionRecord::execute() {
  TableChanges changes(*shared_.tables, shared_.options.limits);
  const RunLabel label{.number = key().run,
                       .workflow_id = subject_.workflow_id,
                       .workflow = subject_.workflow,
                       .transaction = subject_.name};
  const auto began = std::chrono::steady_clock::now();
  replay::Outcome outcome = [&] {
    const Mark mark(shared_.store->attempt_slots(), key());
    const TableWrites::Scope writes(changes);
    const ShardThread::Scope no_client_calls;  // this thread is needed for their answers
    const CodeMark::Scope watched(mark_here(), label);
    return (*subject_.task.step)();
  }();
  note_duration(std::chrono::steady_clock::now() - began);
  if (changes.unreadable()) {
    try_again_later(*changes.unreadable());
  } else if (outcome.ok()) {
    complete(outcome.take_payload(), changes.take_changes());
  } else {
    fail(outcome.failure());
  }
}

std::string TransactionRecord::named() const {
  return "transaction '" + base::printable_text(subject_.name) + "' of run '" +
         base::printable_text(subject_.workflow_id) + "'";
}

CodeMark& TransactionRecord::mark_here() const {
  CodeMark& mark = shared_.transaction_mark;
  if (!mark.has_thread()) mark.set_thread(::pthread_self());
  return mark;
}

void TransactionRecord::note_duration(std::chrono::steady_clock::duration took) {
  if (took < kLong) return;
  const std::uint64_t number = shared_.slow_transactions.add(0, subject_.name);
  if (!LogTally::is_told(number)) return;
  const std::string remark =
      number > LogTally::kAllTold ? " (number " + std::to_string(number) + " of this name)" : "";
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  shared_.log(LogLevel::kWarning,
              named() + " took " + std::to_string(micros / 1'000) + "." +
                  std::to_string(micros / 100 % 10) +
                  " ms on the thread that writes the log: all runs waited for it; let it only "
                  "read and write rows" +
                  remark);
}

void TransactionRecord::complete(std::string result, store::RowChanges changes) {
  auto* const completed = turn_.add_inputs()->mutable_transaction_completed();
  completed->set_id(key().operation);
  completed->set_result(std::move(result));
  for (const auto& [row, value] : changes) {
    proto::RowChange* const change = completed->add_changes();
    change->set_table(std::string(table_of_row(row)));
    change->set_key(std::string(key_of_row(row)));
    change->set_erased(!value);
    if (value) change->set_value(*value);
  }
  changes_ = std::move(changes);
}

void TransactionRecord::fail(const proto::Failure& failure) {
  auto* const failed = turn_.add_inputs()->mutable_transaction_failed();
  failed->set_id(key().operation);
  *failed->mutable_failure() = failure;
}

// Its place in the log is taken, so something must be there.
void TransactionRecord::put_off(proto::Failure::Kind kind,
                                std::string reason,
                                base::Duration delay) {
  auto* const failed = turn_.add_inputs()->mutable_attempt_failed();
  failed->set_id(key().operation);
  failed->set_attempt(key().attempt);
  failed->mutable_failure()->set_kind(kind);
  failed->mutable_failure()->set_message(std::move(reason));
  failed->set_retry_at_ms(base::add_sat(turn_.time_ms(), delay.count()));
}

// What the closure has made of rows that it could not read is of no use.
void TransactionRecord::try_again_later(const base::Error& unreadable) {
  const auto delay = event::retry_delay(event::default_retry_policy(), key().attempt,
                                        proto::Failure(), std::nullopt);
  const std::string reason = "rows could not be read: " + unreadable.text();
  if (LogTally::is_told(shared_.unreadable_transactions.add(0, subject_.name))) {
    shared_.log(LogLevel::kWarning, named() + " is executed again later: " + reason);
  }
  put_off(proto::Failure::APPLICATION, reason, delay.value_or(base::Duration(0)));
}

void TransactionRecord::withdraw() {
  AttemptControl& control = *subject_.task.control;
  if (!control.abandon()) control.wait_until_finished();
}

}  // namespace reprise::runtime
