#include "tests/simulation/disk.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "tests/support/forwarding_store.h"

namespace reprise::simulation {

namespace {

base::Error dead() {
  return {base::ErrorCode::kStoreIo, "the simulated process has ended"};
}

store::Record decoded(std::string_view bytes) {
  std::size_t size = 0;
  const auto record = store::decode_record(bytes, &size);
  REPRISE_CHECK(record.has_value(), "the simulated journal holds what it was given");
  return *record;
}

}  // namespace

KeptRecord kept(const store::Record& record) {
  return {record.seq, record.previous, record.chain, record.flags, std::string(record.body)};
}

// ---- what a process sees ----------------------------------------------------------------------

class SimStore::Journal final : public store::Journal {
 public:
  Journal(SimStore& store, SimDisk& disk) : store_(store), disk_(disk) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    const base::Status written =
        store_.write(store_.in_append_, [&] { put(batches, trim_through); });
    if (!written) return written;
    if (disk_.acknowledges_early) acknowledge(std::exchange(not_yet_, last_of(batches)));
    if (!disk_.acknowledges_early) acknowledge(last_of(batches));
    return {};
  }

  base::Status scan(store::Seq from,
                    base::Visitor<store::Seq, std::string_view> visit) const override {
    for (auto at = disk_.journal.lower_bound(from); at != disk_.journal.end(); ++at) {
      const base::Visited seen = visit(at->first, at->second);
      if (!seen.goes_on()) return seen.status();
    }
    return {};
  }
  base::Result<std::string> read(store::Seq seq) const override {
    const auto found = disk_.journal.find(seq);
    if (found != disk_.journal.end()) return found->second;
    return base::Error{base::ErrorCode::kNotFound, "not in the journal"};
  }
  base::Result<store::Seq> first() const override {
    return disk_.journal.empty() ? 0 : disk_.journal.begin()->first;
  }
  base::Result<store::Seq> last() const override {
    return disk_.journal.empty() ? 0 : disk_.journal.rbegin()->first;
  }

 private:
  void put(const std::vector<const store::RecordBatch*>& batches, store::Seq trim_through) {
    std::size_t added = 0;
    for (const store::RecordBatch* batch : batches) {
      const store::Seq last = disk_.journal.empty() ? 0 : disk_.journal.rbegin()->first;
      REPRISE_CHECK(batch->first == last + 1, "the journal has no gaps");
      if (added == 0) disk_.last_commit_began = batch->first;
      std::uint32_t begin = 0;
      for (const std::uint32_t end : batch->ends) {
        disk_.journal[batch->first + (added++)] = batch->bytes.substr(begin, end - begin);
        begin = end;
      }
      REPRISE_CHECK(disk_.journal.rbegin()->first == batch->last(), "batches follow one another");
    }
    // A few at a time, and never the newest, as in LMDB.
    std::size_t to_trim = 2 * added + 2;
    while (disk_.journal.size() > 1 && disk_.journal.begin()->first <= trim_through &&
           to_trim-- > 0) {
      disk_.journal.erase(disk_.journal.begin());
    }
  }
  static store::Seq last_of(const std::vector<const store::RecordBatch*>& batches) {
    return batches.empty() ? 0 : batches.back()->last();
  }
  void acknowledge(store::Seq through) {
    while (disk_.acknowledged_through < through) {
      const store::Seq seq = ++disk_.acknowledged_through;
      const auto found = disk_.journal.find(seq);
      if (found == disk_.journal.end()) continue;  // a control has lost it
      const store::Record record = decoded(found->second);
      disk_.acknowledged[record.run].push_back(kept(record));
    }
  }

  store::Seq not_yet_ = 0;
  SimStore& store_;
  SimDisk& disk_;
};

class SimStore::Archive final : public testing::ForwardingArchive {
 public:
  Archive(SimStore& store, SimDisk& disk)
      : ForwardingArchive(disk.archive), store_(store), disk_(disk) {}

