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

using KillingStore = WrappedStore<KillingJournal, KillingArchive>;

}  // namespace reprise::testing
