// What workflow code sees of its run. Everything that must survive a crash goes through here.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <reprise/call_site.h>
#include <reprise/child.h>
#include <reprise/definitions.h>
#include <reprise/error.h>
#include <reprise/external.h>
#include <reprise/failure.h>
#include <reprise/interceptor.h>
#include <reprise/internal/calls.h>
#include <reprise/internal/elements.h>
#include <reprise/internal/handlers.h>
#include <reprise/logger.h>
#include <reprise/options.h>
#include <reprise/pending.h>
#include <reprise/scopes.h>
#include <reprise/settings.h>
#include <reprise/table.h>
#include <reprise/time.h>
#include <reprise/topic.h>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace reprise {

class Context;

// Which run this is.
struct RunInfo {
  std::string workflow_id;
  std::string run_id;  // a UUID
  std::string workflow;
  std::string task_queue;
  // The run that has started it, or the first run of its chain; empty: a client has.
  std::string parent_workflow_id{};
  std::string parent_run_id{};
  // From 1. 2 and more: the run before it in the chain has failed, and this one tries again
  // (StartOptions::retry). A run that another one has continued as begins with 1.
  int attempt = 1;
};

namespace internal {

struct WorkflowHost;
struct TopicMessages;
struct BatchMessages;
class WorkflowRunner;
struct Intercepting;
class Line;

// The strand that calls, as a number from 1.
struct Caller {
  static std::size_t strand(const Context& ctx);  // UsageError RP2004 where calls are refused
  static std::size_t strand_or_none(const Context& ctx) noexcept;  // 0: none of this run
};

}  // namespace internal

// The run, for the code that implements it; owned by the SDK and valid while that code is in
// memory. One thread: usable on the run's own strands only. Elsewhere (a step's closure, a query
// handler, an activity, another thread) its durable calls throw UsageError RP2004. So do durable
// calls, random() and uuid() in the closure of side_effect() and in conditions. Calls that wait
// throw CancelledFailure when the current scope is cancelled, unless what they wait for was
// complete before the cancellation; calls that start something in a cancelled scope throw it too. A
// durable call records an event with its call site, unless it says otherwise. While the run leaves
// memory every call throws a private type: let it pass through your code.
class Context {
 public:
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // ---- activities ----

  // Asks for the activity and waits for its result. Throws ActivityFailure.
  template <class R, class... A>
  R call(const Message<kind::Activity, R, A...>& message,
         const ActivityOptions& options = {},
         CallSite site = CallSite::current()) {
    return start(message, options, site).get();
  }
  // The same without waiting; get() of the result waits.
  template <class R, class... A>
  Pending<R> start(const Message<kind::Activity, R, A...>& message,
                   const ActivityOptions& options = {},
                   CallSite site = CallSite::current()) {
    return Pending<R>(
        start_activity(message.name, internal::encode_arguments(message.args), options, site),
        &internal::decode_result<R>);
  }

  // ---- children: other runs, of which this one is the parent ----

  // Starts the workflow as a run of its own, and waits for its result. Throws ChildFailure.
  // docs/language/children.md.
  template <class R, class... A>
  R call(const Message<kind::Workflow, R, A...>& message,
         const ChildOptions& options = {},
         CallSite site = CallSite::current()) {
    return start(message, options, site).get();
  }
  // The same without waiting. Throws InvalidOption (RP3003, RP3010), PayloadError RP3002; what the
  // engine refuses is thrown by the result's calls. A run ends when it is known whether its children
  // have begun.
  template <class R, class... A>
  Child<R> start(const Message<kind::Workflow, R, A...>& message,
                 const ChildOptions& options = {},
                 CallSite site = CallSite::current()) {
    auto [parts, link] =
        start_child(message.name, internal::encode_arguments(message.args), options, site);
    return Child<R>(std::move(parts), std::move(link));
  }

  // ---- code whose result is recorded ----

