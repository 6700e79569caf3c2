// A store that tells when a commit of its journal begins and when it is durable.
#pragma once
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "store/store.h"

namespace reprise::testing {

class RecordingJournal final : public store::Journal {
 public:
  using Told = std::function<void(store::Seq last)>;

  RecordingJournal(store::Journal& inner,
                   Told begins,
                   Told durable,
                   std::vector<std::uint64_t>* chains)
      : inner_(inner), begins_(std::move(begins)), durable_(std::move(durable)), chains_(chains) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    if (!batches.empty()) begins_(batches.back()->last());
    base::Status status = inner_.append(batches, trim_through);
    if (!status || batches.empty()) return status;
    for (const store::RecordBatch* batch : batches) keep_chains(*batch);
    durable_(batches.back()->last());
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
  void keep_chains(const store::RecordBatch& batch) {
    std::string_view bytes = batch.bytes;
    while (!bytes.empty()) {
      std::size_t size = 0;
      chains_->push_back(store::decode_record(bytes, &size)->chain);
      bytes.remove_prefix(size);
    }
  }

  store::Journal& inner_;
  const Told begins_;
  const Told durable_;
  std::vector<std::uint64_t>* const chains_;
};

class RecordingStore final : public store::Store {
 public:
  RecordingStore(std::unique_ptr<store::Store> inner,
                 RecordingJournal::Told begins,
                 RecordingJournal::Told durable,
                 std::vector<std::uint64_t>* chains)
      : inner_(std::move(inner)),
        journal_(inner_->journal(), std::move(begins), std::move(durable), chains) {}

  store::Journal& journal() override { return journal_; }
  const store::Journal& journal() const override { return journal_; }
  store::Archive& archive() override { return inner_->archive(); }
  const store::Archive& archive() const override { return inner_->archive(); }
  store::AttemptSlots& attempt_slots() override { return inner_->attempt_slots(); }

 private:
  std::unique_ptr<store::Store> inner_;
  RecordingJournal journal_;
};

}  // namespace reprise::testing
