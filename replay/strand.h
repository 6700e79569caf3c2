// One stackful coroutine. This pair of files is the only place that includes Boost.Context, touches
// the C++ runtime's exception state and calls the sanitizers' fiber hooks.
#pragma once
#include <functional>
#include <memory>

#include "replay/stack_pool.h"

namespace reprise::replay {

// What a suspended strand throws when it is asked to leave its stack. Deliberately no
// std::exception: user code must not catch it by accident. If a `catch (...)` swallows it, the next
// call of suspend() throws it again.
struct Evicted {};

// Not thread-safe: a strand lives and dies on one thread, because compilers cache thread-local
// addresses across a switch. Strands nest: one strand may resume another.
class Strand {
 public:
  using Body = std::function<void()>;

  // Takes a stack from `pool`, which must outlive the strand. The body starts at the first resume().
  Strand(StackPool& pool, Body body);
  // Evicts first if the body has not finished.
  ~Strand();
  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;

  // Runs the body until it suspends or finishes. No exception leaves a body: one that tries is
  // caught by the caller's wrapper, and anything but Evicted that reaches the base is a broken
  // invariant.
  void resume();

  // Called on this strand: switches back to whoever resumed it. Throws Evicted when evicting.
  void suspend();

  // Resumes until the body has left its stack by Evicted (or finished). Destructors on the strand's
  // stack run now. A body never started is dropped without running.
  void evict();

  bool done() const;
  bool evicting() const;

  // The strand that is running on this thread, or nullptr outside any.
  static Strand* current();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reprise::replay