  // Runs `fn` outside the turn, records its result and returns it; on replay it returns what was
  // recorded. `fn` may use the caller's variables: the call waits while `fn` runs, cancelled or
  // not. While `fn` waits for a thread or a retry, a cancellation ends the call with
  // CancelledFailure. Exceptions of `fn` are retried like an activity's; the last one is thrown
  // here, as an ApplicationFailure if it is not a Failure. Use the result: what `fn` writes through
  // references is lost on replay.
  template <class Fn>
  auto step(std::string_view name,
            Fn fn,
            const StepOptions& options = {},
            CallSite site = CallSite::current()) -> std::remove_cvref_t<std::invoke_result_t<Fn&>> {
    using R = std::remove_cvref_t<std::invoke_result_t<Fn&>>;
    return decode_value<R>(ValueOf::kStep, name,
                           run_step(name, internal::computation<R>(fn), options, site), site);
  }
  // Calls `fn(Transaction&)`, which reads and writes rows of tables, and returns what it returns.
  // Its changes are made in the commit that records its result: exactly once. It executes on the
  // thread that writes the log, once what came before this call is durable, and all runs wait for
  // it: no I/O, and no calls of the Context (UsageError RP2004). One that takes longer than 1 ms is
  // named in the log. It may use the caller's variables; on replay it is not called. If it throws,
  // nothing is changed, and this throws what it threw: an ApplicationFailure if it is not a
  // Failure. The call waits for it, cancelled or not; a cancellation that comes before it begins
  // ends the call with CancelledFailure. While it is with the writer the run does nothing else.
  // Throws InvalidOption (RP3003). docs/language/transactions.md.
  template <class Fn>
  auto transaction(std::string_view name, Fn fn, CallSite site = CallSite::current())
      -> std::remove_cvref_t<std::invoke_result_t<Fn&, Transaction&>> {
    using R = std::remove_cvref_t<std::invoke_result_t<Fn&, Transaction&>>;
    auto body = [&fn]() -> R {
      Transaction rows = internal::TableAccess::here();
      return fn(rows);
    };
    return decode_value<R>(ValueOf::kTransaction, name,
                           run_transaction(name, internal::computation<R>(body), site), site);
  }
  // Calls `fn` at once and records its result with the turn: for what must not change on replay but
  // needs no waiting, such as a configuration value. After a crash before the turn is durable it is
  // called again. It must make no durable calls (RP2004). An exception of `fn` passes through, but
  // is not recorded: let it leave the workflow, which parks the run and calls `fn` again later;
  // code that catches it cannot be replayed.
  template <class Fn>
  auto side_effect(Fn fn, CallSite site = CallSite::current())
      -> std::remove_cvref_t<std::invoke_result_t<Fn&>> {
    using R = std::remove_cvref_t<std::invoke_result_t<Fn&>>;
    return decode_value<R>(ValueOf::kSideEffect, {},
                           record_side_effect(internal::computation<R>(fn), site), site);
  }

  // ---- time and conditions ----

  // Durations are measured from now(), the turn's time. A negative duration counts as zero, and a
  // time in the past as now: such a timer is recorded too and fires at once.
  void sleep(Duration duration, CallSite site = CallSite::current());
  void sleep_until(Time at, CallSite site = CallSite::current());
  // Completes after `duration`. Survives restarts.
  Pending<void> timer(Duration duration, CallSite site = CallSite::current());
  // Completes at `at`, or a little later.
  Pending<void> timer_until(Time at, CallSite site = CallSite::current());

  // Waits until `pred()` holds. It is evaluated whenever something has happened to the run or other
  // code of the run has executed (a handler, a spawned function), so it may use Pending::ready()
  // and Inbox::empty(). It must be cheap and must make no durable calls (RP2004; now() and
  // cancelled() are allowed). In a cancelled scope the wait throws CancelledFailure unless `pred()`
  // holds at once. Records nothing but signals that Inbox::empty() sets aside (RP3013).
  template <std::predicate Pred>
  void wait_until(Pred pred, CallSite site = CallSite::current()) {
    wait_for_condition(internal::condition(pred), site);
  }
  // The same for at most `timeout`; false: time is up. Records a timer unless `pred` holds at once.
  template <std::predicate Pred>
  [[nodiscard]] bool wait_until(Pred pred, Duration timeout, CallSite site = CallSite::current()) {
    return wait_for_condition(internal::condition(pred), timeout, site);
  }
  // The same until `deadline`.
  template <std::predicate Pred>
  [[nodiscard]] bool wait_until(Pred pred, Time deadline, CallSite site = CallSite::current()) {
    return wait_for_condition(internal::condition(pred), time_left(deadline), site);
  }

  // ---- several at once ----

