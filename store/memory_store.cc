#include "store/memory_archive.h"
#include "store/memory_attempt_slots.h"
#include "store/memory_journal.h"
#include "store/store.h"

namespace reprise::store {
namespace {

class MemoryStore final : public Store {
 public:
  Journal& journal() override { return journal_; }
  const Journal& journal() const override { return journal_; }
  Archive& archive() override { return archive_; }
  const Archive& archive() const override { return archive_; }
  AttemptSlots& attempt_slots() override { return attempt_slots_; }

 private:
  MemoryJournal journal_;
  MemoryArchive archive_;
  MemoryAttemptSlots attempt_slots_;
};

}  // namespace

std::unique_ptr<Store> memory_store() {
  return std::make_unique<MemoryStore>();
}

}  // namespace reprise::store
