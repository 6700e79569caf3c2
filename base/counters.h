// Figures that many threads count and a scrape reads: relaxed atomics, and no lock on the way. A
// read sees each figure at some moment; two of them need not fit together exactly.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/ids.h"

namespace reprise::base {

class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// How values are distributed. Its bounds are fixed; a value counts in the first bucket whose bound
// is not below it.
class Histogram {
 public:
  static constexpr std::size_t kMostBounds = 20;

  // Ascending, at most kMostBounds; they outlive it.
  explicit Histogram(std::span<const std::uint64_t> bounds);

  void observe(std::uint64_t value);

  struct Read {
    std::vector<std::uint64_t> counts;  // one for each bound, and one for what is beyond
    std::uint64_t sum = 0;              // of the values
  };
  Read read() const;
  std::span<const std::uint64_t> bounds() const { return bounds_; }

 private:
  const std::span<const std::uint64_t> bounds_;
  std::array<Counter, kMostBounds + 1> counts_;
  Counter sum_;
};

// A figure for each name, for a bounded number of names: those beyond share one. Names stay for
// ever.
template <class Figure>
class ByName {
 public:
  static constexpr std::size_t kMostNames = 200;
  static constexpr std::string_view kOthers = "_other";  // what those beyond are called

  ByName() = default;
  ~ByName() {
    for (auto& slot : slots_) delete slot.load();
  }
  ByName(const ByName&) = delete;
  ByName& operator=(const ByName&) = delete;

  // Any thread; locks only for a name that is new.
  Figure& of(std::string_view name) {
    for (std::size_t at = hash64(name) % kSlots;; at = (at + 1) % kSlots) {
      Entry* const found = slots_[at].load(std::memory_order_acquire);
      if (found == nullptr) return add(name, at);
      if (found->name == name) return found->figure;
    }
  }

  // Calls `visit(name, figure)`.
  void for_each(FunctionRef<void(std::string_view, const Figure&)> visit) const {
    for (const auto& slot : slots_) {
      const Entry* const entry = slot.load(std::memory_order_acquire);
      if (entry != nullptr) visit(entry->name, entry->figure);
    }
    if (others_used_.load()) visit(kOthers, others_);
  }

 private:
  static constexpr std::size_t kSlots = 512;  // never more than half of them are used
  struct Entry {
    explicit Entry(std::string_view of) : name(of) {}
    const std::string name;
    Figure figure{};
  };

  Figure& add(std::string_view name, std::size_t at) {
    const std::lock_guard lock(mutex_);
    // Another thread may have added it, or another name in its place.
    for (Entry* found = nullptr; (found = slots_[at].load()) != nullptr; at = (at + 1) % kSlots) {
      if (found->name == name) return found->figure;
    }
    if (count_ == kMostNames) {
      others_used_ = true;
      return others_;
    }
    ++count_;
    auto entry = std::make_unique<Entry>(name);
    Figure& figure = entry->figure;
    slots_[at].store(entry.release(), std::memory_order_release);
    return figure;
  }

  std::array<std::atomic<Entry*>, kSlots> slots_{};
  std::mutex mutex_;
  std::size_t count_ = 0;
  std::atomic<bool> others_used_{false};
  Figure others_{};
};

}  // namespace reprise::base
