// Clients: starting runs, and reaching them from outside.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <reprise/batch.h>
#include <reprise/definitions.h>
#include <reprise/engine.h>
#include <reprise/failure.h>
#include <reprise/incident.h>
#include <reprise/internal/payload.h>
#include <reprise/limits.h>
#include <reprise/options.h>
#include <reprise/run_handle.h>
#include <reprise/schedule.h>
#include <reprise/sent_messages.h>
#include <reprise/settings.h>
#include <reprise/table.h>
#include <reprise/time.h>
#include <reprise/topic.h>
#include <string>
#include <string_view>
#include <tuple>
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

  // ---- batches: an operation on each run that matches a filter, docs/batch.md ----

  // Reaches no run twice, and which ones is in docs/batch.md, at BatchOptions::rate. Durable on
  // return; the work follows, over restarts. A reason has at most kMaxBatchReasonBytes. Throw
  // FilterError (RP3015), also if the filter is empty or has an order; AlreadyStarted if options.id
  // is another batch's; InvalidOption (RP3003, RP3010, RP3025), PayloadError (RP3002).
  template <class... T>
  Batch signal_all(std::string_view filter,
                   const Message<kind::Signal, void, T...>& message,
                   const BatchOptions& options = {}) const {
    auto input = internal::encode_arguments(message.args);
    return new_batch({.filter = filter, .signal = message.name, .input = std::move(input)},
                     options);
  }
  Batch cancel_all(std::string_view filter,
                   std::string_view reason,
                   const BatchOptions& options = {}) const;
  Batch terminate_all(std::string_view filter,
                      std::string_view reason,
                      const BatchOptions& options = {}) const;
  Batch pause_all(std::string_view filter,
                  std::string_view reason,
                  const BatchOptions& options = {}) const;
  Batch resume_all(std::string_view filter,
                   std::string_view reason,
                   const BatchOptions& options = {}) const;
  Batch reset_all(std::string_view filter,
                  const ResetOptions& reset,
                  const BatchOptions& options = {}) const;
  Batch restart_all(std::string_view filter,
                    const RestartOptions& restart,
                    const BatchOptions& options = {}) const;
  Batch batch(std::string_view id) const;         // does not check that it exists
  std::vector<BatchDescription> batches() const;  // those that the store has, by id

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
  Batch new_batch(const internal::NewBatch& batch, const BatchOptions& options) const;
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
