// Workers: the code that implements the definitions.
#pragma once
#include <concepts>
#include <memory>
#include <reprise/activity_context.h>
#include <reprise/context.h>
#include <reprise/definitions.h>
#include <reprise/engine.h>
#include <reprise/internal/registry.h>
#include <reprise/limits.h>
#include <reprise/options.h>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace reprise {

class Worker;

namespace internal {
class Implementations;
Registry& registry(Worker& worker);
const Implementations& implementations(const Worker& worker);
const std::string& task_queue(const Worker& worker);
}  // namespace internal

// Executes the runs and activities of one task queue with the code given to it. Implement first,
// then start; a second start, implementing after it, and implementing a definition twice throw
// UsageError. A worker without a Service is a set of implementations, for cli() and Replayer, until
// start(service) gives it one. Not thread-safe except as said; the Service must outlive it.
// Workflow functions are called on the engine's shard threads, activities on the worker's own,
// several at once: what they capture must be thread-safe and outlive the worker. Destroying a
// worker stops it and waits for activities under way. Not for workflow code.
class Worker {
 public:
  explicit Worker(WorkerOptions options = {});
  explicit Worker(Service& service, WorkerOptions options = {});
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // `fn(Context&, const Args&...)`, an ordinary function, is called anew for each run and each
  // replay.
  template <class S, class Fn>
  Worker& implement(const Workflow<S>& workflow, Fn fn) {
    if constexpr (internal::kImplements<Fn, Context, S>) {
      internal::registry(*this).add_workflow(workflow.name(),
                                             internal::workflow_function<S>(std::move(fn)),
                                             internal::kArgumentTypes<S>);
    } else {
      internal::explain<Fn, S>(std::type_identity<Context>());
    }
    return *this;
  }
  // `fn(ActivityContext&, const Args&...)`.
  template <class S, class Fn>
  Worker& implement(const Activity<S>& activity, Fn fn) {
    if constexpr (internal::kImplements<Fn, ActivityContext, S>) {
      internal::registry(*this).add_activity(
          activity.name(), internal::activity_function(std::type_identity<S>{}, std::move(fn)));
    } else {
      internal::explain<Fn, S>(std::type_identity<ActivityContext>());
    }
    return *this;
  }

  // An activity that is completed elsewhere: `fn(ActivityContext&, Completion<R>, const Args&...)`
  // passes completion.token() on, to a person or another system. What it returns counts for
  // nothing: the attempt stays open until a client ends it with the token, or one of its
  // ActivityOptions' limits does. It then occupies no thread, and outlives the process. An
  // exception fails the attempt as usual.
  template <class S, class Fn>
  Worker& implement_async(const Activity<S>& activity, Fn fn) {
    if constexpr (internal::kImplementsAsync<Fn, S>) {
      internal::registry(*this).add_activity(
          activity.name(),
          internal::open_activity_function(std::type_identity<S>{}, std::move(fn)));
    } else {
      internal::explain_async<Fn, S>();
    }
    return *this;
  }

  // Limits how this worker calls an activity: how many at a time, how many in a second, and not for
  // a while if they fail. Before start(), before or after implement(). Throws InvalidOption
  // (RP3041) for a number that is out of range, UsageError if the activity has limits already;
  // start() throws InvalidOption (RP3041) if the worker does not implement it.
  template <class S>
  Worker& limit(const Activity<S>& activity, const ActivityLimits& limits) {
    internal::registry(*this).add_limits(activity.name(), limits);
    return *this;
  }

  // Throws UsageError if it has no Service, StoreError RP1011 if the system gives it too few
  // threads: then it may be started again.
  void start();
  // For a worker made without one.
  void start(Service& service);
  // Stops taking work, requests a stop of activities under way (stop_token()), waits for them, and
  // takes the runs out of memory. Does nothing to a worker that was not started. A stopped worker
  // cannot be started again. Activities and steps that wait for the end of another run get
  // StoreError RP1008. On one of the worker's own threads it throws UsageError (RP2004): it would
  // wait for itself.
  void stop();
  // start() unless started, then blocks until a stop is requested, then stop().
  void run(std::stop_token stop);

 private:
  friend internal::Registry& internal::registry(Worker& worker);
  friend const internal::Implementations& internal::implementations(const Worker& worker);
  friend const std::string& internal::task_queue(const Worker& worker);
  class State;
  std::unique_ptr<State> state_;
};

