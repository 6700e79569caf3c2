// A store that wraps the real one and notes what its thread is about to do, so that a failpoint in
// the C library knows in which operation it is.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"
#include "tests/crash/failpoints.h"
#include "tests/support/forwarding_store.h"

namespace reprise::testing {

class WatchedJournal final : public ForwardingJournal {
 public:
  // `early`: acknowledges each append before it is written, with the next one. The harness must
  // notice that.
  WatchedJournal(store::Journal& inner, bool early) : ForwardingJournal(inner), early_(early) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    const PhaseScope phase(trim_through > 0 ? Phase::kTrim : Phase::kAppend);
    base::Status status =
        early_ ? append_early(batches, trim_through) : inner_.append(batches, trim_through);
    passed("before_ack");
    return status;
  }
  base::Result<std::string> read(store::Seq seq) const override {
    auto bytes = inner_.read(seq);
    return bytes || !early_ ? std::move(bytes) : read_early(seq, std::move(bytes));
  }

 private:
  base::Status append_early(const std::vector<const store::RecordBatch*>& batches,
                            store::Seq trim_through) {
    std::vector<const store::RecordBatch*> overdue;
    const std::lock_guard lock(mutex_);
    for (const auto& batch : acknowledged_) overdue.push_back(&batch);
    base::Status status = inner_.append(overdue, trim_through);
    acknowledged_.clear();
    for (const auto* batch : batches) acknowledged_.push_back(*batch);
    return status;
  }
  base::Result<std::string> read_early(store::Seq seq, base::Result<std::string> missing) const {
    const std::lock_guard lock(mutex_);
    for (const auto& batch : acknowledged_) {
      if (seq < batch.first || seq > batch.last()) continue;
      const std::size_t at = seq - batch.first;
      const std::size_t begin = at == 0 ? 0 : batch.ends[at - 1];
      return batch.bytes.substr(begin, batch.ends[at] - begin);
    }
    return missing;
  }

  const bool early_;
  mutable std::mutex mutex_;
  std::vector<store::RecordBatch> acknowledged_;
};

class WatchedArchive final : public ForwardingArchive {
 public:
  explicit WatchedArchive(store::Archive& inner) : ForwardingArchive(inner) {}

  base::Status commit(const store::ArchiveBatch& batch) override {
    const PhaseScope phase(Phase::kArchive);
    return inner_.commit(batch);
  }
  base::Status remove(const std::vector<store::RunRemoval>& runs) override {
    const PhaseScope phase(Phase::kRetention);
    return inner_.remove(runs);
  }
  base::Result<std::optional<std::string>> summary(store::RunNumber run) const override {
    if (recovering) passed("recovery");
    return inner_.summary(run);
  }

  std::atomic<bool> recovering = true;
};

class WatchedSlots final : public store::AttemptSlots {
 public:
  explicit WatchedSlots(store::AttemptSlots& inner) : inner_(inner) {}

  const std::vector<store::AttemptMark>& left_over() const override { return inner_.left_over(); }
  void forget_left_over() override {
    passed("recovery");
    inner_.forget_left_over();
    passed("recovery");
  }
  Slot take(const store::AttemptMark& mark) override { return inner_.take(mark); }
  void release(Slot slot) override { inner_.release(slot); }

 private:
  store::AttemptSlots& inner_;
};

class WatchedStore final : public WrappedStore<WatchedJournal, WatchedArchive> {
 public:
  WatchedStore(std::unique_ptr<store::Store> inner, bool early)
      : WrappedStore(std::move(inner), early), slots_(WrappedStore::attempt_slots()) {}

  store::AttemptSlots& attempt_slots() override { return slots_; }

 private:
  WatchedSlots slots_;
};

}  // namespace reprise::testing
