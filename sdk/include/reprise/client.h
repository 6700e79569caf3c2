// Clients: starting runs, and reaching them from outside.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <reprise/audit.h>
#include <reprise/definitions.h>
#include <reprise/engine.h>
#include <reprise/failure.h>
#include <reprise/history.h>
#include <reprise/incident.h>
#include <reprise/internal/payload.h>
#include <reprise/limits.h>
#include <reprise/options.h>
#include <reprise/reset.h>
#include <reprise/schedule.h>
#include <reprise/sent_messages.h>
#include <reprise/settings.h>
#include <reprise/table.h>
#include <reprise/time.h>
#include <reprise/topic.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace reprise {

namespace internal {
class RunLink;
struct NamedPayload {
  std::string_view name;
  std::string payload;
};
// The workflow and the arguments of a start.
struct StartInput {
  std::string_view workflow;
  std::string payload;
  const void* types;  // kTypeMark of their tuple
};
template <class R, class... A>
StartInput start_input(const Message<kind::Workflow, R, A...>& message) {
  return {message.name, encode_arguments(message.args), &kTypeMark<std::tuple<A...>>};
}
}  // namespace internal

// An activity or a step that a run waits for.
struct PendingActivity {
  std::string name;
  bool is_step = false;
  int attempt = 1;         // the one under way, or the next
  bool under_way = false;  // an attempt is executing now
  // The code has cancelled it and waits for its outcome (CancelMode::kWait).
  bool cancel_requested = false;
  // It is left open, to be completed elsewhere: since when, and when its earliest limit ends it.
  std::optional<Time> open_since{};
  std::optional<Time> limit{};
  std::optional<Time> next_attempt{};  // when it is retried
  // Its attempt is ready, and a limit of its worker holds it back: "the breaker of charge is open
  // for another 41 s" (docs/flow_control.md). Empty: none does.
  std::string held_back;
  std::string last_failure;            // what the previous attempt failed with
};

// A child that has not ended, as far as its parent knows.
struct PendingChild {
  std::string workflow;
  std::string workflow_id;
  std::string run_id;
  bool started = false;  // its start is known to be durable
};

// Why a run's code cannot go on: "RP2001" and the report.
struct ParkedReason {
  std::string code;
  std::string report;
};

// What is known about a run at one moment.
struct RunDescription {
  std::string workflow_id;
  std::string run_id;
  std::string workflow;
  std::string task_queue;
  RunStatus status = RunStatus::kRunning;
  Time started{};
  std::optional<Time> closed{};
  std::uint64_t history_events = 0;
  // Of these: those since its last checkpoint (Context::checkpoint()), which a replay needs.
  std::uint64_t replayed_events = 0;
  Settings settings;  // what it publishes, by name
  // Of a run in a chain, each of which has continued as the next (Context::continue_as_new()), or
  // has failed and was retried as the next (StartOptions::retry): run ids; empty: there is none.
  // The first run of a chain is its own `first_run_id`, once it has continued.
  std::string continued_from;
  std::string first_run_id;
  std::string continued_to;
  // The run that has started it, or the first run of its chain; empty: a client has.
  std::string parent_workflow_id;
  std::string parent_run_id;
  int attempt = 1;                      // see RunInfo::attempt
  std::optional<Time> delayed_until{};  // it is open and its code has not run: it does then
  // From describe() only; list() leaves them empty.
  std::vector<PendingActivity> activities;
  std::vector<Time> timers;  // when they fire
  std::vector<PendingChild> children;
  // One line per strand, with the places in the code; empty when the run is not in memory.
  std::vector<std::string> waiting_for;
  // From list() too.
  std::optional<ParkedReason> parked{};
  std::optional<PausedReason> paused{};  // its status is kPaused
  std::optional<RunOrigin> origin{};     // it was reset or forked from another run
};