  // Waits for the first to complete and returns its index: the one whose completing event is
  // earliest in the log, whatever the order of the arguments. The others go on. One that was
  // complete before the call counts: replace it before calling again. If a cancellation of the
  // current scope completes them, the call throws CancelledFailure. Records nothing.
  template <AnyPending... P>
  requires(sizeof...(P) > 0) std::size_t first_of(P&... pendings) {
    const PendingBase* const list[] = {&pendings...};
    return wait_first(list, sizeof...(P));
  }
  template <class T>
  std::size_t first_of(std::vector<Pending<T>>& pendings) {
    const std::vector<const PendingBase*> list = internal::pointers(pendings);
    return wait_first(list.data(), list.size());
  }
  // Waits for all of them and returns the results, both in the order given; throws what the first
  // failed one in that order throws. Records nothing.
  template <class T>
  auto all(std::vector<Pending<T>>& pendings) {
    if constexpr (std::is_void_v<T>) {
      for (auto& pending : pendings) pending.get();
    } else {
      std::vector<T> results;
      results.reserve(pendings.size());
      for (auto& pending : pendings) results.push_back(pending.get());
      return results;
    }
  }
  // The same for results of different types: a tuple, with a std::monostate for a void.
  template <class... T>
  requires(sizeof...(T) > 0) auto all(Pending<T>&... pendings)
      -> std::tuple<std::conditional_t<std::is_void_v<T>, std::monostate, T>...> {
    return {internal::value_of(pendings)...};  // braces: from left to right
  }
  // Runs `fn` on a strand of its own, which alternates with this one, never in parallel: it starts
  // when this one waits. A Failure that `fn` throws is kept for get(); any other exception parks
  // the run. Dropping the Pending stops the strand where it waits, so `fn` may refer to the
  // caller's variables as long as they outlive the Pending. If it waits for a step whose closure is
  // running, dropping it waits for the closure, and the run with it. The result needs no codec.
  // Records nothing.
  template <class Fn>
  auto spawn(Fn fn, CallSite site = CallSite::current()) -> Pending<std::invoke_result_t<Fn&>> {
    using R = std::invoke_result_t<Fn&>;
    static_assert(!std::is_reference_v<R>, "return a value from a spawned function");
    auto box = std::make_shared<internal::SpawnBox<R>>();
    auto shared = std::make_shared<Fn>(std::move(fn));  // std::function wants a copyable closure
    auto body = [box = box.get(), shared] {
      if constexpr (std::is_void_v<R>) {
        (*shared)();
      } else {
        box->value.emplace((*shared)());
      }
    };
    return Pending<R>(spawn_strand(std::move(box), std::move(body), site), nullptr);
  }

  // Calls `fn(item)` for each of a copy of `items`, each call on a spawned strand, and returns the
  // results in the order of the items (nothing if `fn` returns void). The first Failure that leaves
  // a call, by the order of the log, cancels the other calls, which is recorded; when they have
  // ended, it is thrown. So does a cancellation of the current scope, with a CancelledFailure. Any
  // other exception parks the run. Results need no codec.
  template <std::ranges::input_range Range, class Fn>
  auto map(Range&& items,
           Fn fn,
           const MapOptions& options = {},
           CallSite site = CallSite::current()) {
    using Item = std::ranges::range_value_t<Range>;
    using R = std::invoke_result_t<Fn&, const Item&>;
    static_assert(!std::is_reference_v<R>, "return a value from a mapped function");
    const auto own = internal::elements_of(std::forward<Range>(items));
    if constexpr (std::is_void_v<R>) {
      const auto call = [&](std::size_t i) { fn(own[i]); };
      call_each(own.size(), internal::indexed(call), options, site);
    } else {
      std::vector<std::optional<R>> results(own.size());
      const auto call = [&](std::size_t i) { results[i].emplace(fn(own[i])); };
      call_each(own.size(), internal::indexed(call), options, site);
      return internal::values_of(std::move(results));
    }
  }
  template <class Item, class Fn>
  auto map(std::initializer_list<Item> items,
           Fn fn,
           const MapOptions& options = {},
           CallSite site = CallSite::current()) {
    return map(std::vector<Item>(items), std::move(fn), options, site);
  }
  // Like first_of(), but the others are cancelled: Pending::cancel(), and for a spawned function as
  // by a CancelScope around it. Returns when those functions have ended, cleanup included. If a
  // cancellation of the current scope comes first, all are cancelled, and the call throws
  // CancelledFailure. Records what Pending::cancel() records.
  template <AnyPending... P>
  requires(sizeof...(P) > 0) std::size_t race(P&... pendings) {
    PendingBase* const list[] = {&pendings...};
    return race_of(list, sizeof...(P), CallSite{});  // no place: none fits after a pack
  }
  template <class T>
  std::size_t race(std::vector<Pending<T>>& pendings, CallSite site = CallSite::current()) {
    std::vector<PendingBase*> list;
    list.reserve(pendings.size());
    for (auto& pending : pendings) list.push_back(&pending);
    return race_of(list.data(), list.size(), site);
  }