// Collects the handlers of a workflow class: member functions called on the instance of each run. A
// temporary: chain on() to implement_class(); the worker must outlive it. Signal and update
// handlers run on strands of their own and may wait. An exception that is not a Failure parks the
// run; so does a Failure from a signal handler, which has no caller to return it to. A signal that
// does not decode as the handler's argument is set aside, with a line in the log (RP3013). A query
// handler must be const, and is also called after the run has ended.
template <class C>
class ClassBinding {
 public:
  ClassBinding(internal::Registry& registry, std::shared_ptr<internal::HandlerBindings<C>> bindings)
      : registry_(registry), bindings_(std::move(bindings)) {}

  template <class T, class Method>
  requires std::is_invocable_r_v<void, Method C::*, C&, const T&> ClassBinding& on(
      const Signal<T>& signal, Method C::*method) {
    return add([name = std::string(signal.name()), method](Context& ctx, C& object) {
      const auto handle = [&object, method](internal::SpawnResult& value) {
        const T& read = *static_cast<internal::SpawnBox<T>&>(value).value;
        (object.*method)(read);
      };
      internal::Handlers::signal(ctx, name, internal::signal_reader<T>(), handle);
    });
  }
  template <class Method>
  requires std::is_invocable_r_v<void, Method C::*, C&> ClassBinding& on(const Signal<>& signal,
                                                                         Method C::*method) {
    return add([name = std::string(signal.name()), method](Context& ctx, C& object) {
      const auto handle = [&object, method](internal::SpawnResult&) { (object.*method)(); };
      internal::Handlers::signal(ctx, name, internal::signal_reader<void>(), handle);
    });
  }
  template <class R, class... A, class Method>
  requires std::is_invocable_r_v<R, Method C::*, const C&, const A&...> ClassBinding& on(
      const Query<R(A...)>& query, Method C::*method) {
    return add([name = std::string(query.name()), method](Context& ctx, const C& object) {
      internal::Handlers::query(
          ctx, name, internal::erase_handler<R, A...>([&object, method](const A&... a) -> R {
            return (object.*method)(a...);
          }));
    });
  }
  template <class R, class... A, class Method>
  requires std::is_invocable_r_v<R, Method C::*, C&, const A&...> ClassBinding& on(
      const Update<R(A...)>& update, Method C::*method) {
    return add([name = std::string(update.name()), method](Context& ctx, C& object) {
      internal::Handlers::update(
          ctx, name, internal::erase_handler<R, A...>([&object, method](const A&... a) -> R {
            return (object.*method)(a...);
          }));
    });
  }
  // With a check: Context::accept().
  template <class R, class... A, class Method, class Check>
  requires std::is_invocable_r_v<R, Method C::*, C&, const A&...> &&
      std::is_invocable_r_v<void, Check C::*, const C&, const A&...>
          ClassBinding& on(const Update<R(A...)>& update, Method C::*method, Check C::*check) {
    return add([name = std::string(update.name()), method, check](Context& ctx, C& object) {
      internal::Handlers::update(
          ctx, name, internal::erase_handler<R, A...>([&object, method](const A&... a) -> R {
            return (object.*method)(a...);
          }),
          internal::erase_check<A...>(
              [&object, check](const A&... a) { (std::as_const(object).*check)(a...); }));
    });
  }

 private:
  ClassBinding& add(internal::HandlerBinding<C> binding) {
    registry_.require_open();
    bindings_->push_back(std::move(binding));
    return *this;
  }

  internal::Registry& registry_;
  std::shared_ptr<internal::HandlerBindings<C>> bindings_;
};

namespace internal {

template <class S, class C, class Run>
ClassBinding<C> bind_class(Registry& registry, const Workflow<S>& workflow, Run C::*run) {
  auto bindings = std::make_shared<HandlerBindings<C>>();
  registry.add_workflow(
      workflow.name(),
      [run, bindings](Context& ctx) {
        return std::make_unique<ClassWorkflow<C, Run C::*, S>>(ctx, run, *bindings);
      },
      kArgumentTypes<S>);
  return ClassBinding<C>(registry, bindings);
}

// Is Run a member function of C that implements S?
template <class C, class Run, class S>
inline constexpr bool kRuns = false;
template <class C, class Run, class R, class... A>
inline constexpr bool kRuns<C, Run, R(A...)> =
    std::constructible_from<C, Context&>&& std::is_invocable_r_v<R, Run C::*, C&, const A&...>;

}  // namespace internal

// Implements a workflow by a class. For each run in memory and for each replay an instance is made
// from the Context, and `run` is called once. The instance outlives that call, so a finished run
// still answers queries. Member functions and the constructor may use everything in the Context.
template <class S, class C, class Run>
requires internal::kRuns<C, Run, S> ClassBinding<C> implement_class(Worker& worker,
                                                                    const Workflow<S>& workflow,
                                                                    Run C::*run) {
  return internal::bind_class(internal::registry(worker), workflow, run);
}

}  // namespace reprise
