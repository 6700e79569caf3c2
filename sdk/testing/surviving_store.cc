#include "sdk/testing/surviving_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace reprise::internal {

class SurvivingStore::View::Journal final : public store::Journal {
 public:
  Journal(View& view,
          std::function<Death(const std::vector<const store::RecordBatch*>&)> about_to_commit)
      : view_(view), about_to_commit_(std::move(about_to_commit)) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    const auto dead = [] { return base::Error{base::ErrorCode::kStoreIo, "the process has died"}; };
    if (view_.dead_) return dead();
    const Death death = batches.empty() ? Death::kNot : about_to_commit_(batches);
    if (death != Death::kNot) view_.kill();
    if (death == Death::kBefore) return dead();
    return inner().append(batches, trim_through);
  }
  base::Status scan(store::Seq from,
                    base::Visitor<store::Seq, std::string_view> visit) const override {
    return inner().scan(from, visit);
  }
  base::Result<std::string> read(store::Seq seq) const override { return inner().read(seq); }
  base::Result<store::Seq> first() const override { return inner().first(); }
  base::Result<store::Seq> last() const override { return inner().last(); }

 private:
  store::Journal& inner() const { return view_.store_.memory_->journal(); }

  View& view_;
  std::function<Death(const std::vector<const store::RecordBatch*>&)> about_to_commit_;
};

// Marks outlive the process until the next one has counted them, as in the file of a real store.
class SurvivingStore::View::Slots final : public store::AttemptSlots {
 public:
  explicit Slots(View& view) : view_(view), marks_(view.store_.marks_) {
    for (const auto& [slot, mark] : marks_) {
      left_over_.push_back(mark);
      left_over_slots_.push_back(slot);
    }
  }

  const std::vector<store::AttemptMark>& left_over() const override { return left_over_; }
  void forget_left_over() override {
    if (view_.dead_) return;
    for (const Slot slot : std::exchange(left_over_slots_, {})) marks_.erase(slot);
  }
  Slot take(const store::AttemptMark& mark) override {
    Slot slot = 1;
    while (marks_.contains(slot)) ++slot;
    if (!view_.dead_) marks_[slot] = mark;
    return slot;
  }
  void release(Slot slot) override {
    if (!view_.dead_) marks_.erase(slot);
  }

 private:
  View& view_;
  std::map<Slot, store::AttemptMark>& marks_;
  std::vector<store::AttemptMark> left_over_;
  std::vector<Slot> left_over_slots_;
};

SurvivingStore::View::View(
    SurvivingStore& store,
    std::function<Death(const std::vector<const store::RecordBatch*>&)> about_to_commit)
    : store_(store),
      journal_(std::make_unique<Journal>(*this, std::move(about_to_commit))),
      slots_(std::make_unique<Slots>(*this)) {}

SurvivingStore::View::~View() = default;

store::Journal& SurvivingStore::View::journal() {
  return *journal_;
}
const store::Journal& SurvivingStore::View::journal() const {
  return *journal_;
}
store::AttemptSlots& SurvivingStore::View::attempt_slots() {
  return *slots_;
}

bool SurvivingStore::repeats_an_attempt() const {
  return std::any_of(marks_.begin(), marks_.end(),
                     [](const auto& entry) { return entry.second.attempt > 1; });
}

std::unique_ptr<SurvivingStore::View> SurvivingStore::open(
    std::function<Death(const std::vector<const store::RecordBatch*>&)> about_to_commit) {
  return std::make_unique<View>(*this, std::move(about_to_commit));
}

}  // namespace reprise::internal
