// A store that tells when a commit of its journal begins and when it is durable. As a control it
// can swallow errors, and report a failed commit as durable.
#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "store/store.h"
#include "tests/support/forwarding_store.h"

namespace reprise::testing {

class RecordingJournal final : public ForwardingJournal {
 public:
  using Told = std::function<void(store::Seq last)>;

  RecordingJournal(store::Journal& inner,
                   Told begins,
                   Told durable,
                   std::vector<std::uint64_t>* chains,
                   bool swallow_errors)
      : ForwardingJournal(inner),
        begins_(std::move(begins)),
        durable_(std::move(durable)),
        chains_(chains),
        swallow_errors_(swallow_errors) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    for (const store::RecordBatch* batch : batches) keep_chains(*batch);
    if (!batches.empty()) begins_(batches.back()->last());
    const base::Status status = inner_.append(batches, trim_through);
    if (!status && !swallow_errors_) return status;
    if (!batches.empty()) durable_(batches.back()->last());
    return {};
  }

 private:
  void keep_chains(const store::RecordBatch& batch) {
    std::string_view bytes = batch.bytes;
    chains_->resize(std::max(chains_->size(), batch.last()));
    auto chain = chains_->begin() + static_cast<std::ptrdiff_t>(batch.first - 1);
    while (!bytes.empty()) {
      std::size_t size = 0;
      *chain++ = store::decode_record(bytes, &size)->chain;
      bytes.remove_prefix(size);
    }
  }

  const Told begins_;
  const Told durable_;
  std::vector<std::uint64_t>* const chains_;
  const bool swallow_errors_;
};

using RecordingStore = WrappedStore<RecordingJournal>;

}  // namespace reprise::testing
