// Type-erased implementations: implement() passes them to the engine.
#pragma once
#include <functional>
#include <memory>
#include <reprise/activity_context.h>
#include <reprise/completion.h>
#include <reprise/context.h>
#include <reprise/definitions.h>
#include <reprise/limits.h>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace reprise::internal {

// The code of one run in memory.
class WorkflowObject {
 public:
  virtual ~WorkflowObject() = default;
  virtual std::string run(std::string_view input) = 0;
};

using WorkflowFactory = std::function<std::unique_ptr<WorkflowObject>(Context&)>;
using ActivityFunction = std::function<std::string(ActivityContext&, std::string_view)>;

// The arguments that a workflow takes.
struct ArgumentTypes {
  const void* mark = nullptr;  // kTypeMark of their tuple
  std::size_t count = 0;
  void (*decode)(std::string_view input) = nullptr;  // throws PayloadError
};
template <class S>
inline constexpr ArgumentTypes kArgumentTypes{};
template <class R, class... A>
inline constexpr ArgumentTypes kArgumentTypes<R(A...)>{
    &kTypeMark<std::tuple<A...>>, sizeof...(A),
    [](std::string_view input) { (void)decode_arguments<A...>(input); }};

// Collects implementations: a Worker or a test environment.
class Registry {
 public:
  virtual ~Registry() = default;
  virtual void add_workflow(std::string_view name,
                            WorkflowFactory factory,
                            const ArgumentTypes& arguments) = 0;
  virtual void add_activity(std::string_view name, ActivityFunction function) = 0;
  // Throws what Worker::limit() does.
  virtual void add_limits(std::string_view activity, const ActivityLimits& limits) = 0;
  virtual void require_open() const = 0;  // throws once implementations cannot change any more
};

// The run's input does not decode as the workflow's arguments.
[[noreturn]] void wrong_input(const PayloadError& error,
                              std::string_view input,
                              std::string_view type);

template <class... A>
std::tuple<A...> decode_input(std::string_view input) {
  try {
    return decode_arguments<A...>(input);
  } catch (const PayloadError& error) {
    wrong_input(error, input, type_name<std::tuple<A...>>());
  }
}

// Can Fn be called as the implementation of a definition with that signature?
template <class Fn, class Ctx, class S>
inline constexpr bool kImplements = false;
template <class Fn, class Ctx, class R, class... A>
inline constexpr bool kImplements<Fn, Ctx, R(A...)> =
    std::is_invocable_r_v<R, Fn&, Ctx&, const A&...>;

// Turns a wrong implementation into an error of the compiler that says what is wrong.
template <class Fn, class S>
void explain(std::type_identity<Context>) {
  static_assert(!kHandles<Fn, S>,
                "the function of a workflow takes reprise::Context& first, then the arguments");
  static_assert(kHandles<Fn, S>,
                "the function does not fit the workflow: for Workflow<R(A...)> it is called as "
                "fn(reprise::Context&, const A&...) and returns an R");
}
template <class Fn, class S>
void explain(std::type_identity<ActivityContext>) {
  static_assert(
      !kHandles<Fn, S>,
      "the function of an activity takes reprise::ActivityContext& first, then the arguments");
  static_assert(kHandles<Fn, S>,
                "the function does not fit the activity: for Activity<R(A...)> it is called as "
                "fn(reprise::ActivityContext&, const A&...) and returns an R");
}

template <class Fn, class S>
class FunctionWorkflow;
template <class Fn, class R, class... A>
class FunctionWorkflow<Fn, R(A...)> final : public WorkflowObject {
 public:
  FunctionWorkflow(std::shared_ptr<Fn> fn, Context& ctx) : fn_(std::move(fn)), ctx_(ctx) {}
  std::string run(std::string_view input) override {
    const std::tuple<A...> arguments = decode_input<A...>(input);
    return encode_call<R>([&] {
      return std::apply([&](const A&... a) -> R { return (*fn_)(ctx_, a...); }, arguments);
    });
  }

 private:
  std::shared_ptr<Fn> fn_;
  Context& ctx_;
};

template <class S, class Fn>
WorkflowFactory workflow_function(Fn fn) {
  auto shared = std::make_shared<Fn>(std::move(fn));
  return [shared](Context& ctx) { return std::make_unique<FunctionWorkflow<Fn, S>>(shared, ctx); };
}

// `call` takes the activity's context and arguments.
template <class R, class... A, class Fn>
ActivityFunction activity_function(std::type_identity<R(A...)>, Fn fn) {
  auto shared = std::make_shared<Fn>(std::move(fn));
  return [shared](ActivityContext& ctx, std::string_view input) {
    const std::tuple<A...> arguments = decode_arguments<A...>(input);
    return encode_call<R>([&] {
      return std::apply([&](const A&... a) -> R { return (*shared)(ctx, a...); }, arguments);
    });
  };
}

template <class R>
class CompletionMaker {
 public:
  static Completion<R> make(const ActivityContext& ctx) {
    return Completion<R>(OpenAttempt::token(ctx));
  }
};

// Can Fn be called as the asynchronous implementation of an activity with that signature?
template <class Fn, class S>
inline constexpr bool kImplementsAsync = false;
template <class Fn, class R, class... A>
inline constexpr bool kImplementsAsync<Fn, R(A...)> =
    std::is_invocable_v<Fn&, ActivityContext&, Completion<R>, const A&...>;

template <class Fn, class S>
void explain_async() {
  static_assert(kImplementsAsync<Fn, S>,
                "the function does not fit the activity: for Activity<R(A...)>, implement_async() "
                "calls it as fn(reprise::ActivityContext&, reprise::Completion<R>, const A&...)");
}

// The attempt goes on after the call, unless it throws.
template <class R, class... A, class Fn>
ActivityFunction open_activity_function(std::type_identity<R(A...)>, Fn fn) {
  auto shared = std::make_shared<Fn>(std::move(fn));
  return [shared](ActivityContext& ctx, std::string_view input) {
    const std::tuple<A...> arguments = decode_arguments<A...>(input);
    const Completion<R> completion = CompletionMaker<R>::make(ctx);
    std::apply([&](const A&... a) { (void)(*shared)(ctx, completion, a...); }, arguments);
    OpenAttempt::leave_open(ctx);
    return std::string();
  };
}

// ---- workflow classes
// -----------------------------------------------------------------------------

template <class C>
using HandlerBinding = std::function<void(Context&, C&)>;
template <class C>
using HandlerBindings = std::vector<HandlerBinding<C>>;

template <class C, class Run, class S>
class ClassWorkflow;
template <class C, class Run, class R, class... A>
class ClassWorkflow<C, Run, R(A...)> final : public WorkflowObject {
 public:
  ClassWorkflow(Context& ctx, Run method, const HandlerBindings<C>& bindings)
      : object_(ctx), run_(method) {
    for (const auto& bind : bindings) bind(ctx, object_);
  }
  std::string run(std::string_view input) override {
    const std::tuple<A...> arguments = decode_input<A...>(input);
    return encode_call<R>([&] {
      return std::apply([&](const A&... a) -> R { return (object_.*run_)(a...); }, arguments);
    });
  }

 private:
  C object_;
  Run run_;
};

}  // namespace reprise::internal