  // ---- messages from outside ----

  // The unread signals of that definition. Records only signals that are set aside (RP3013).
  template <class T>
  Inbox<T> inbox(const Signal<T>& signal) {
    return Inbox<T>(readable(), signal.name());
  }
  // Answers queries with `fn`, a function of the query's signature, until the Registration is gone.
  // `fn` runs between turns: it must not change anything, and durable calls in it throw RP2004. The
  // latest handler of a name answers; once its Registration is gone, none does. Records nothing.
  template <class S, class Fn>
  requires internal::kHandles<Fn, S> Registration answer(const Query<S>& query, Fn fn) {
    return add_query(query.name(), internal::erase<S>(std::move(fn)));
  }
  // Handles updates with `fn`, each on a strand of its own: it may wait and make durable calls. Its
  // result, or a Failure that it throws, is recorded and goes to the caller; any other exception
  // parks the run.
  template <class S, class Fn>
  requires internal::kHandles<Fn, S> Registration accept(const Update<S>& update, Fn fn) {
    return add_update(update.name(), internal::erase<S>(std::move(fn)), {});
  }
  // The same with a check, a function of the update's arguments that is called before an update is
  // recorded. If it throws a Failure, the update is rejected: the caller gets that Failure, and the
  // history shows nothing. It is not called on replay, so it must not change anything, and it can
  // make no durable calls; now(), info() and history_events() it may ask. Any other exception is a
  // bug: the caller gets UpdateRefused (RP3036), and the run goes on. docs/language/updates.md.
  template <class S, class Fn, class Check>
  requires internal::kHandles<Fn, S> && internal::kChecks<Check, S> Registration
  accept(const Update<S>& update, Fn fn, Check check) {
    return add_update(update.name(), internal::erase<S>(std::move(fn)),
                      internal::CheckOf<S>::erase(std::move(check)));
  }
  // Waits until no handler of a signal or an update is under way, for code that is about to end, to
  // continue as new or to take a checkpoint. Throws CancelledFailure in a cancelled scope, unless
  // none is under way. In a handler, which would wait for itself, it throws UsageError (RP3010).
  // Records nothing.
  void finish_handlers(CallSite site = CallSite::current());

  // Another run, to send it signals or ask it to cancel: the newest with that workflow id, or the
  // one with `run_id`. Need not exist: the calls of the result throw ExternalFailure. Records
  // nothing. InvalidOption RP3003. docs/language/messages.md.
  ExternalRun external(std::string_view id, std::string_view run_id = {}) const;

  // The next message that Client::publish() publishes under that key, or one that is kept because
  // no run waited for it when it came. Waits from when the caller first waits, on a strand of its
  // own. Give it up with race() or a CancelScope; one that is only dropped stays asked for: its
  // message comes to this run all the same, and the next receive() of it, here or in the run that
  // this one continues as, has it. A message that is not a T is set aside, as a signal is (RP3013).
  // Records that it asks. InvalidOption RP3003; the result throws ExternalFailure where
  // ExternalRun::signal() does. docs/language/topics.md.
  template <class T>
  Pending<T> receive(const Topic<T>& topic,
                     std::string_view key,
                     CallSite site = CallSite::current()) {
    const auto wait = [this, channel = internal::topic_channel(topic.name(), key), site]() -> T {
      Pending<T> message = Inbox<T>(readable(), channel).next(site);
      internal::await_topic_message(*this, channel, message, site);
      return message.get();
    };
    return spawn(wait, site);
  }

  // Handles signals that nothing else takes, each on a strand of its own: those of names that have
  // no handler and that no inbox has asked for. `fn` gets the name and the payload, for
  // decode_signal(). What has come before is handed over at once. The latest such handler counts.
  // Records nothing.
  template <std::invocable<std::string_view, std::string_view> Fn>
  Registration on_any_signal(Fn fn) {
    return add_any_signal(std::move(fn));
  }