// Which page of the runs that match a filter.
struct PageOptions {
  std::size_t page_size = 100;  // 1 to kMaxPageSize runs (InvalidOption RP3010)
  // RunPage::next_page_token of the page before; empty: the first page. The filter must be the
  // same.
  std::string page_token{};
};
inline constexpr std::size_t kMaxPageSize = 1'000;
inline constexpr std::size_t kMaxGroups = 10'000;

// Some runs that match a filter. A plain value.
struct RunPage {
  std::vector<RunDescription> runs;
  // Of the page after this one; empty: there is none. Stays valid while runs start and end, and
  // over restarts: a run that was there before the first page and does not change its place in the
  // order is on one page exactly.
  std::string next_page_token;
  // True: no index limits which runs are read, so all of them were. With an index the time does not
  // depend on the number of other runs.
  bool scanned = false;
  std::uint64_t examined = 0;  // how many archived runs were read and compared
};

// The runs with one value of a field.
struct Group {
  std::string value;  // as text; times as RFC 3339, durations in nanoseconds
  bool none = false;  // those that do not have the field
  std::uint64_t count = 0;
};

// Addresses one run. A value: copies are cheap and address the same run. A handle from start(),
// submit() or find() goes with its run when that continues as a new one: its calls reach the newest
// run of the chain. One that was made with a run id means that run only, and one with a workflow id
// the newest run that has it. Thread-safe; its Service must outlive it. Calls, except the two that
// submit, block until what they ask for is durable. They throw NotFound (RP3005), RunClosed
// (RP3006), ParkedError (RP2007) for a message to a run whose history is too long, Overloaded
// (RP3011), StoreFull (RP1007), StoreError (RP1008), or the error of the start if that failed. Not
// for workflow code (UsageError RP2004).
class RunHandle {
 public:
  std::string id() const;  // the workflow id; waits like started() if the start makes the id
  // A UUID: of the run that was started or found, whatever it has continued as. Waits like
  // started().
  std::string run_id() const;

  // Waits until the start is durable and throws if it failed. Only useful after Client::submit():
  // start() has waited already.
  void started() const;

  // Delivers a signal. The run need not be waiting for it, nor be in memory.
  template <class... T>
  void signal(const Message<kind::Signal, void, T...>& message) const {
    send_signal(message.name, internal::encode_arguments(message.args));
  }
  // The same; false if the run has ended.
  template <class... T>
  bool try_signal(const Message<kind::Signal, void, T...>& message) const {
    return try_send_signal(message.name, internal::encode_arguments(message.args));
  }
  // The same without waiting for the disk. Signals are made durable together, in the order in which
  // one thread sends them to one run. A thread can have thousands of them under way: as many as
  // EngineLimits allows, then this call waits too. Wait for delivered() now and then. Waits for the
  // start of a run that Client::submit() is still starting, and throws its error; or PayloadError.
  // Everything else is thrown by delivered().
  template <class... T>
  SentSignal submit_signal(const Message<kind::Signal, void, T...>& message) const {
    return send_signal_without_waiting(message.name, internal::encode_arguments(message.args));
  }
  // Asks the run's code, replaying it first if necessary. Records nothing. Throws QueryFailed
  // (RP3007, RP3008), UnknownWorkflow (RP3009) without a worker, PayloadError if the answer is not
  // a Q.
  template <class Q, class... A>
  Q query(const Message<kind::Query, Q, A...>& message) const {
    return internal::decode_result<Q>(
        send_query(message.name, internal::encode_arguments(message.args)));
  }
  // Waits until the run has handled the update and returns what its handler returned. Throws the
  // Failure that the handler threw, or an ApplicationFailure when the run has no such handler.
  template <class U, class... A>
  U update(const Message<kind::Update, U, A...>& message) const {
    return submit_update(message).result();
  }
  // The same for at most `timeout`; nullopt (false for void): time is up. The update is not
  // revoked: the run still handles it, unless it never became durable.
  template <class U, class... A>
  auto update_for(const Message<kind::Update, U, A...>& message, Duration timeout) const {
    return submit_update(message).result_for(timeout);
  }
  // The same without waiting for the disk or the run: UpdateHandle::result() waits, and throws what
  // update() would have thrown. Updates of one thread to one run keep their order. Waits for the
  // start of a run that Client::submit() is still starting, and throws its error; or PayloadError.
  template <class U, class... A>
  UpdateHandle<U> submit_update(const Message<kind::Update, U, A...>& message) const {
    return UpdateHandle<U>(send_update(message.name, internal::encode_arguments(message.args), {}));
  }
  // Sends the update and waits until it is accepted, or answered: options.wait_for. What the
  // handler threw is thrown by UpdateHandle::result(); this throws the Failure with which the check
  // has rejected it, InvalidOption (RP3003) for the id, UpdateRefused (RP3035, RP3036, RP3038),
  // UpdateUnfinished (RP3037). Call it again with the same id when the answer was lost.
  template <class U, class... A>
  UpdateHandle<U> start_update(const Message<kind::Update, U, A...>& message,
                               const UpdateOptions& options = {}) const {
    SentUpdate sent =
        send_update(message.name, internal::encode_arguments(message.args), options.id);
    sent.wait_for(options.wait_for);
    return UpdateHandle<U>(std::move(sent));
  }

