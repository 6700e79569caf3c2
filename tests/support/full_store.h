// A store whose parts can be made to have no room, as a full disk or a full map would, and whose
// archive can be broken.
#pragma once
#include <atomic>
#include <memory>
#include <utility>

#include "store/store.h"
#include "tests/support/forwarding_store.h"

namespace reprise::testing {

struct Room {
  std::atomic<bool> journal{true};
  std::atomic<bool> archive{true};
  std::atomic<bool> archive_broken{false};
  std::atomic<bool> rows_broken{false};
  std::atomic<int> refused{0};

  base::Status check(const std::atomic<bool>& room, const char* what) {
    if (room) return {};
    ++refused;
    return base::Error{base::ErrorCode::kStoreFull, std::string(what) + " is full"};
  }
};

class FullJournal final : public ForwardingJournal {
 public:
  FullJournal(store::Journal& inner, Room& room) : ForwardingJournal(inner), room_(room) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    if (auto room = room_.check(room_.journal, "the journal"); !room) return room;
    return inner_.append(batches, trim_through);
  }

 private:
  Room& room_;
};

class FullArchive final : public ForwardingArchive {
 public:
  FullArchive(store::Archive& inner, Room& room) : ForwardingArchive(inner), room_(room) {}

  base::Status commit(const store::ArchiveBatch& batch) override {
    if (auto room = room_.check(room_.archive, "the archive"); !room) return room;
    if (room_.archive_broken) {
      return base::Error{base::ErrorCode::kStoreIo, "the archive is gone"};
    }
    return inner_.commit(batch);
  }
  base::Result<std::unique_ptr<store::Rows>> rows() const override {
    if (room_.rows_broken) {
      return base::Error{base::ErrorCode::kStoreIo, "the rows are out of reach"};
    }
    return inner_.rows();
  }

 private:
  Room& room_;
};

// `room` outlives it.
using FullStore = WrappedStore<FullJournal, FullArchive>;

}  // namespace reprise::testing
