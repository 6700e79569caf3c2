#include "replay/stack_pool.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/check.h"

#if REPRISE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace reprise::replay {
namespace {

#ifdef MADV_GUARD_INSTALL
constexpr int kMadvGuardInstall = MADV_GUARD_INSTALL;
#else
constexpr int kMadvGuardInstall = 102;  // younger than the C library's headers
#endif

// Every mprotect guard splits a mapping in two, and once a process has used up its mappings malloc
// and mmap fail everywhere in it. So the pools of all shards together take at most half of the
// default limit, and then use canaries. Valgrind has room for 30,000 mappings.
constexpr std::size_t kMaxProtectedGuards = REPRISE_VALGRIND ? 11'000 : 16'000;
std::atomic<std::size_t> protected_guards{0};

// The pool's note at the top of each stack, where the page is in use anyway. Fresh memory, and
// memory that the kernel has taken back, reads as zero: untouched.
struct Note {
  std::size_t touched;  // bytes below the top of the stack that are backed by memory
};
constexpr std::size_t kNoteBytes = 64;

Note& note_of(const Stack& stack) {
  return *reinterpret_cast<Note*>(stack.top());
}

// More than any address space: the kernel refuses it, and no computation overflows before.
constexpr std::size_t kLargestStack = std::size_t{1} << 50;
// Fewer large stacks are reserved at a time: a process may be short of address space.
constexpr std::size_t kLargestSlab = std::size_t{1} << 30;

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

std::size_t round_up(std::size_t bytes) {
  return (bytes + page_bytes() - 1) / page_bytes() * page_bytes();
}

// The leak detector does not look into memory that is mapped by hand.
void keep_what_it_refers_to(const Stack& stack) {
#if REPRISE_ASAN
  __lsan_register_root_region(stack.bottom, stack.size);
#else
  (void)stack;
#endif
}

bool protect(char* area) {
  if (protected_guards.fetch_add(1, std::memory_order_relaxed) < kMaxProtectedGuards &&
      ::mprotect(area, kGuardBytes, PROT_NONE) == 0) {
    return true;
  }
  protected_guards.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

// Makes `area` a guard and returns which kind.
StackGuard install_guard(char* area, StackGuard strongest) {
  if (strongest == StackGuard::kInstall && ::madvise(area, kGuardBytes, kMadvGuardInstall) == 0) {
    return StackGuard::kInstall;
  }
  if (strongest != StackGuard::kCanary && protect(area)) return StackGuard::kProtect;
  return StackGuard::kCanary;
}

void check_canary(const Stack& stack) {
  const char* page = stack.bottom - page_bytes();
  const bool untouched = page[0] == 0 && std::memcmp(page, page + 1, page_bytes() - 1) == 0;
  REPRISE_CHECK(untouched, "a strand has overflowed its stack: raise the stack size");
}

}  // namespace

struct StackPool::State {
  explicit State(StackPoolOptions o) : options(o) {
    options.stack_bytes =
        std::max(round_up(std::min(options.stack_bytes, kLargestStack)), 2 * page_bytes());
    options.stacks_per_slab = std::clamp<std::size_t>(
        options.stacks_per_slab, 1, std::max<std::size_t>(kLargestSlab / stride(), 1));
  }

  std::size_t stride() const { return options.stack_bytes + kGuardBytes; }
  std::size_t slab_bytes() const { return stride() * options.stacks_per_slab; }
  bool add_slab();
  Stack carve();
  void note_use();
  std::size_t warm_limit() const;
  void cool_to(std::size_t limit);
  bool has_abandoned(const char* slab) const;

