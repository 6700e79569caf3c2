// Tests of workflow code: in memory, on virtual time, on the test's own thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <reprise/client.h>
#include <reprise/payload_codec.h>
#include <reprise/testing/script.h>
#include <reprise/worker.h>
#include <string_view>
#include <type_traits>
#include <utility>

namespace reprise::testing {

class Env;

enum class Replay : std::uint8_t { kOff, kEveryTurn, kShake };
enum class Crash : std::uint8_t { kNever, kEveryCommit };
enum class Order : std::uint8_t { kUsual, kShuffled };

struct EnvOptions {
  // kEveryTurn: after each turn the run is taken out of memory and replayed from its log, and
  // everything that commands carry is compared, so nondeterminism is found in the turn that has it.
  // kShake: the turn is also replayed twice on another thread, on stacks filled with other bytes
  // and, in a program that links reprise::testing, on a heap with other content and other
  // addresses. That finds reads of memory that was never written and dependence on the order of
  // pointers. A run in which it finds something goes on; the call that finds it throws. Under a
  // sanitizer the heap stays as it is.
  Replay replay = Replay::kEveryTurn;
  // kEveryCommit: after each commit the process dies and another one takes over: everything in
  // memory is lost. Attempts that wait for a worker begin together; those whose results are not
  // durable at the death have failed (RP4003) and are retried as their policy says. So activities
  // may be executed more than once, and time passes between their attempts. Each attempt is lost
  // once at most. The test's clients outlive the process: their requests reach the run exactly
  // once. The process does not die while an activity waits in a call on the Env.
  Crash crash = Crash::kNever;
  // kShuffled: `seed` decides which waiting attempt is executed next, whether results reach their
  // runs before other attempts are executed, in which order, and how many in one turn; with
  // kEveryCommit also at which commits the process dies, right before or right after them.
  Order order = Order::kUsual;
  // For run ids, and so for Context::random(); and for the order. The same seed gives the same
  // test.
  std::uint64_t seed = 1;
  // The decisions that differ from the usual order, as explore() prints and Env::script() returns
  // them. With a script `order` and `crash` are ignored.
  Script script{};
  // A failure of this attempt is final, whatever the policy says: nobody fixes the cause during a
  // test, and a policy without a limit would retry for ever. 0: only the policy decides.
  int last_attempt = 100;
  // A call that waits moves time from one due time to the next, at most this many times: after that
  // it counts as waiting for ever (RP2005). Raise it for a run that sleeps more often; at least 1.
  int time_steps = 10'000;
  // With kPark a run whose code calls something that may differ on replay fails the test: its
  // report is thrown as NondeterminismError (RP2008). kReport sends it to the logger.
  Guard guard = Guard::kPark;
  // Around workflows, activities, and the calls of client(): all hooks.
  Interceptors interceptors{};
  // As EngineOptions::codecs: what the test's store keeps is encoded by them.
  PayloadCodecs codecs{};
  // Log lines of engine and workflows; empty: dropped.
  LogSink logger{};
};

}  // namespace reprise::testing

namespace reprise::internal {
Registry& registry(testing::Env& env);
}  // namespace reprise::internal

namespace reprise::testing {

// An engine, a worker and a client for a test. Time is virtual: it begins at 2026-01-01T00:00:00Z,
// stands still while code runs, and moves only in skip() and in calls that wait for something
// (result(), update()), which move it from one due time to the next. After each call everything has
// happened that can happen without time passing. Not thread-safe; owns everything; must outlive its
// handles. Calls, also those on its handles, throw NondeterminismError once for each run whose
// replay differed; result() throws it or ParkedError for a run that cannot go on, and UsageError
// RP2005 for one that nothing can ever wake. Activities run inside calls, on the test's thread.
class Env {
 public:
  explicit Env(EnvOptions options = {});
  ~Env();
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;

  // As on a Worker, but at any time: runs under way go on with the new code, as after a deployment.
  // Serves every task queue.
  template <class S, class Fn>
  Env& implement(const Workflow<S>& workflow, Fn fn) {
    if constexpr (internal::kImplements<Fn, Context, S>) {
      internal::registry(*this).add_workflow(workflow.name(),
                                             internal::workflow_function<S>(std::move(fn)),
                                             internal::kArgumentTypes<S>);
    } else {
      internal::explain<Fn, S>(std::type_identity<Context>());
    }
    return *this;
  }
  template <class S, class Fn>
  Env& implement(const Activity<S>& activity, Fn fn) {
    if constexpr (internal::kImplements<Fn, ActivityContext, S>) {
      internal::registry(*this).add_activity(
          activity.name(), internal::activity_function(std::type_identity<S>{}, std::move(fn)));
    } else {
      internal::explain<Fn, S>(std::type_identity<ActivityContext>());
    }
    return *this;
  }
  // As on a Worker. When a call returns, the function has been called, so the test has its token.
  template <class S, class Fn>
  Env& implement_async(const Activity<S>& activity, Fn fn) {
    if constexpr (internal::kImplementsAsync<Fn, S>) {
      internal::registry(*this).add_activity(
          activity.name(),
          internal::open_activity_function(std::type_identity<S>{}, std::move(fn)));
    } else {
      internal::explain_async<Fn, S>();
    }
    return *this;
  }
  // As on a Worker, but at any time: the latest limits count. They go by the test's clock: a call
  // that waits for a run moves it to when an attempt that was held back may begin. Other code, or
  // other limits, are a new worker, whose breakers are closed.
  template <class S>
  Env& limit(const Activity<S>& activity, const ActivityLimits& limits) {
    internal::registry(*this).add_limits(activity.name(), limits);
    return *this;
  }
  // An activity's stand-in: a function of its arguments alone.
  template <class S, class Fn>
  requires internal::kHandles<Fn, S> Env& stub(const Activity<S>& activity, Fn fn) {
    return implement(activity,
                     [fn = std::move(fn)](ActivityContext&, const auto&... arguments) mutable ->
                     typename Activity<S>::Result { return fn(arguments...); });
  }

  template <class R, class... A>
  Handle<R> start(const Message<kind::Workflow, R, A...>& message,
                  const StartOptions& options = {}) {
    return client().start(message, options);
  }
  Client& client();
  // Another one, of the same runs.
  Client client(ClientOptions options);

  // As Engine::read().
  template <class Fn>
  auto read(Fn fn) -> std::invoke_result_t<Fn&, const TableReader&> {
    return internal::read_tables(service(), fn);
  }

  // Lets that much time pass; everything due in between happens at its time, in order.
  void skip(Duration duration);
  Time now() const;

  // How often the activity's function was called: attempts, not calls of the workflow.
  template <class S>
  int calls(const Activity<S>& activity) const {
    return calls(activity.name());
  }

  // The decisions so far that were not the usual ones: another Env with this script, the same seed
  // and the same calls repeats this one.
  const Script& script() const;

 private:
  friend internal::Registry& internal::registry(Env& env);
  int calls(std::string_view activity) const;
  const Service& service() const;

  class State;
  std::unique_ptr<State> state_;
};

}  // namespace reprise::testing

namespace reprise {

template <class S, class C, class Run>
requires internal::kRuns<C, Run, S> ClassBinding<C> implement_class(testing::Env& env,
                                                                    const Workflow<S>& workflow,
                                                                    Run C::*run) {
  return internal::bind_class(internal::registry(env), workflow, run);
}

}  // namespace reprise
