// A store in memory that outlives the engines opened over it, as a disk outlives processes.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "store/store.h"

namespace reprise::internal {

// When the process dies, seen from a commit.
enum class Death { kNot, kAfter, kBefore };

// Not thread-safe, except for reading.
class SurvivingStore {
 public:
  SurvivingStore() : memory_(store::memory_store()) {}

  // An engine's view of it; the next engine sees what this one has written. Before each commit with
  // records, `about_to_commit` decides whether the process dies; a dead process writes nothing
  // more. One view at a time.
  class View;
  std::unique_ptr<View> open(
      std::function<Death(const std::vector<const store::RecordBatch*>&)> about_to_commit);

  const store::Journal& journal() const { return memory_->journal(); }
  // As far as the store knows, is an attempt under way that is not the first of its operation?
  bool repeats_an_attempt() const;

 private:
  std::unique_ptr<store::Store> memory_;
  std::map<store::AttemptSlots::Slot, store::AttemptMark> marks_;  // attempts under way
};

class SurvivingStore::View final : public store::Store {
 public:
  View(SurvivingStore& store,
       std::function<Death(const std::vector<const store::RecordBatch*>&)> about_to_commit);
  ~View() override;

  store::Journal& journal() override;
  const store::Journal& journal() const override;
  store::Archive& archive() override { return store_.memory_->archive(); }
  const store::Archive& archive() const override { return store_.memory_->archive(); }
  store::AttemptSlots& attempt_slots() override;

  void kill() { dead_ = true; }
  bool dead() const { return dead_; }

 private:
  class Journal;
  class Slots;

  SurvivingStore& store_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Slots> slots_;
  bool dead_ = false;
};

}  // namespace reprise::internal
