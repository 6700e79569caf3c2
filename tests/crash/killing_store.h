// A store that kills its process at the N-th transaction: just before it, or just after it is
// durable and before it is acknowledged.
#pragma once
#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include "store/store.h"
#include "tests/support/forwarding_store.h"

namespace reprise::testing {

struct KillPlan {
  enum class Where { kBeforeAppend, kAfterAppend, kBeforeArchive, kAfterArchive };
  Where where = Where::kBeforeAppend;
  int at = 0;  // 0: never

  void passed(Where here) {
    if (here == where && ++count_ == at) std::raise(SIGKILL);
  }

 private:
  std::atomic<int> count_{0};
};

class KillingJournal final : public ForwardingJournal {
 public:
  KillingJournal(store::Journal& inner, KillPlan& plan) : ForwardingJournal(inner), plan_(plan) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    plan_.passed(KillPlan::Where::kBeforeAppend);
    base::Status status = inner_.append(batches, trim_through);
    plan_.passed(KillPlan::Where::kAfterAppend);
    return status;
  }

 private:
  KillPlan& plan_;
};

class KillingArchive final : public ForwardingArchive {
 public:
  KillingArchive(store::Archive& inner, KillPlan& plan) : ForwardingArchive(inner), plan_(plan) {}

  base::Status commit(const store::ArchiveBatch& batch) override {
    plan_.passed(KillPlan::Where::kBeforeArchive);
    base::Status status = inner_.commit(batch);
    plan_.passed(KillPlan::Where::kAfterArchive);
    return status;
  }

 private:
  KillPlan& plan_;
};

class KillingStore final : public store::Store {
 public:
  KillingStore(std::unique_ptr<store::Store> inner, KillPlan& plan)
      : inner_(std::move(inner)),
        journal_(inner_->journal(), plan),
        archive_(inner_->archive(), plan) {}

  store::Journal& journal() override { return journal_; }
  const store::Journal& journal() const override { return journal_; }
  store::Archive& archive() override { return archive_; }
  const store::Archive& archive() const override { return archive_; }
  store::AttemptSlots& attempt_slots() override { return inner_->attempt_slots(); }

 private:
  std::unique_ptr<store::Store> inner_;
  KillingJournal journal_;
  KillingArchive archive_;
};

}  // namespace reprise::testing
