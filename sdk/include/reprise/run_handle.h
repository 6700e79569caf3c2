// What is known of a run, and reaching it from outside. <reprise/client.h> includes it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <reprise/audit.h>
#include <reprise/definitions.h>
#include <reprise/failure.h>
#include <reprise/history.h>
#include <reprise/internal/payload.h>
#include <reprise/options.h>
#include <reprise/reset.h>
#include <reprise/sent_messages.h>
#include <reprise/settings.h>
#include <reprise/time.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace reprise {

namespace internal {
class RunLink;
}

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
  std::string last_failure;  // what the previous attempt failed with
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

}  // namespace reprise
