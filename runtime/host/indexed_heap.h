// A binary heap of objects that know their place in it, so that one whose order has changed, or
// that goes, is found at once.
#pragma once
#include <cstddef>
#include <utility>
#include <vector>

namespace reprise::runtime {

inline constexpr std::size_t kInNoHeap = static_cast<std::size_t>(-1);

// Not thread-safe. T has `std::size_t at = kInNoHeap`, and `bool before(const T&) const`.
template <class T>
class IndexedHeap {
 public:
  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  T& top() const { return *items_.front(); }
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (T* const item : items_) visit(*item);
  }
  static bool has(const T& item) { return item.at != kInNoHeap; }

  void push(T& item) {
    items_.push_back(&item);
    rise(items_.size() - 1);
  }
  void remove(T& item) {
    const std::size_t at = std::exchange(item.at, kInNoHeap);
    T* const last = items_.back();
    items_.pop_back();
    if (last == &item) return;
    items_[at] = last;
    last->at = at;
    moved(*last);
  }
  // Its order has changed.
  void moved(T& item) {
    const std::size_t at = item.at;
    rise(at);
    if (item.at == at) sink(at);
  }

 private:
  void rise(std::size_t at) {
    T* const item = items_[at];
    for (; at > 0 && item->before(*items_[(at - 1) / 2]); at = (at - 1) / 2) {
      place(items_[(at - 1) / 2], at);
    }
    place(item, at);
  }
  void sink(std::size_t at) {
    T* const item = items_[at];
    for (std::size_t next = 2 * at + 1; next < items_.size(); next = 2 * at + 1) {
      if (next + 1 < items_.size() && items_[next + 1]->before(*items_[next])) ++next;
      if (!items_[next]->before(*item)) break;
      place(items_[next], at);
      at = next;
    }
    place(item, at);
  }
  void place(T* item, std::size_t at) {
    items_[at] = item;
    item->at = at;
  }

  std::vector<T*> items_;
};

}  // namespace reprise::runtime