  StackPoolOptions options;
  std::vector<char*> slabs;
  std::size_t carved = 0;              // stacks cut from the last slab so far
  std::size_t protected_ = 0;          // stacks of ours that count in protected_guards
  std::vector<Stack> idle;             // the warm ones last
  std::vector<const char*> abandoned;  // bottoms of stacks that are never given back
  std::size_t warm = 0;                // how many at the end of `idle` still have their memory
  std::size_t in_use = 0;
  std::size_t peak_in_use = 0;
  // "Recently" means this period and the previous one; a period lasts for enough takes that every
  // stack of its peak is used a few times.
  std::size_t peak_before = 0;
  std::size_t peak_now = 0;
  std::size_t takes = 0;
  std::size_t resident = 0;
  std::size_t high_water = 0;
};

bool StackPool::State::add_slab() {
  // Done first, so that nothing can fail once there is a slab, and giving a stack back never fails.
  slabs.reserve(slabs.size() + 1);
  idle.reserve((slabs.size() + 1) * options.stacks_per_slab);
  void* slab = ::mmap(nullptr, slab_bytes(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (slab == MAP_FAILED) return false;
  // A huge page would back 30 stacks at the first touch of one. A kernel without huge pages refuses
  // the advice, and does not need it.
  (void)::madvise(slab, slab_bytes(), MADV_NOHUGEPAGE);
  slabs.push_back(static_cast<char*>(slab));
  carved = 0;
  return true;
}

// Guards are made one by one as stacks are first used: a thousand at once would hold up a turn for
// more than half a millisecond.
Stack StackPool::State::carve() {
  if ((slabs.empty() || carved == options.stacks_per_slab) && !add_slab()) return {};
  char* guard_area = slabs.back() + carved * stride();
  ++carved;
  const StackGuard guard = install_guard(guard_area, options.guard);
  if (guard == StackGuard::kProtect) ++protected_;
  return {guard_area + kGuardBytes, options.stack_bytes - kNoteBytes, guard};
}

void StackPool::State::note_use() {
  constexpr std::size_t kRounds = 4;
  peak_in_use = std::max(peak_in_use, in_use);
  peak_now = std::max(peak_now, in_use);
  if (++takes < kRounds * peak_now) return;
  peak_before = std::exchange(peak_now, in_use);
  takes = 0;
}

std::size_t StackPool::State::warm_limit() const {
  return std::max(options.warm_stacks, std::max(peak_before, peak_now) - in_use);
}

// Returns the memory of warm stacks to the kernel, the least recently used first. The kernel
// refuses for locked memory; then the note still says that the stack is backed.
void StackPool::State::cool_to(std::size_t limit) {
  for (; warm > limit; --warm) {
    const Stack& stack = idle[idle.size() - warm];
    (void)::madvise(stack.bottom, options.stack_bytes, MADV_DONTNEED);
  }
}

bool StackPool::State::has_abandoned(const char* slab) const {
  return std::any_of(abandoned.begin(), abandoned.end(), [&](const char* bottom) {
    return bottom > slab && bottom < slab + slab_bytes();
  });
}

StackPool::StackPool(StackPoolOptions options) : state_(std::make_unique<State>(options)) {}

StackPool::~StackPool() {
  REPRISE_CHECK(state_->in_use == 0, "a strand has outlived its stack pool");
  if (state_->abandoned.empty()) {
    protected_guards.fetch_sub(state_->protected_, std::memory_order_relaxed);
  } else {
    state_->cool_to(0);  // some of the slabs stay, and with them perhaps all of the guards
  }
  for (char* slab : state_->slabs) {
    if (state_->has_abandoned(slab)) continue;
    ASAN_UNPOISON_MEMORY_REGION(slab, state_->slab_bytes());  // for the next mapping at this place
    ::munmap(slab, state_->slab_bytes());
  }
}

Stack StackPool::take() {
  State& s = *state_;
  Stack stack;
  if (s.idle.empty()) {
    stack = s.carve();
    if (!stack) return stack;
  } else {
    stack = s.idle.back();
    s.idle.pop_back();
    if (s.warm > 0) --s.warm;
  }
  // The last strand's redzones are still poisoned where it switched away for good.
  ASAN_UNPOISON_MEMORY_REGION(stack.bottom, stack.size);
  ++s.in_use;
  s.note_use();
  Note& note = note_of(stack);
  note.touched = std::max(note.touched, page_bytes());
  if (s.options.fill) {
    std::memset(stack.bottom, *s.options.fill, stack.size);
    note.touched = s.options.stack_bytes;
  }
  s.resident += note.touched;
  return stack;
}

void StackPool::give_back(Stack stack) {
  State& s = *state_;
  REPRISE_CHECK(stack && s.in_use > 0, "a stack given back that was not taken");
  if (stack.guard == StackGuard::kCanary) check_canary(stack);
  --s.in_use;
  s.resident -= note_of(stack).touched;
  s.idle.push_back(stack);
  ++s.warm;
  s.cool_to(s.warm_limit());
}

void StackPool::abandon(const Stack& stack) {
  State& s = *state_;
  REPRISE_CHECK(stack && s.in_use > 0, "a stack abandoned that was not taken");
  --s.in_use;
  s.abandoned.push_back(stack.bottom);
  keep_what_it_refers_to(stack);
}

void StackPool::cool() {
  state_->peak_before = state_->peak_now = state_->in_use;
  state_->takes = 0;
  state_->cool_to(state_->options.warm_stacks);
}

bool StackPool::can_cool() const {
  return state_->warm > state_->options.warm_stacks;
}

void StackPool::note_depth(const Stack& stack, std::size_t depth) {
  State& s = *state_;
  s.high_water = std::max(s.high_water, depth);
  Note& note = note_of(stack);
  const std::size_t touched = round_up(depth + kNoteBytes);
  if (touched <= note.touched) return;
  s.resident += touched - note.touched;
  note.touched = touched;
}

std::size_t StackPool::in_use() const {
  return state_->in_use;
}
std::size_t StackPool::peak_in_use() const {
  return state_->peak_in_use;
}
std::size_t StackPool::resident_bytes() const {
  return state_->resident;
}
std::size_t StackPool::high_water() const {
  return state_->high_water;
}

}  // namespace reprise::replay