  // Asks the run to cancel: its waits throw CancelledFailure, and its code cleans up and decides
  // how it ends. Returns once the request is durable.
  void cancel(std::string_view reason = {}) const;
  // Ends the run at once. Its code does not run, so nothing is cleaned up.
  void terminate(std::string_view reason) const;
  // Stops the run: none of its code runs until resume(). What it is sent is recorded and waits, as
  // do its timers; attempts under way end, and their results are kept; no other one begins. Queries
  // are answered as of where it stands; updates wait. Its time limits still end it. Of a run that
  // is paused the reason is replaced. Durable on return; records RunPaused. Throws ParkedError
  // (RP2007) if its history is too long.
  void pause(std::string_view reason) const;
  // It goes on: with what it was sent first, then with timers that are due. Records RunResumed.
  // Throws RepairRefused (RP3024) if it is not paused.
  void resume(std::string_view reason = {}) const;
  // Has another run go on from an earlier event of this one: a new run with the same workflow id,
  // whose history begins with a copy of the turns before the event's. What is under way there
  // begins anew, with a new idempotency key. This run is terminated in the same commit, if it is
  // open; who waits for its result gets the new one's. It may be closed, if no other run with the
  // id is open. Returns a handle to the new run, durable. Throws InvalidOption (RP3025),
  // AlreadyStarted, RepairRefused: RP3026 if a child or a message that this run has sent before the
  // event is under way, RP3027. See docs/language/reset.md.
  RunHandle reset(const ResetOptions& options) const;
  // The same for a run that has failed: from where the failure came from. An operation whose
  // failure ended the run is made again; if it was the code that failed, its last turn is. What the
  // run was sent since, and the other results, are kept. Throws RepairRefused (RP3028) if it has
  // not failed.
  RunHandle restart(const RestartOptions& options = {}) const;
  // The same for an experiment: the new run has another workflow id, and may get other results.
  // This run goes on. Signals and updates after the event are not applied. Throws RepairRefused
  // (RP3029) for a result that has no place there, too.
  RunHandle fork(const ForkOptions& options) const;

  // Tries a parked run again now, without waiting for a worker to start: the cause may be gone. A
  // run that was set aside because its code ended the process (RP2010) starts again with no deaths
  // counted. Does nothing to a run that is not parked. Records nothing.
  void retry() const;

  // What the run publishes under that name as of its last durable turn; nullopt: nothing. Needs no
  // worker, and the run may have ended. Throws PayloadError (RP3001) if the name is published as
  // something else, InvalidOption (RP3003), or StoreError (RP1005) if the run's history is damaged:
  // then what it published last is unknown.
  template <class T>
  std::optional<T> get(const Value<T>& value) const {
    return value.find_in(published(value.name()));
  }
  template <class T>
  std::optional<T> get(const Attribute<T>& attribute) const {
    return attribute.find_in(published(attribute.name()));
  }

