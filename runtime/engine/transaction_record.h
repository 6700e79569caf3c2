// The record of a transaction that is under way: its closure is executed while the record is being
// written, and what it has returned and changed is the record's content.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "proto/log.pb.h"
#include "runtime/engine/shared.h"
#include "runtime/engine/tables.h"
#include "runtime/host/attempt.h"
#include "store/completion.h"

namespace reprise::runtime {

// Made by the shard of the run, filled in by the thread that commits, and read by the shard once
// the record is durable.
class TransactionRecord final : public store::Completion {
 public:
  struct Subject {
    std::string name;         // of the transaction
    std::string workflow_id;  // for the log, as the next
    std::string workflow;
    AttemptTask task;         // the closure
  };
  // `shared` outlives it.
  TransactionRecord(Shared& shared, Subject subject)
      : shared_(shared), subject_(std::move(subject)) {}

  std::string body(store::Seq seq) override;
  void sealed(std::uint64_t chain) override { chain_ = chain; }

  const AttemptKey& key() const { return subject_.task.key; }
  // The run's stacks are about to go, and the closure is there: returns when it has been executed,
  // or never will. Then the record says that this attempt has failed.
  void withdraw();

  // ---- once it is durable ----
  const proto::Turn& turn() const { return turn_; }
  std::uint64_t chain() const { return chain_; }

 private:
  std::string sealed_body();
  void execute();
  CodeMark& mark_here() const;
  std::string named() const;  // for the log
  void note_duration(std::chrono::steady_clock::duration took);
  void complete(std::string result, store::RowChanges changes);
  void fail(const proto::Failure& failure);
  void put_off(proto::Failure::Kind kind, std::string reason, base::Duration delay);
  void try_again_later(const base::Error& unreadable);

  Shared& shared_;
  const Subject subject_;
  proto::Turn turn_;
  std::optional<store::RowChanges> changes_;  // of the closure that has returned
  std::uint64_t chain_ = 0;
};

}  // namespace reprise::runtime
