#include "tests/support/allocations.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <dlfcn.h>
#include <malloc.h>
#include <new>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sanitizers.h"

namespace {

// Constant-initialized: malloc is called before any constructor runs.
constinit std::atomic<bool> armed{false};
constinit std::atomic<bool> keeps_failing{false};
constinit std::atomic<bool> has_failed{false};
constinit std::atomic<std::uint64_t> count{0};
constinit std::atomic<std::uint64_t> failing{0};
constinit std::atomic<std::size_t> live{0};
constinit std::atomic<std::size_t> most{0};

}  // namespace

#if !REPRISE_SANITIZED

namespace {

bool fails() {
  if (!armed.load(std::memory_order_relaxed)) return false;
  const std::uint64_t nth = ++count;
  const std::uint64_t wanted = failing.load(std::memory_order_relaxed);
  if (wanted == 0 || nth < wanted || (nth > wanted && !keeps_failing)) return false;
  has_failed = true;
  errno = ENOMEM;
  return true;
}

void* account(void* memory) {
  if (memory == nullptr) return memory;
  const std::size_t size = ::malloc_usable_size(memory);
  const std::size_t now = live.fetch_add(size, std::memory_order_relaxed) + size;
  std::size_t before = most.load(std::memory_order_relaxed);
  while (now > before && !most.compare_exchange_weak(before, now, std::memory_order_relaxed)) {
  }
  return memory;
}

void forget(void* memory) {
  if (memory != nullptr) {
    live.fetch_sub(::malloc_usable_size(memory), std::memory_order_relaxed);
  }
}

}  // namespace

// The C library's own functions under their other names.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) noexcept {
  return fails() ? nullptr : account(__libc_malloc(size));
}
void* calloc(std::size_t elements, std::size_t size) noexcept {
  return fails() ? nullptr : account(__libc_calloc(elements, size));
}
void* realloc(void* memory, std::size_t size) noexcept {
  if (fails()) return nullptr;
  const std::size_t before = memory == nullptr ? 0 : ::malloc_usable_size(memory);
  void* const moved = __libc_realloc(memory, size);
  if (moved != nullptr || size == 0) live.fetch_sub(before, std::memory_order_relaxed);
  return account(moved);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return fails() ? nullptr : account(__libc_memalign(alignment, size));
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return aligned_alloc(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  *memory = aligned_alloc(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) noexcept {
  forget(memory);
  __libc_free(memory);
}

void* mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset) noexcept {
  if (fails()) return MAP_FAILED;
  return reinterpret_cast<void*>(::syscall(SYS_mmap, at, size, protection, flags, file, offset));
}
void* mmap64(
    void* at, std::size_t size, int protection, int flags, int file, off64_t offset) noexcept {
  return mmap(at, size, protection, flags, file, offset);
}
}  // extern "C"

#endif

namespace reprise::testing {

AllocationFailure::AllocationFailure(std::uint64_t nth, bool from_then_on) {
  count = 0;
  failing = nth;
  keeps_failing = from_then_on;
  has_failed = false;
  armed = true;
}

AllocationFailure::~AllocationFailure() {
  armed = false;
}

std::uint64_t AllocationFailure::allocations() const {
  return count;
}

bool AllocationFailure::happened() const {
  return has_failed;
}

AllocationMeter::AllocationMeter() : before_(live) {
  most = before_;
}

std::size_t AllocationMeter::peak() const {
  const std::size_t now = most;
  return now > before_ ? now - before_ : 0;
}

}  // namespace reprise::testing