  RunDescription describe() const;
  // All of the run that is durable so far: to keep, and to replay.
  History history() const;
  // Who did what to the run, and what it did, the newest first: as of now, all of it durable. Reads
  // the history on the caller's thread, from its beginning for each page. Throws InvalidOption
  // (RP3010), StoreError (RP1005) if the history does not verify.
  AuditPage audit(const AuditOptions& options = {}) const;

 protected:
  explicit RunHandle(std::shared_ptr<internal::RunLink> link);
  std::string wait_result() const;
  std::optional<std::string> wait_result(Duration timeout) const;

 private:
  friend class Client;
  void send_signal(std::string_view name, std::string input) const;
  bool try_send_signal(std::string_view name, std::string input) const;
  SentSignal send_signal_without_waiting(std::string_view name, std::string input) const;
  std::string send_query(std::string_view name, std::string input) const;
  SentUpdate send_update(std::string_view name, std::string input, std::string_view id) const;
  Settings published(std::string_view name) const;  // under that name: one or none

  std::shared_ptr<internal::RunLink> link_;
};

// A RunHandle that knows the type of the result. The same rules.
template <class R>
class Handle : public RunHandle {
 public:
  // Waits until the run has ended; if it continues as a new one, until the last run of its chain
  // has. Throws the Failure that it ended with, or CancelledFailure, TerminatedFailure or
  // TimeoutFailure (kRun) if it was cancelled, terminated or timed out; PayloadError if the result
  // is not an R. May be called again.
  R result() const { return internal::decode_result<R>(wait_result()); }

  // The same for at most `timeout`; nullopt (false for void): the run has not ended yet. For a run
  // that has ended even a timeout of zero is enough: looking it up does not count as waiting.
  auto result_for(Duration timeout) const {
    const std::optional<std::string> payload = wait_result(timeout);
    if constexpr (std::is_void_v<R>) {
      return payload.has_value();
    } else {
      return payload ? std::optional<R>(internal::decode_result<R>(*payload)) : std::nullopt;
    }
  }

 private:
  friend class Client;
  using RunHandle::RunHandle;
};

// Starts and finds runs. A value: cheap to copy, thread-safe; its Service must outlive it. Calls
// block until what they ask for is durable, except submit(), which blocks only while the engine is
// at one of its EngineLimits. They throw InvalidOption, PayloadError (RP3002), Overloaded (RP3011),
// StoreFull (RP1007), StoreError and what is said below. Not for workflow code (UsageError RP2004);
// activities may use one.
class Client {
 public:
  // Throws InvalidOption (RP3034) for the principal.
  explicit Client(Service& service, ClientOptions options = {});

  // Starts a run; durable on return. Needs no worker yet (ClientOptions::needs_worker). Throws
  // AlreadyStarted, NotAllowed (RP3033), UnknownWorkflow (RP2003, RP3009), PayloadError (RP3030 to
  // RP3032: the worker's definition of the workflow has other arguments).
  template <class R, class... A>
  Handle<R> start(const Message<kind::Workflow, R, A...>& message,
                  const StartOptions& options = {}) const {
    Handle<R> handle = submit(message, options);
    handle.started();
    return handle;
  }
  // The same; nullopt instead of AlreadyStarted.
  template <class R, class... A>
  std::optional<Handle<R>> try_start(const Message<kind::Workflow, R, A...>& message,
                                     const StartOptions& options = {}) const {
    Handle<R> handle = submit(message, options);
    return start_accepted(handle) ? std::optional(std::move(handle)) : std::nullopt;
  }
  // The same without waiting: starts are made durable together, so one thread can have thousands
  // under way. Handle::started() and result() wait, and throw what start() would have thrown.
  template <class R, class... A>
  Handle<R> submit(const Message<kind::Workflow, R, A...>& message,
                   const StartOptions& options = {}) const {
    return Handle<R>(submit_run(internal::start_input(message), options));
  }

