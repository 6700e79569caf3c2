// Stacks for strands: slabs of address space cut into equal stacks with a guard area below each,
// handed out last in first out so that the warm ones are used again.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>

#include "base/sanitizers.h"

namespace reprise::replay {

// Unused address space below each stack. A page would suffice for code that touches its frames page
// by page (-fstack-clash-protection); other code may jump over as much as its frames are large, and
// must not land in the stack of another run.
inline constexpr std::size_t kGuardBytes = 64 * 1024;

// The guard below a stack, strongest first. The pool falls back by itself, stack by stack.
enum class StackGuard {
  kInstall,  // MADV_GUARD_INSTALL (Linux 6.13): faults at once and costs no mapping
  kProtect,  // mprotect: faults at once, but costs two of the 65,530 mappings of a process
  kCanary,   // ordinary memory; its topmost page must still be zero when the stack comes back
};

struct StackPoolOptions {
  // Address space per stack, in bytes, without its guard area; rounded up to whole pages. Memory is
  // used only as deep as the code's stack gets.
  std::size_t stack_bytes = base::kSanitized ? 256 * 1024 : 64 * 1024;
  // How many stacks a slab reserves at once.
  std::size_t stacks_per_slab = 1024;
  // How many idle stacks always keep their memory for the next strand. Further ones keep it while
  // as many were needed at one time recently: returning it and faulting it in again took a quarter
  // of the CPU of short workflows. The memory of the others goes back to the kernel.
  std::size_t warm_stacks = 256;
  // The strongest guard to try.
  StackGuard guard = StackGuard::kInstall;
  // Every byte of a stack has this value when it is handed out, for tests that look for memory that
  // was never written; this takes all of the stack's memory. Nothing: the content is arbitrary.
  std::optional<unsigned char> fill{};
};

struct Stack {
  char* bottom = nullptr;  // lowest usable address
  std::size_t size = 0;    // a few bytes less than stack_bytes: the pool has a note above top()
  StackGuard guard = StackGuard::kInstall;
  char* top() const { return bottom + size; }
  explicit operator bool() const { return bottom != nullptr; }
};

// Not thread-safe: one pool per shard.
class StackPool {
 public:
  explicit StackPool(StackPoolOptions options = {});
  ~StackPool();  // every stack must have been given back or abandoned
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  // An empty Stack when the kernel gives no more address space.
  Stack take();
  // Aborts when the canary below the stack shows that a strand has overflowed it.
  void give_back(Stack stack);
  // The stack is never given back: it and everything it refers to stay until the process ends. It
  // counts in resident_bytes() from now on.
  void abandon(const Stack& stack);
  // No stack was needed for a while: forgets recent needs, and returns the memory of all idle
  // stacks except `warm_stacks` to the kernel.
  void cool();
  // Would cool() return any memory?
  bool can_cool() const;

  std::size_t in_use() const;  // stacks taken and not given back or abandoned
  std::size_t peak_in_use() const;
  // Bytes of stack memory that strands hold now, to the page, as far as note_depth has seen them.
  // A stack counts with its greatest depth since its memory was last returned to the kernel.
  std::size_t resident_bytes() const;
  // The deepest any strand was when it suspended, in bytes.
  std::size_t high_water() const;

  // A strand reports its depth at a suspension, for resident_bytes and high_water.
  void note_depth(const Stack& stack, std::size_t depth);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reprise::replay