  base::Status commit(const store::ArchiveBatch& batch) override {
    REPRISE_CHECK(batch.through <= disk_.acknowledged_through || disk_.acknowledges_early,
                  "the archive follows the journal");
    return store_.write(store_.in_archive_, [&] { (void)disk_.archive.commit(batch); });
  }
  base::Status remove(const std::vector<store::RunRemoval>& runs) override {
    return store_.write(store_.in_archive_, [&] { (void)disk_.archive.remove(runs); });
  }

 private:
  SimStore& store_;
  SimDisk& disk_;
};

// As FileAttemptSlots: marks of an earlier process keep their slots until they are forgotten.
class SimStore::Slots final : public store::AttemptSlots {
 public:
  Slots(SimStore& store, SimDisk& disk) : store_(store), disk_(disk) {
    for (const auto& [slot, mark] : disk_.marks) {
      left_over_.push_back(mark);
      left_over_slots_.push_back(slot);
    }
  }
  const std::vector<store::AttemptMark>& left_over() const override { return left_over_; }
  void forget_left_over() override {
    if (!store_.alive_) return;
    for (const Slot slot : left_over_slots_) disk_.marks.erase(slot);
    left_over_slots_.clear();
  }
  Slot take(const store::AttemptMark& mark) override {
    if (!store_.alive_) return 0;
    Slot slot = 1;
    while (disk_.marks.contains(slot)) ++slot;
    disk_.marks[slot] = mark;
    return slot;
  }
  void release(Slot slot) override {
    if (!store_.alive_) return;
    REPRISE_CHECK(disk_.marks.erase(slot) == 1, "a slot is released once");
  }

 private:
  SimStore& store_;
  SimDisk& disk_;
  std::vector<store::AttemptMark> left_over_;
  std::vector<Slot> left_over_slots_;
};

SimStore::SimStore(SimDisk& disk)
    : disk_(disk),
      journal_(std::make_unique<Journal>(*this, disk)),
      archive_(std::make_unique<Archive>(*this, disk)),
      slots_(std::make_unique<Slots>(*this, disk)) {}
SimStore::~SimStore() = default;

store::Journal& SimStore::journal() {
  return *journal_;
}
const store::Journal& SimStore::journal() const {
  return *journal_;
}
store::Archive& SimStore::archive() {
  return *archive_;
}
const store::Archive& SimStore::archive() const {
  return *archive_;
}
store::AttemptSlots& SimStore::attempt_slots() {
  return *slots_;
}

base::Status SimStore::write(Death& plan, base::FunctionRef<void()> write) {
  if (!alive_) return dead();
  if (plan == Death::kBeforeWrite) {
    alive_ = false;
    return dead();
  }
  write();
  if (plan == Death::kAfterWrite) {
    alive_ = false;
    return dead();
  }
  return {};
}

// ---- disks that lie ---------------------------------------------------------------------------

// Not archived records, nor the whole journal after an archive: that would not be a store.
void SimDisk::lose_last_commit() {
  if (last_commit_began <= *archive.through()) return;
  if (journal.empty() || (last_commit_began > 1 && journal.begin()->first >= last_commit_began)) {
    return;
  }
  journal.erase(journal.lower_bound(last_commit_began), journal.end());
}

bool SimDisk::tamper(const std::function<bool(std::string* body)>& change) {
  store::RunNumber changed = 0;
  std::map<store::RunNumber, std::uint64_t> chains;
  for (auto& [seq, bytes] : journal) {
    store::Record record = decoded(bytes);
    if (!record.first() && !chains.contains(record.run)) continue;  // it began in the archive
    const std::uint64_t before = record.first() ? 0 : chains[record.run];
    chains[record.run] = record.chain;
    std::string body(record.body);
    if (changed == 0 && change(&body)) changed = record.run;
    if (changed != record.run) continue;
    record.body = body;
    std::string encoded;
    chains[record.run] = store::encode_record(record, before, &encoded);
    bytes = encoded;
  }
  return changed != 0;
}

std::set<store::RunNumber> runs_on(const SimDisk& disk) {
  std::set<store::RunNumber> numbers;
  for (const auto& [number, records] : disk.acknowledged) numbers.insert(number);
  for (const auto& [seq, bytes] : disk.journal) {
    std::size_t size = 0;
    numbers.insert(store::decode_record(bytes, &size)->run);
  }
  return numbers;
}

}  // namespace reprise::simulation
