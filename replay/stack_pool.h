// Stacks for strands: slabs of address space cut into equal stacks with a guard area below each,
// handed out last in first out so that the warm ones are used again.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>

#include "base/sanitizers.h"

namespace reprise::replay {

// Address space below each stack that is nobody's. A page would do for code that touches its frames
// page by page (-fstack-clash-protection); code that does not may jump as far as its frames are
// large, and must not land in the stack of another run.
inline constexpr std::size_t kGuardBytes = 64 * 1024;

// What lies below a stack, strongest first. The pool falls back by itself, stack by stack.
enum class StackGuard {
  kInstall,  // MADV_GUARD_INSTALL (Linux 6.13): faults at once and costs no mapping
  kProtect,  // mprotect: faults at once, but costs two of the 65,530 mappings of a process
  kCanary,   // ordinary memory; its topmost page must still be zero when the stack comes back
};

struct StackPoolOptions {
  // Address space per stack, in bytes, without its guard area; rounded up to whole pages. Memory
  // is used only as deep as the code goes.
  std::size_t stack_bytes = base::kSanitized ? 256 * 1024 : 64 * 1024;
  // How many stacks a slab reserves at once.
  std::size_t stacks_per_slab = 1024;
  // How many idle stacks keep their memory for the next strand in any case. Further ones keep it as
  // long as they were all needed at one time recently: giving it back and faulting it in again
  // took a quarter of the CPU of short workflows. Of the others it goes back to the kernel.
  std::size_t warm_stacks = 256;
  // The strongest guard to try.
  StackGuard guard = StackGuard::kInstall;
  // What every byte of a stack reads as when it is handed out, for tests that look for memory that
  // was never written; it costs all of the stack's memory. Nothing: whatever it reads as.
  std::optional<unsigned char> fill{};
};

struct Stack {
  char* bottom = nullptr;  // lowest usable address
  std::size_t size = 0;    // a few bytes less than stack_bytes: the pool keeps a note above top()
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
  // Aborts when the canary below the stack shows that a strand has left it.
  void give_back(Stack stack);
  // Nobody gives the stack back: it stays as it is until the process ends, and so does what it
  // refers to. It counts in resident_bytes() from now on.
  void abandon(const Stack& stack);
  // Nobody has needed a stack for a while: forgets what was needed recently, and gives the memory
  // of all idle stacks but `warm_stacks` back to the kernel.
  void cool();
  // Would cool() give anything back?
  bool can_cool() const;

  std::size_t in_use() const;  // stacks taken and not given back or abandoned
  std::size_t peak_in_use() const;
  // Bytes of stack memory that strands hold now, to the page, as far as note_depth has seen them.
  // A stack counts as deep as it has been since the kernel last had its memory back.
  std::size_t resident_bytes() const;
  // The deepest any strand was when it suspended, in bytes.
  std::size_t high_water() const;

  // Told by a strand at a suspension how deep it stands; keeps resident_bytes and high_water.
  void note_depth(const Stack& stack, std::size_t depth);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reprise::replay
