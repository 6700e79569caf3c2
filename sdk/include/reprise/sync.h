// Strands of one run that must not do something at the same time. A strand gives way to others only
// where it waits, so plain variables need no lock; these are for what spans a wait.
#pragma once
#include <concepts>
#include <cstddef>
#include <list>
#include <memory>
#include <reprise/call_site.h>
#include <reprise/context.h>

namespace reprise {

namespace internal {

// The strands that wait for one thing: the first one may go on when the thing is there, and nobody
// overtakes. A place in it is given up when the wait ends in whatever way, the unwinding of the
// strand included.
class Line {
 public:
  template <std::predicate Pred>
  void wait(Context& ctx, Pred pred, CallSite site) {
    (void)ctx.durable();  // other threads get no further
    const Place place(*this);
    ctx.wait_until([&] { return places_.front() == &place && pred(); }, site);
  }

 private:
  class Place {
   public:
    explicit Place(Line& line) : line_(line), at_(line.places_.insert(line.places_.end(), this)) {}
    ~Place() { line_.places_.erase(at_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    Line& line_;
    const std::list<const Place*>::iterator at_;
  };

  std::list<const Place*> places_;
};

}  // namespace internal

// One strand of the run at a time, first come, first served: for std::lock_guard, std::unique_lock.
// Workflow code only (UsageError RP2004 elsewhere); not copyable. Strands that wait for it keep its
// state alive. Records nothing, and needs no unlocking before the run leaves memory: the code takes
// the lock again on replay. Off the run's strands, where destructors of such code may run,
// unlock() does nothing. Through std::lock_guard the place that is shown for a waiting strand is
// the library's; its stack has yours.
class Mutex {
 public:
  explicit Mutex(Context& ctx);
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  // Waits until the strands that asked earlier have had it. A free one is taken even in a cancelled
  // scope; a wait that is cancelled throws CancelledFailure. UsageError RP3010 if the caller's
  // strand has it already.
  void lock(CallSite site = CallSite::current());
  // By the strand that has it, also through a std::unique_lock that was moved. Throws nothing,
  // since destructors call it: after unlock() by another strand every lock() is a UsageError
  // RP3010.
  void unlock() noexcept;

 private:
  struct State {
    internal::Line line{};
    std::size_t owner = 0;  // its number; 0: free
    bool misused = false;
  };
  Context* ctx_;
  std::shared_ptr<State> state_;
};

// Permits, at first `permits` of them, for strands of the run: first come, first served. Any strand
// may release, also more than was acquired. Otherwise like Mutex. lock() and unlock() are for
// std::lock_guard: a permit must come back when a Failure leaves the code.
class Semaphore {
 public:
  Semaphore(Context& ctx, std::size_t permits);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Waits for a permit. A free one is taken even in a cancelled scope; a wait that is cancelled
  // throws CancelledFailure.
  void acquire(CallSite site = CallSite::current());
  void release();
  void lock(CallSite site = CallSite::current()) { acquire(site); }
  // Like release(), but does nothing off the run's strands.
  void unlock() noexcept;

 private:
  struct State {
    internal::Line line{};
    std::size_t permits;
  };
  Context* ctx_;
  std::shared_ptr<State> state_;
};

}  // namespace reprise
