// The global operator new and delete of tests. Outside a replay they act like those of the C++
// library.
#include "sdk/testing/shaken_heap.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <malloc.h>
#include <new>

#include "base/sanitizers.h"

// Sanitizers have their own operator new, and find the same mistakes in their own way.
#if !REPRISE_SANITIZED

namespace {

constexpr std::size_t kStep = 16;  // malloc's: every block of a size serves all sizes up to it
constexpr std::size_t kLargest = 1024;
constexpr std::size_t kBlocks = 64;

// Blocks of one size, of which the last is handed out next.
struct Batch {
  void* blocks[kBlocks];
  std::size_t left;
};

struct Heap {
  unsigned char fill;
  bool falling;
  Batch batches[kLargest / kStep];
};

constinit thread_local Heap* shaken = nullptr;

void* allocated(std::size_t size, std::size_t alignment = 0) {
  if (size == 0) size = 1;
  while (true) {
    void* const memory =
        alignment == 0
            ? std::malloc(size)
            : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (memory != nullptr) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void refill(Batch& batch, std::size_t size, bool falling) {
  while (batch.left < kBlocks) batch.blocks[batch.left++] = allocated(size);
  if (falling) {
    std::sort(batch.blocks, batch.blocks + kBlocks, std::less<>());
  } else {
    std::sort(batch.blocks, batch.blocks + kBlocks, std::greater<>());
  }
}

void* shaken_block(Heap& heap, std::size_t size) {
  const std::size_t rounded = (std::max<std::size_t>(size, 1) + kStep - 1) / kStep * kStep;
  void* memory = nullptr;
  if (rounded > kLargest) {
    memory = allocated(rounded);
  } else {
    Batch& batch = heap.batches[rounded / kStep - 1];
    if (batch.left == 0) refill(batch, rounded, heap.falling);
    memory = batch.blocks[--batch.left];
  }
  return std::memset(memory, heap.fill, rounded);
}

void give_back(void* memory) {
  if (memory == nullptr) return;
  if (shaken != nullptr) {
    std::memset(memory, shaken->fill, ::malloc_usable_size(memory));
    asm volatile("" : : "r"(memory) : "memory");  // or the compiler would remove it as unread
  }
  std::free(memory);
}

}  // namespace

void reprise_begin_shaken_heap(unsigned char fill, bool falling) {
  auto* heap = static_cast<Heap*>(std::calloc(1, sizeof(Heap)));
  if (heap == nullptr) return;
  heap->fill = fill;
  heap->falling = falling;
  shaken = heap;
}

void reprise_end_shaken_heap() {
  Heap* const heap = shaken;
  shaken = nullptr;
  if (heap == nullptr) return;
  for (Batch& batch : heap->batches) {
    while (batch.left > 0) std::free(batch.blocks[--batch.left]);
  }
  std::free(heap);
}

// Weak, so that a program's own operator new takes precedence. The library's other forms call
// these.
[[gnu::weak]] void* operator new(std::size_t size) {
  return shaken == nullptr ? allocated(size) : shaken_block(*shaken, size);
}
[[gnu::weak]] void* operator new(std::size_t size, std::align_val_t alignment) {
  void* const memory = allocated(size, static_cast<std::size_t>(alignment));
  if (shaken != nullptr) std::memset(memory, shaken->fill, size);
  return memory;
}
[[gnu::weak]] void operator delete(void* memory) noexcept {
  give_back(memory);
}
[[gnu::weak]] void operator delete(void* memory, std::size_t) noexcept {
  give_back(memory);
}
[[gnu::weak]] void operator delete(void* memory, std::align_val_t) noexcept {
  give_back(memory);
}
[[gnu::weak]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  give_back(memory);
}

#else

void reprise_begin_shaken_heap(unsigned char, bool) {}
void reprise_end_shaken_heap() {}

#endif
