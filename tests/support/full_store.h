// A store whose parts can be made to have no room, as a full disk or a full map would, and whose
// archive can be broken.
#pragma once
#include <atomic>
#include <memory>
#include <utility>

#include "store/store.h"

namespace reprise::testing {

struct Room {
  std::atomic<bool> journal{true};
  std::atomic<bool> archive{true};
  std::atomic<bool> archive_broken{false};
  std::atomic<int> refused{0};

  base::Status check(const std::atomic<bool>& room, const char* what) {
    if (room) return {};
    ++refused;
    return base::Error{base::ErrorCode::kStoreFull, std::string(what) + " is full"};
  }
};

class FullJournal final : public store::Journal {
 public:
  FullJournal(store::Journal& inner, Room& room) : inner_(inner), room_(room) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    if (auto room = room_.check(room_.journal, "the journal"); !room) return room;
    return inner_.append(batches, trim_through);
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
  Room& room_;
};

class FullArchive final : public store::Archive {
 public:
  FullArchive(store::Archive& inner, Room& room) : inner_(inner), room_(room) {}

  base::Status commit(const store::ArchiveBatch& batch) override {
    if (auto room = room_.check(room_.archive, "the archive"); !room) return room;
    if (room_.archive_broken) {
      return base::Error{base::ErrorCode::kStoreIo, "the archive is gone"};
    }
    return inner_.commit(batch);
  }
  base::Result<store::Seq> through() const override { return inner_.through(); }
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
  Room& room_;
};

// `room` outlives it.
class FullStore final : public store::Store {
 public:
  FullStore(std::unique_ptr<store::Store> inner, Room& room)
      : inner_(std::move(inner)),
        journal_(inner_->journal(), room),
        archive_(inner_->archive(), room) {}

  store::Journal& journal() override { return journal_; }
  const store::Journal& journal() const override { return journal_; }
  store::Archive& archive() override { return archive_; }
  const store::Archive& archive() const override { return archive_; }
  store::AttemptSlots& attempt_slots() override { return inner_->attempt_slots(); }

 private:
  std::unique_ptr<store::Store> inner_;
  FullJournal journal_;
  FullArchive archive_;
};

}  // namespace reprise::testing
