// Steps with what undoes them.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <reprise/context.h>
#include <reprise/failure.h>
#include <span>
#include <type_traits>
#include <vector>

namespace reprise {

struct SagaOptions {
  // All compensations at once, each on a strand of its own; else one after the other, the latest
  // registered first.
  bool parallel = false;
  // Execute the others too when a compensation has failed. Without effect if `parallel`: by then
  // all have begun.
  bool go_on_after_failed_compensation = true;
};

// A Failure has left Saga::run(), and not everything could be undone. When it leaves the workflow,
// the run fails, also a run that was asked to cancel: clients get an ApplicationFailure of the type
// "reprise::SagaFailure" whose message has those of all failures here. A value: copyable, usable on
// any thread.
class SagaFailure : public Failure {
 public:
  // `cause` is not null; nor are `compensations`.
  SagaFailure(std::shared_ptr<const Failure> cause,
              std::vector<std::shared_ptr<const Failure>> compensations);
  // What left run().
  const Failure& cause() const noexcept { return *cause_; }
  // What the compensations threw, in the order in which they were begun.
  std::span<const std::shared_ptr<const Failure>> compensations() const noexcept {
    return *compensations_;
  }

 private:
  using Failures = std::vector<std::shared_ptr<const Failure>>;
  std::shared_ptr<const Failure> cause_;
  std::shared_ptr<const Failures> compensations_;  // shared: copying must not throw
};

// Compensations, registered next to the steps they undo. On the stack of workflow code, which owns
// it; workflow code only (UsageError RP2004 elsewhere). Records nothing itself.
class Saga {
 public:
  explicit Saga(Context& ctx, SagaOptions options = {}) : ctx_(ctx), options_(options) {}
  Saga(const Saga&) = delete;
  Saga& operator=(const Saga&) = delete;

  // Registers a compensation, which may wait and make durable calls. Before a step whose failure
  // may have had an effect, or right after it. It is called when the function of run() has been
  // left: capture that function's variables by value. UsageError RP3010 outside run().
  void undo_with(std::function<void()> fn);

  // Calls `fn` and returns its result. When a Failure (CancelledFailure is one) leaves `fn`, what
  // was registered since run() began is executed, shielded from cancellation, and the Failure goes
  // on; if a compensation fails, a SagaFailure does. Any other exception is a bug that parks the
  // run: it passes, and so does the unwinding of a run that leaves memory. After success nothing is
  // left to undo, except in a run() inside another of this saga: its compensations are then the
  // outer one's. On one strand at a time (UsageError RP3010): strands have sagas of their own.
  template <class Fn>
  auto run(Fn fn) -> std::invoke_result_t<Fn&> {
    const Level level(*this);
    try {
      return fn();
    } catch (const Failure& failure) {
      undo(failure);
      throw;
    }
  }

 private:
  // A run() under way.
  class Level {
   public:
    explicit Level(Saga& saga);
    ~Level();
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Saga& saga_;
  };
  struct Begun {
    std::size_t strand;
    std::size_t registered;  // by then
  };
  using Failures = std::vector<std::shared_ptr<const Failure>>;

  void undo(const Failure& cause);  // in the handler of `cause`
  Failures undo_in_order(std::size_t down_to);
  Failures undo_at_once(std::size_t down_to);

  Context& ctx_;
  const SagaOptions options_;
  std::vector<Begun> begun_{};
  std::vector<std::function<void()>> compensations_{};
};

}  // namespace reprise