  // Starts the run with that signal as the first thing that it receives, in the commit of the
  // start; if an open run has the id, that one gets the signal, and a handle to it is returned
  // (IdConflict::kTerminateExisting replaces it instead). Durable on return. The code begins before
  // it has the signal: it finds it by waiting. `options` must have an id. Throws AlreadyStarted if
  // the open run is of another workflow, or as options.id_reuse says of a closed one; ParkedError
  // (RP2007) if the open run's history is too long.
  template <class... T, class R, class... A>
  Handle<R> signal_with_start(const Message<kind::Signal, void, T...>& signal,
                              const Message<kind::Workflow, R, A...>& message,
                              const StartOptions& options) const {
    const internal::NamedPayload first{signal.name, internal::encode_arguments(signal.args)};
    Handle<R> handle(submit_run(internal::start_input(message), options, &first));
    handle.started();
    return handle;
  }

  // Sends an update, and starts the run first if no open one has the id: in one commit, so the
  // update is the first thing that the run receives. If an open run has the id, that one gets it
  // (IdConflict::kTerminateExisting replaces it instead). Waits as RunHandle::start_update() does.
  // An update that is rejected leaves the run started. With an id of the update the call can be
  // repeated: if the newest run of the workflow id has handled it, open or closed, it is answered
  // from there and nothing is started. `options` must have a workflow id. Throws AlreadyStarted if
  // the open run is of another workflow, or as options.id_reuse says of a closed one; and what
  // start_update() throws.
  template <class U, class... B, class R, class... A>
  UpdateHandle<U> update_with_start(const Message<kind::Update, U, B...>& update,
                                    const Message<kind::Workflow, R, A...>& message,
                                    const StartOptions& options,
                                    const UpdateOptions& update_options = {}) const {
    const internal::NamedPayload first{update.name, internal::encode_arguments(update.args)};
    SentUpdate sent =
        submit_with_update(internal::start_input(message), options, first, update_options.id);
    sent.wait_for(update_options.wait_for);
    return UpdateHandle<U>(std::move(sent));
  }

  // Publishes a message under a key of the topic. It reaches each run that waits for one of that
  // key; if none does, it is kept for the first that will (PublishOptions::keep). Returns how many
  // it has reached, when each of them has recorded it, or 0, when it is kept: durable on return.
  // The messages of one key arrive in the order in which they are published. Throws InvalidOption
  // (RP3003, RP3010), ApplicationFailure (RP3053) when too many messages are kept for that key.
  // docs/language/topics.md.
  template <class T>
  std::size_t publish(const Topic<T>& topic,
                      std::string_view key,
                      const std::type_identity_t<T>& value,
                      const PublishOptions& options = {}) const {
    return publish_payload(topic.name(), key, internal::encode_arguments(std::tuple<T>(value)),
                           options);
  }

  // A handle to the newest run with that workflow id, or to the run with `run_id`. Does not check
  // that it exists: the handle's calls throw NotFound.
  template <class S>
  auto attach(const Workflow<S>&, std::string_view id, std::string_view run_id = {}) const
      -> Handle<typename Workflow<S>::Result> {
    return Handle<typename Workflow<S>::Result>(link(id, run_id));
  }
  // A handle to the newest run with that workflow id; nullopt: none, or of another workflow.
  template <class S>
  auto find(const Workflow<S>& workflow, std::string_view id) const
      -> std::optional<Handle<typename Workflow<S>::Result>> {
    const auto found = find_description(id);
    if (!found || found->workflow != workflow.name()) return std::nullopt;
    return Handle<typename Workflow<S>::Result>(link_to_chain(id, found->run_id));
  }
  // What the newest run with that workflow id, or the one with `run_id`, was started with: to start
  // another like it. Throws NotFound; InvalidOption (RP3010) if it is of another workflow;
  // PayloadError (RP3001).
  template <class R, class... A>
  std::tuple<A...> input_of(const Workflow<R(A...)>& workflow,
                            std::string_view id,
                            std::string_view run_id = {}) const {
    return internal::decode_arguments<A...>(recorded_input(workflow.name(), id, run_id));
  }
  // A handle that does not know the workflow: for tools.
  RunHandle handle(std::string_view id, std::string_view run_id = {}) const;

