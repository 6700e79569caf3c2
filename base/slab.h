// Objects of one type in blocks, at stable addresses. Freed slots are used again; the memory is
// returned when the slab is destroyed.
#pragma once
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/sanitizers.h"

namespace reprise::base {

// Not thread-safe. Every object must be destroyed before the slab is.
template <class T>
class Slab {
 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

#if REPRISE_SANITIZED
  template <class... Arguments>
  T* make(Arguments&&... arguments) {
    return new T(std::forward<Arguments>(arguments)...);
  }
  void destroy(T* object) {
    delete object;
  }
#else
  template <class... Arguments>
  T* make(Arguments&&... arguments) {
    if (free_ == nullptr) add_block();
    Cell* cell = std::exchange(free_, free_->next);
    return new (cell->object) T(std::forward<Arguments>(arguments)...);
  }

  void destroy(T* object) {
    object->~T();
    free_ = new (static_cast<void*>(object)) Cell{.next = free_};
  }
#endif

 private:
  union Cell {
    Cell* next;
    alignas(T) std::byte object[sizeof(T)];
  };
  static constexpr std::size_t kCells = 256;

  void add_block() {
    blocks_.push_back(std::make_unique_for_overwrite<Cell[]>(kCells));
    for (std::size_t i = kCells; i > 0; --i)
      free_ = new (&blocks_.back()[i - 1]) Cell{.next = free_};
  }

  std::vector<std::unique_ptr<Cell[]>> blocks_;
  Cell* free_ = nullptr;
};

}  // namespace reprise::base
