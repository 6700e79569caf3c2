// A queue in one block of memory, which grows as needed and is kept unless it is very large; a
// deque would allocate and free all the time.
#pragma once
#include <cstddef>
#include <utility>
#include <vector>

namespace reprise::base {

// Not thread-safe. T is default-constructible and movable; a slot that was taken keeps the
// moved-from value until it is used again.
template <class T>
class Ring {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  void push_back(T value) {
    if (size_ == slots_.size()) grow();
    slots_[(first_ + size_++) & (slots_.size() - 1)] = std::move(value);
  }
  const T& front() const { return slots_[first_]; }
  // The one that comes `ahead` after the front.
  const T& at(std::size_t ahead) const { return slots_[(first_ + ahead) & (slots_.size() - 1)]; }
  T take_front() {
    T value = std::move(slots_[first_]);
    first_ = (first_ + 1) & (slots_.size() - 1);
    if (--size_ == 0 && slots_.size() > kKept) std::vector<T>().swap(slots_);
    return value;
  }

 private:
  static constexpr std::size_t kSmallest = 16;
  static constexpr std::size_t kKept = 16'384;  // a larger block is freed when it becomes empty

  void grow() {
    std::vector<T> larger(slots_.empty() ? kSmallest : 2 * slots_.size());
    for (std::size_t i = 0; i < size_; ++i) {
      larger[i] = std::move(slots_[(first_ + i) & (slots_.size() - 1)]);
    }
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> slots_;  // a power of two, or none
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace reprise::base