  // Throws NotFound.
  RunDescription describe(std::string_view id, std::string_view run_id = {}) const;
  std::optional<RunDescription> find_description(std::string_view id) const;
  std::vector<RunDescription> list(const ListOptions& options = {}) const;

  // Finds runs by a filter: "WorkflowType = 'checkout' AND Status = 'Running' AND CustomerId =
  // 'c-7' ORDER BY StartTime DESC", in the language of Temporal's list filters
  // (docs/visibility.md). Empty: every run. The answer has every run as of the last change that was
  // acknowledged before the call. Reads the store on the caller's thread; records nothing. Throws
  // FilterError (RP3015), InvalidPageToken (RP3016), InvalidOption (RP3010) for the size of a page.
  RunPage list(std::string_view filter, const PageOptions& options = {}) const;
  // How many runs match. Throws as list() does.
  std::uint64_t count(std::string_view filter) const;
  // The same by the values of a field, the largest group first. A run counts in the group of each
  // of its texts, if the field is a list. At most kMaxGroups groups (FilterError).
  std::vector<Group> count(std::string_view filter, std::string_view group_by) const;

  // Completes the attempt of Completion<R>::token(): its activity returns `result`. Whether that is
  // what the activity returns is not checked here: workflow code gets PayloadError otherwise, so
  // name R if the type of the argument is another one. Throws InvalidToken (RP3020),
  // AlreadyCompleted (RP3022), CompletionLate (RP3021), NotFound (RP3005) when the run has been
  // removed.
  template <class R>
  void complete(std::string_view token, const R& result) const {
    complete_attempt(token, internal::encode_payload<R>(result));
  }
  // The same for an activity that returns nothing.
  void complete(std::string_view token) const;
  // Fails the attempt, as if its function had thrown the failure: it is retried by the same rules.
  // A CancelledFailure says that an attempt that was asked to stop has done so.
  // Throws as complete() does.
  void fail(std::string_view token, const Failure& failure) const;
  // Says that somebody still works on the attempt, see ActivityOptions::heartbeat. At most one a
  // second is recorded. Throws as complete() does: CompletionLate says that nobody waits for the
  // attempt any more, because it was cancelled for instance. ActivityCancelled (RP3023) says that
  // it was cancelled and that the code waits for the end of the attempt.
  void heartbeat(std::string_view token) const;
  // The same with details for the next attempt (ActivityContext::heartbeat_details()).
  template <class T>
  void heartbeat(std::string_view token, const T& details) const {
    send_heartbeat(token, internal::encode_payload<T>(details));
  }

  // What the limits of activities (Worker::limit()) do now, on all workers of the engine, by task
  // queue and name. Records nothing.
  std::vector<LimitState> limits() const;