  // ---- what would differ from one execution to the next ----

  // The time of the turn: stands still while code runs, advances when the run waits.
  Time now() const;
  // Uniform 64 bits, seeded by the run: the same on replay. Not for secrets.
  std::uint64_t random();
  // A version 4 UUID made from random().
  std::string uuid();
  // Is this a replay of recorded turns? For diagnostics; the code must not depend on it.
  bool replaying() const;
  // Has the current scope, or the run, been cancelled?
  bool cancelled() const;
  // For a change of code under running runs: true for runs that reach this place for the first time
  // (records an event), false for those that passed it before the change was made. The first answer
  // for an id holds for the life of the run, wherever the code asks again. docs/versioning.md.
  bool patched(std::string_view change_id, CallSite site = CallSite::current());
  // The second stage of such a change, once no run that got false is open any more: it takes the
  // place of patched(), and the old branch goes. It accepts the event that patched() recorded; for
  // new runs it records an event that code without this call ignores. Once no open run has an event
  // of patched() either, this call can go.
  void deprecate_patch(std::string_view change_id, CallSite site = CallSite::current());

  // ---- a new run in place of this one ----

  // Ends this run and starts the next one of its chain, with the same workflow id, another run id
  // and an empty history; both are recorded together or not at all. Never returns: it unwinds the
  // caller with a private exception, as when the run leaves memory, so destructors run and
  // `catch (...)` must rethrow. Activities, timers and steps under way are given up. Signals that
  // no code has taken and updates without an answer go along, in the order of their arrival, and
  // their senders need not know. A cancellation that reached this run does not. Only on the
  // workflow's own strand, in a cancelled scope too: in a handler or a spawned function it throws
  // UsageError (RP3010), in closures RP2004. Throws InvalidOption (RP3003, RP3010), PayloadError.
  // docs/language/continue_as_new.md.
  template <class R, class... A>
  [[noreturn]] void continue_as_new(const Message<kind::Workflow, R, A...>& message,
                                    const ContinueOptions& options = {},
                                    CallSite site = CallSite::current()) {
    continue_run(message.name, internal::encode_arguments(message.args), options, site);
  }
  // Goes on in the same run as a fresh call of its code with these arguments: it is replayed from
  // here on, and what was before stays in the history for those who read it. Both calls are
  // recorded together. Never returns, as continue_as_new(). Nothing may be under way: an activity,
  // a step, a timer, a child, a message, an update without an answer, a handler or a spawned
  // function; the call then throws UsageError (RP3039), which names it, and the run goes on.
  // Signals that no code has taken stay; so do the id, the settings, the time limits and a
  // cancellation. patched() and history_events() begin anew; random() does not. Only on the
  // workflow's own strand, in a cancelled scope too: elsewhere it throws UsageError (RP3010), in
  // closures RP2004. `message` is one of the run's own workflow, otherwise InvalidOption (RP3040).
  // Throws PayloadError (RP3002). docs/language/checkpoints.md.
  template <class R, class... A>
  [[noreturn]] void checkpoint(const Message<kind::Workflow, R, A...>& message,
                               CallSite site = CallSite::current()) {
    take_checkpoint(message.name, internal::encode_arguments(message.args), site);
  }
  // The events of this run's history since its last checkpoint, up to the input that the code runs
  // on. Records nothing; usable in query handlers too.
  std::uint64_t history_events() const;
  // Is that many (kLongHistoryEvents), so that it is time for a checkpoint or a new run? A hint:
  // nothing happens by itself. Likewise.
  bool should_continue() const;

  // ---- for those who read the history ----

  // Records that the code has decided `what` this way, and returns `outcome`:
  //   if (ctx.decide("credit ok", score > 600)) ...
  // On replay both are compared with what was recorded: a decision that comes out otherwise, or has
  // another name, parks the run (RP2001). `what` is 1 to kMaxIdBytes bytes of UTF-8 (InvalidOption
  // RP3003); the same name may be used again. Waits for nothing and starts nothing, so it works in
  // a cancelled scope too. docs/language/decisions.md.
  bool decide(std::string_view what, bool outcome, CallSite site = CallSite::current());

