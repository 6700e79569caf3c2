// Attempt slots that end with the process, for the store in memory.
#pragma once
#include <mutex>

#include "store/attempt_slots.h"

namespace reprise::store {

class MemoryAttemptSlots final : public AttemptSlots {
 public:
  const std::vector<AttemptMark>& left_over() const override { return left_over_; }
  void forget_left_over() override {}

  Slot take(const AttemptMark&) override {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return next_++;
    const Slot slot = free_.back();
    free_.pop_back();
    return slot;
  }

  void release(Slot slot) override {
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);
  }

 private:
  const std::vector<AttemptMark> left_over_{};
  std::mutex mutex_;
  Slot next_ = 0;
  std::vector<Slot> free_;
};

}  // namespace reprise::store