  // The row with that key, as of the last durable transaction; nullopt: there is none. Throws
  // InvalidOption (RP3045), PayloadError (RP3001), StoreError (RP1005).
  template <class K, class V>
  std::optional<V> get(const Table<K, V>& table, const std::type_identity_t<K>& key) const {
    return internal::value_of_row<V>(get_row(table.name(), internal::encode_key<K>(key)));
  }
  // Calls `fn(key, value)` for each row with a key from `from` on and before `to`, in the order of
  // keys, until it returns false. The rows are read in pages, of one moment each: for all from one
  // moment use Engine::read(). Throws as get() does; what `fn` throws passes through.
  template <class K, class V, class Fn>
  void scan(const Table<K, V>& table,
            const std::type_identity_t<K>& from,
            const std::type_identity_t<K>& to,
            Fn fn) const {
    const std::string end = internal::encode_key<K>(to);
    scan_rows(table.name(), internal::encode_key<K>(from), &end, internal::row_visitor<K, V>(fn));
  }
  // The same for all rows of the table.
  template <class K, class V, class Fn>
  void scan(const Table<K, V>& table, Fn fn) const {
    scan_rows(table.name(), {}, nullptr, internal::row_visitor<K, V>(fn));
  }

  // Creates a schedule, which starts the workflow with these arguments whenever it is due. `id`: 1
  // to kMaxScheduleIdBytes bytes. The runs have the ids "<options.id>-2026-11-30T02:00:00Z", the
  // time for which each was started; options.id is the schedule's id if it is empty. Of the other
  // options, those hold for each run that are about a run; with request_id the call can be made
  // again; id_reuse, id_conflict and start_delay are refused (InvalidOption RP3010). Durable on
  // return. Throws AlreadyStarted if the schedule exists, InvalidOption (RP3003, RP3010, RP3043,
  // RP3044, RP3048), PayloadError (RP3002) beyond kMaxScheduledPayloadBytes. docs/schedules.md.
  template <class R, class... A>
  Schedule create_schedule(std::string_view id,
                           const ScheduleSpec& spec,
                           const Message<kind::Workflow, R, A...>& message,
                           const StartOptions& options = {},
                           const SchedulePolicy& policy = {}) const {
    return new_schedule(id, spec, message.name, internal::encode_arguments(message.args), options,
                        policy);
  }
  // Does not check that it exists: the calls of the result throw NotFound.
  Schedule schedule(std::string_view id) const;
  // All schedules, by id.
  std::vector<ScheduleDescription> schedules() const;

  // What is wrong now, in the order of the starts of the runs, and then the breakers: as of the
  // last change that was acknowledged before the call. Looks at every open run, and reads the
  // history of each that has an incident, on the caller's thread. Throws InvalidOption (RP3010).
  std::vector<Incident> incidents(const IncidentOptions& options = {}) const;

 private:
  std::string recorded_input(std::string_view workflow,
                             std::string_view id,
                             std::string_view run_id) const;
  Schedule new_schedule(std::string_view id,
                        const ScheduleSpec& spec,
                        std::string_view workflow,
                        std::string input,
                        const StartOptions& options,
                        const SchedulePolicy& policy) const;
  std::optional<std::string> get_row(std::string_view table, std::string key) const;
  void scan_rows(std::string_view table,
                 std::string from,
                 const std::string* to,
                 internal::RowVisitor visit) const;
  std::shared_ptr<internal::RunLink> submit_run(
      internal::StartInput input,
      const StartOptions& options,
      const internal::NamedPayload* signal = nullptr) const;
  SentUpdate submit_with_update(internal::StartInput input,
                                const StartOptions& options,
                                const internal::NamedPayload& update,
                                std::string_view update_id) const;
  std::size_t publish_payload(std::string_view topic,
                              std::string_view key,
                              std::string message,
                              const PublishOptions& options) const;
  std::shared_ptr<internal::RunLink> link(std::string_view id, std::string_view run_id) const;
  // The newest run of the chain that this run belongs to.
  std::shared_ptr<internal::RunLink> link_to_chain(std::string_view id,
                                                   std::string_view run_id) const;
  static bool start_accepted(const RunHandle& handle);
  void complete_attempt(std::string_view token, std::string result) const;
  void send_heartbeat(std::string_view token, std::string details) const;

  template <class Verb>
  auto ask(Verb request) const;

  internal::ServiceState* service_;
  std::shared_ptr<const ClientOptions> options_;  // its handles share them
};

}  // namespace reprise
