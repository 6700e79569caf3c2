// One stackful coroutine. This pair of files is the only place that includes Boost.Context, touches
// the C++ runtime's exception state and calls the sanitizers' fiber hooks.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "base/call_site.h"
#include "replay/stack_pool.h"

namespace reprise::replay {

// Thrown by a suspended strand that must leave its stack. Deliberately not a std::exception: user
// code must not catch it by accident. If a `catch (...)` swallows it, the next call of suspend()
// throws it again, and at last the strand is given up. It must not pass through a noexcept
// function, such as a destructor: like any other exception it would end the process.
struct Evicted {};

// Not thread-safe: a strand lives and dies on one thread, because compilers cache thread-local
// addresses across a switch. Strands nest: one strand may resume another, even while it handles an
// exception. The C++ exception state (what is caught, how many are uncaught) belongs to the strand,
// so a body may suspend inside a catch block.
//
// A strand's own bookkeeping is at the top of its stack, so creating one allocates nothing, and a
// strand that is done has returned its stack.
class Strand {
 public:
  using Body = std::function<void()>;

  // Takes a stack from `pool`, which must outlive the strand; std::bad_alloc if it has none. The
  // body starts at the first resume(); it and what it captured are destroyed on the strand, at its
  // end.
  Strand(StackPool& pool, Body body);
  // For callers that must cope with an empty pool: `stack` was taken from `pool` before.
  Strand(StackPool& pool, Stack stack, Body body);
  // Evicts first if the body has not finished. Not on the strand itself.
  ~Strand();
  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;

  // Runs the body until it suspends or finishes. No exception leaves a body: the caller's wrapper
  // catches it, and anything but Evicted at the base is a broken invariant.
  void resume();

  // It is resumed soon: asks for its bookkeeping and its outermost frames (base/prefetch.h).
  void prefetch() const;

  // Called on this strand: switches back to its resumer. Throws Evicted when evicting.
  void suspend();

  // Called on this strand: throws Evicted. A body that has swallowed it some hundred times is given
  // up instead: its stack is never unwound nor used again, and its resumer goes on.
  [[noreturn]] void leave();
  bool given_up() const { return given_up_at_ != nullptr; }
  // The calls that were under way then, the innermost first.
  const std::vector<void*>& given_up_at() const { return *given_up_at_; }

  // Resumes until the body has left its stack by Evicted, or finished, or is given up. Destructors
  // on the strand's stack run now. A body never started is dropped without running.
  void evict();

  // The same for a body whose destructors may pause(): false when one has; then evict the strand
  // further once it may go on.
  [[nodiscard]] bool evict_until_pause();
  // Called on this strand, also in destructors while it is evicted: switches back to its resumer,
  // and throws nothing.
  void pause();

  // The calls under way on a strand that waits, the innermost first: addresses for base::Symbols.
  // The strand is resumed inside suspend(), records its stack and suspends again: no code of the
  // body runs, and the sanitizers are told as usual. Empty for one that has not started, is done or
  // is running. Some 2 us. Not on the strand itself.
  std::vector<void*> stack();

  bool done() const { return state_ == nullptr; }  // finished, left, or given up
  bool evicting() const { return evicting_; }
  // Is its stack in use: is it running, or has it resumed a strand that is?
  bool executes() const;

  // The strand that is running on this thread, or nullptr outside any. Signal handlers may call
  // this and the following functions.
  static Strand* current();

  // For people, when something happens on the strand.
  struct Label {
    std::size_t number = 0;  // in its run
    base::CallSite last_call{};
  };
  Label& label() { return label_; }
  Stack memory() const;  // of one that is not done

 private:
  struct State;
  void release();
  void give_up();

  State* state_;  // at the top of the strand's stack; null when done
  bool evicting_ = false;
  Label label_;
  std::unique_ptr<std::vector<void*>> given_up_at_;
};

}  // namespace reprise::replay
