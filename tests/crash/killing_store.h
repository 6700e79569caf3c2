// A store that kills its process at the N-th transaction: just before it, or just after it has
// become durable and before anybody is told.
#pragma once
#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include "store/store.h"

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

class KillingJournal final : public store::Journal {
 public:
  KillingJournal(store::Journal& inner, KillPlan& plan) : inner_(inner), plan_(plan) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    plan_.passed(KillPlan::Where::kBeforeAppend);
    base::Status status = inner_.append(batches, trim_through);
    plan_.passed(KillPlan::Where::kAfterAppend);
    return status;
  }
  base::Status scan(store::Seq from,
                    base::FunctionRef<bool(store::Seq, std::string_view)> visit) const override {
    return inner_.scan(from, visit);
  }
  base::Result<std::string> read(store::Seq seq) const override { return inner_.read(seq); }
  base::Result<store::Seq> first() const override { return inner_.first(); }
  base::Result<store::Seq> last() const override { return inner_.last(); }

 private:
  store::Journal& inner_;
  KillPlan& plan_;
};

class KillingArchive final : public store::Archive {
 public:
  KillingArchive(store::Archive& inner, KillPlan& plan) : inner_(inner), plan_(plan) {}

  base::Status commit(const store::ArchiveBatch& batch) override {
    plan_.passed(KillPlan::Where::kBeforeArchive);
    base::Status status = inner_.commit(batch);
    plan_.passed(KillPlan::Where::kAfterArchive);
    return status;
  }
  base::Result<store::Seq> through() const override { return inner_.through(); }
  bool content_verifies() const override { return inner_.content_verifies(); }
  base::Status visit(EntryVisitor visit) const override { return inner_.visit(visit); }
  base::Result<store::RunNumber> next_run() const override { return inner_.next_run(); }
  base::Result<std::optional<std::string>> summary(store::RunNumber run) const override {
    return inner_.summary(run);
  }
  base::Result<std::optional<store::RunNumber>> find(
      std::string_view id, base::FunctionRef<bool(std::string_view)> is_it) const override {
    return inner_.find(id, is_it);
  }
  base::Status list(
      std::string_view prefix,
      std::string_view after,
      bool descending,
      base::FunctionRef<bool(std::string_view, store::RunNumber)> visit) const override {
    return inner_.list(prefix, after, descending, visit);
  }
  base::Status history(store::RunNumber run,
                       base::FunctionRef<bool(std::string_view)> visit) const override {
    return inner_.history(run, visit);
  }
  base::Result<std::uint64_t> bytes_on_disk() const override { return inner_.bytes_on_disk(); }

 private:
  store::Archive& inner_;
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
