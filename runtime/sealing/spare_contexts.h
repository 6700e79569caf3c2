// Contexts of a library that are costly to make: each is used by one call at a time and kept for
// the next.
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace reprise::sealing {

// Thread-safe. Keeps as many contexts as were used at the same time, but not more than kMost.
template <class Context>
class SpareContexts {
 public:
  static constexpr std::size_t kMost = 64;

  // One that was put back, or nullptr.
  std::unique_ptr<Context> take() {
    const std::lock_guard lock(mutex_);
    if (spare_.empty()) return nullptr;
    auto context = std::move(spare_.back());
    spare_.pop_back();
    return context;
  }
  void put(std::unique_ptr<Context> context) {
    const std::lock_guard lock(mutex_);
    if (spare_.size() < kMost) spare_.push_back(std::move(context));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Context>> spare_;
};

}  // namespace reprise::sealing
