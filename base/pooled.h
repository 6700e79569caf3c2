// Memory for objects that come and go with every run or operation. A thread reuses the memory of
// deleted objects of the same type, the last one first, while it is still warm. With 10,000 runs in
// flight malloc's own caches overflow into its slow paths, which took a fifth of the CPU.
#pragma once
#include <climits>
#include <cstddef>
#include <new>
#include <pthread.h>
#include <utility>

#include "base/sanitizers.h"

namespace reprise::base {

// Derive T from Pooled<T>. Objects may be deleted on any thread. A thread keeps at most 4 MiB of
// each type until it ends.
template <class T>
class Pooled {
 public:
#if !REPRISE_SANITIZED
  static void* operator new(std::size_t size) {
    if (size != sizeof(T) || spare.first == nullptr) return ::operator new(size);
    --spare.count;
    return std::exchange(spare.first, spare.first->next);
  }
  static void operator delete(void* memory, std::size_t size) {
    static_assert(sizeof(T) >= sizeof(Block) && alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    if (size != sizeof(T) || spare.count >= most_spare()) return ::operator delete(memory);
    if (!spare.freed_at_end) {
      spare.freed_at_end = ::pthread_setspecific(thread_end(), &spare) == 0;
      if (!spare.freed_at_end) return ::operator delete(memory);
    }
    spare.first = new (memory) Block{spare.first};
    ++spare.count;
  }
#endif

 protected:
  Pooled() = default;
  ~Pooled() = default;

 private:
  static constexpr std::size_t most_spare() {
    return (std::size_t{4} << 20) / sizeof(T);
  }

  struct Block {
    Block* next;
  };
  struct Spare {
    Block* first = nullptr;
    std::size_t count = 0;
    bool freed_at_end = false;
  };
  // Not a thread_local with a destructor: the C library aborts when it has no memory to register
  // one. Without a key (a process has only 1,024) nothing is kept.
  static pthread_key_t thread_end() {
    static const pthread_key_t key = [] {
      pthread_key_t made = PTHREAD_KEYS_MAX;
      (void)::pthread_key_create(&made, free_spare);
      return made;
    }();
    return key;
  }
  static void free_spare(void*) {
    while (spare.first != nullptr) {
      ::operator delete(std::exchange(spare.first, spare.first->next));
    }
    spare.count = most_spare();  // what is deleted after this is not kept
  }
  static inline constinit thread_local Spare spare{};
};

// An allocator over such a pool. Single objects come from it, also those of std::allocate_shared()
// with their counts; arrays do not. T has at least the size of a pointer.
template <class T>
class PooledAllocator {
 public:
  using value_type = T;

  PooledAllocator() = default;
  template <class Other>
  PooledAllocator(const PooledAllocator<Other>& /*same*/) {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t count) { return static_cast<T*>(take(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) { give_back(memory, count * sizeof(T)); }

  friend bool operator==(const PooledAllocator& /*a*/, const PooledAllocator& /*b*/) {
    return true;
  }

 private:
#if REPRISE_SANITIZED
  static void* take(std::size_t size) {
    return ::operator new(size);
  }
  static void give_back(void* memory, std::size_t size) {
    ::operator delete(memory, size);
  }
#else
  struct Slot : Pooled<Slot> {
    alignas(T) std::byte space[sizeof(T)];
  };
  static_assert(sizeof(Slot) == sizeof(T));
  static void* take(std::size_t size) {
    return Slot::operator new(size);
  }
  static void give_back(void* memory, std::size_t size) {
    Slot::operator delete(memory, size);
  }
#endif
};

}  // namespace reprise::base