  // Publishes a value, for readers that do not run this code (RunHandle::get(), describe(),
  // `reprise show`):
  //   constexpr reprise::Value<Progress> progress{"progress"};
  //   ctx.set(progress({.done = 3, .of = 10}));
  // They see it once the turn is durable, and after the end of the run. The last value of a name
  // counts. On replay name and type are compared, and in strict mode the value. A name that the run
  // publishes keeps its type: otherwise UsageError (RP3010). Throws InvalidOption (RP3003),
  // PayloadError (RP3001, RP3002, RP3012); beyond EngineLimits::settings or settings_bytes the run
  // is parked (RP2007). Works in a cancelled scope too. docs/language/published_state.md.
  void set(const Setting& setting, CallSite site = CallSite::current());
  // Publishes nothing under that name any more; if it does not now, that is recorded all the same.
  template <class T>
  void unset(const Value<T>& value, CallSite site = CallSite::current()) {
    unset_name(value.name(), SettingType::kValue, site);
  }
  template <class T>
  void unset(const Attribute<T>& attribute, CallSite site = CallSite::current()) {
    unset_name(attribute.name(), internal::kAttributeType<T>, site);
  }

  // ---- about the run: records nothing, usable in query handlers too ----

  RunInfo info() const;
  // With which the run was started: by interceptors of the client, or of its parent.
  const Headers& headers() const;
  Logger log() const { return Logger(*execution_, *host_); }

 private:
  friend class internal::WorkflowRunner;
  friend struct internal::Handlers;
  friend struct internal::TopicMessages;
  friend struct internal::BatchMessages;
  friend struct internal::Intercepting;
  friend class Shield;
  friend class CancelScope;
  template <class>
  friend class Channel;
  friend class internal::Line;
  friend struct internal::Caller;
  using Handler = std::function<std::string(std::string_view)>;

  Context(replay::Execution& execution, const internal::WorkflowHost& host)
      : execution_(&execution), host_(&host) {}

  void unset_name(std::string_view name, SettingType type, CallSite site);
  replay::Execution& durable() const;   // throws where durable calls are refused
  replay::Execution& readable() const;  // throws unless the caller is on a strand of the run
  internal::PendingParts start_activity(std::string_view name,
                                        std::string input,
                                        const ActivityOptions& options,
                                        CallSite site);
  std::pair<internal::PendingParts, internal::ChildLink> start_child(std::string_view name,
                                                                     std::string input,
                                                                     const ChildOptions& options,
                                                                     CallSite site);
  std::string run_step(std::string_view name,
                       internal::Computation body,
                       const StepOptions& options,
                       CallSite site);
  std::string run_transaction(std::string_view name, internal::Computation body, CallSite site);
  std::string record_side_effect(internal::Computation compute, CallSite site);
  [[noreturn]] void continue_run(std::string_view workflow,
                                 std::string input,
                                 const ContinueOptions& options,
                                 CallSite site);
  [[noreturn]] void take_checkpoint(std::string_view workflow, std::string input, CallSite site);
  enum class ValueOf : std::uint8_t { kStep, kSideEffect, kTransaction };
  template <class R>
  R decode_value(ValueOf what,
                 std::string_view name,
                 const std::string& payload,
                 CallSite site) const {
    try {
      return internal::decode_result<R>(payload);
    } catch (const PayloadError& error) {
      wrong_type(error, what, name, payload, internal::type_name<R>(), site);
    }
  }
  [[noreturn]] void wrong_type(const PayloadError& error,
                               ValueOf what,
                               std::string_view name,
                               const std::string& payload,
                               std::string_view type,
                               CallSite site) const;
  Duration time_left(Time deadline) const;  // never negative
  void wait_for_condition(internal::Condition condition, CallSite site);
  bool wait_for_condition(internal::Condition condition, Duration timeout, CallSite site);
  std::size_t wait_first(const PendingBase* const* pendings, std::size_t count);
  std::size_t race_of(PendingBase* const* pendings, std::size_t count, CallSite site);
  void call_each(std::size_t count,
                 internal::Indexed call,
                 const MapOptions& options,
                 CallSite site);
  internal::PendingParts spawn_strand(std::shared_ptr<internal::SpawnResult> box,
                                      std::function<void()> body,
                                      CallSite site);
  Registration add_query(std::string_view name, Handler handler);
  Registration add_update(std::string_view name,
                          Handler handler,
                          std::function<void(std::string_view)> check);
  Registration add_any_signal(std::function<void(std::string_view, std::string_view)> handler);

  replay::Execution* execution_;
  const internal::WorkflowHost* host_;
};

}  // namespace reprise
