// Options: plain aggregates for designated initializers. Every member has a default; durations
// are in milliseconds and never negative (RP3010). Duration::max() means for ever: times that would
// overflow are cut off at the largest time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <reprise/interceptor.h>
#include <reprise/payload_codec.h>
#include <reprise/settings.h>
#include <reprise/time.h>
#include <string>
#include <string_view>
#include <vector>

namespace reprise {

class Metrics;  // <reprise/metrics.h>

inline constexpr std::size_t kMaxIdBytes =
    1'000;  // workflow ids, task queues, names of definitions
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{2}
                                                << 20;  // one encoded input or result
inline constexpr std::size_t kMaxPrincipalBytes = 256;  // ClientOptions::principal
inline constexpr std::size_t kMaxFairnessKeyBytes = 64;
// Context::should_continue(): a history of so many events is long.
inline constexpr std::uint64_t kLongHistoryEvents = 4'096;

// Updates of earlier runs of a chain that the chain still recognises by their ids: the latest so
// many. Of a run's own updates it recognises all.
inline constexpr std::size_t kRememberedUpdates = 1'000;

// When and how often an activity, a step or a run is retried. The wait before attempt n + 1 is
// min(initial_interval * backoff_coefficient^(n-1), maximum_interval).
struct RetryPolicy {
  // Wait before the second attempt.
  Duration initial_interval{1'000};
  // Factor from one wait to the next; at least 1.
  double backoff_coefficient = 2.0;
  // The wait grows up to this.
  Duration maximum_interval{100'000};
  // Attempts at most, the first included; 0: no limit but schedule_to_close, or a run's
  // execution_timeout. 1: never retry.
  int maximum_attempts = 0;
  // ApplicationFailure types that are never retried, whatever their retryable() says. Of a run also
  // types of causes; see StartOptions::retry.
  std::vector<std::string> non_retryable{};

  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

// What a cancellation does to something that another run, or a worker, has under way.
enum class CancelMode : std::uint8_t {
  kWait,     // asks it to cancel; what waits for it goes on waiting until it has ended
  kTry,      // asks it to cancel, and does not wait for it any more
  kAbandon,  // lets it go on, and does not wait for it any more
};

// How an activity is executed. When a time limit passes, the attempt or the activity ends with a
// TimeoutFailure as the cause; 0 means no limit.
struct ActivityOptions {
  // One attempt, from the moment a worker takes it. Retried when it passes. Without it (and without
  // `heartbeat`) an attempt that hangs is never given up while its process lives.
  Duration start_to_close{0};
  // From the moment an attempt is ready until a worker takes it. Not retried when it passes: no
  // worker would take the next attempt either.
  Duration schedule_to_start{0};
  // The whole activity: waits, attempts and the time between them. Ends retries.
  Duration schedule_to_close{0};
  // The longest silence between two ActivityContext::heartbeat() calls of an attempt. Retried.
  Duration heartbeat{0};
  RetryPolicy retry{};
  // What Pending::cancel() and the cancellation of its scope do. kTry asks the attempt under way to
  // stop; no other one begins, and the code gets CancelledFailure at once. kWait asks too, and the
  // code gets what becomes of the attempt: its result, its failure, or CancelledFailure; one that
  // has not begun, or waits for its next attempt, has cancelled. kAbandon asks nothing: it goes on
  // with its attempts and limits until the run ends, its outcome is recorded and not used, and the
  // code gets CancelledFailure at once. The end of the run asks attempts under way to stop, those
  // with kAbandon excepted.
  CancelMode on_cancel = CancelMode::kTry;
  // Which workers may execute it; empty: those of the run's own task queue.
  std::string_view task_queue{};
  // Which of the attempts that wait in a task queue begins first: 1 to 5, 1 first. 0: that of the
  // run.
  int priority = 0;
  // Attempts of one priority alternate by this key, such as a tenant: those of one key do not wait
  // for all of another. At most kMaxFairnessKeyBytes bytes of UTF-8. Empty: that of the run.
  std::string fairness_key{};
  // How often this key is served, in relation to others; 0.001 to 1,000. 0: that of the
  // run, or 1 with a key of its own.
  double fairness_weight = 0;
};

// Where a step's closure runs.
enum class StepOn : std::uint8_t {
  kActivityThread,  // like an activity: may block
  kShard,           // on the run's own thread: no switch of threads, but it holds up other runs
};

// How Context::map() calls its function.
struct MapOptions {
  // Calls under way at a time; 0: all of them. Each has a stack of its own, so give a number for
  // thousands of items.
  std::size_t at_most = 0;
};

// How a run goes on as the next one of its chain: Context::continue_as_new().
struct ContinueOptions {
  // Which workers run the next run, 1 to kMaxIdBytes bytes; empty: those of this run.
  std::string_view task_queue{};
  // The limit of the next run, from its start to its end; 0: as long as this run's, or none if this
  // one has none.
  Duration run_timeout{0};
};

// How a step is executed.
struct StepOptions {
  // As for activities. The closure may be called once per attempt.
  RetryPolicy retry{};
  // One attempt; 0: no limit. The closure refers to the workflow's stack, so an attempt cannot be
  // abandoned: the limit is checked when it returns. Ignored with kShard.
  Duration start_to_close{0};
  StepOn on = StepOn::kActivityThread;
};

// What may happen when a *closed* run has the workflow id.
enum class IdReuse : std::uint8_t {
  kAllow,                 // another run starts
  kAllowUnlessCompleted,  // only after a run that failed, was cancelled, terminated or timed out
  kReject,                // AlreadyStarted
  // start() returns a handle to the existing run, running or closed, whatever IdConflict says: a
  // start may be repeated and there is one run. result() gives that run's result or failure.
  // AlreadyStarted when the id belongs to a run of another workflow.
  kUseExisting,
};

// What may happen when a *running* run has the id. Once it has ended IdReuse decides: kUseExisting
// here with kAllow there starts a second run.
enum class IdConflict : std::uint8_t {
  kFail,               // AlreadyStarted
  kUseExisting,        // start() returns a handle to the existing run
  kTerminateExisting,  // it is terminated, and the new one starts
};

// How a run is started.
struct StartOptions {
  // The workflow id: your business key, 1 to kMaxIdBytes bytes, unique among running runs. Empty:
  // the run id, which is always new.
  std::string id{};
  // Which workers run it; empty: "default".
  std::string_view task_queue{};
  IdReuse id_reuse = IdReuse::kAllow;
  IdConflict id_conflict = IdConflict::kFail;
  // One run: from its start to its end, all waiting included but not start_delay and the wait
  // before a retry; 0: no limit. The run then ends as TimedOut without running its code, and is
  // retried if `retry` says so. The runs that follow in the chain have the same limit, each of its
  // own.
  Duration run_timeout{0};
  // The whole chain: from this start to the end of the last run, with everything in between; 0: no
  // limit. The run that is under way ends as TimedOut then, without running its code, and no other
  // one follows.
  Duration execution_timeout{0};
  // A run that fails or reaches its run_timeout is followed by another one, which begins with the
  // same arguments and settings; absent: it is not. Not after cancel() and terminate(), and not if
  // the next attempt would begin after execution_timeout. `non_retryable` names types of failures,
  // also of the causes of one, and "run_timeout". At most 16 KiB.
  std::optional<RetryPolicy> retry{};
  // The run exists at once, and its code runs after this time: what it is sent waits for it.
  // cancel() ends it without running its code. Shorter than execution_timeout.
  Duration start_delay{0};
  // What the run publishes before its code sets anything, each name once; within
  // EngineLimits::settings and settings_bytes. A start that returns an existing run changes nothing
  // in that run.
  Settings settings{};
  // The name of this request, 1 to kMaxIdBytes bytes of UTF-8; empty: none. A start that is made
  // again with the same `id` and the same name starts nothing: it returns a handle to what it has
  // started before, running or closed, whatever id_reuse and id_conflict say; AlreadyStarted if
  // that is a run of another workflow. Recognised among the newest 100 runs of the id that the
  // store has. Needs an `id`.
  std::string request_id{};
  // The next three are those of its activities and steps, and of its children, as far as they say
  // nothing else; the runs that follow in the chain keep them. They order attempts, not the run's
  // own code: docs/flow_control.md.
  // Which of the attempts that wait in a task queue begins first: 1 to 5, 1 first. 0: 3.
  int priority = 0;
  // Attempts of one priority alternate by this key, such as a tenant: those of one key do not wait
  // for all of another. At most kMaxFairnessKeyBytes bytes of UTF-8. Empty: those without a
  // key share one.
  std::string fairness_key{};
  // How often this key is served, in relation to others; 0.001 to 1,000. 0: 1.
  double fairness_weight = 0;
};

// How far an update has come.
enum class UpdateStage : std::uint8_t {
  kAccepted,   // its check has accepted it, and that is durable: it will be handled
  kCompleted,  // its handler has returned, or thrown a Failure, and that is durable
};

// Who a Client is, and what it insists on.
struct ClientOptions {
  // Who asks: a user, a service. Recorded with what this client's calls record (starts, signals,
  // updates, cancellations, terminations, completions of attempts), for ever, and shown by `reprise
  // audit` and `history`. It is what the program says: the engine does not verify it. At most
  // kMaxPrincipalBytes bytes of printable UTF-8; empty: nothing is recorded.
  std::string principal{};
  // A start is refused (UnknownWorkflow RP3009) while no worker of this engine serves its task
  // queue. False: the run is recorded, and waits for a worker. Where there is a worker, a start of
  // a workflow that it does not implement is refused in any case (RP2003).
  bool needs_worker = false;
  // Asked before this client, or a handle from it, sends something: Interceptor::client(). Of
  // clients of any Service.
  Interceptors interceptors{};
};

// A start that a client asks for, or that follows from what one has asked for:
// EngineOptions::refuse_start.
struct StartAttempt {
  std::string_view workflow;
  std::string_view id;  // the run id, if StartOptions::id is empty
  std::string_view task_queue;
  std::string_view principal;  // ClientOptions::principal; of who created the schedule
};

// How an update is sent: RunHandle::start_update() and Client::update_with_start().
struct UpdateOptions {
  // 1 to kMaxIdBytes bytes of UTF-8. Updates of one run, or one chain of runs, that have the same
  // id are one update: it is handled once, and each call is answered, also after a crash, and after
  // the end of the run. Empty: a new UUID.
  std::string id{};
  // What the call waits for.
  UpdateStage wait_for = UpdateStage::kCompleted;
};

// The states of a run. Parked (its code cannot go on) is a condition of a running one.
enum class RunStatus : std::uint8_t {
  kRunning = 1,
  kPaused,
  kCompleted,
  kFailed,
  kCancelled,
  kTerminated,
  kTimedOut,
  kContinuedAsNew,
};
std::string_view to_string(RunStatus status);

// Which page of the runs that match a filter.
struct PageOptions {
  std::size_t page_size = 100;  // 1 to kMaxPageSize runs (InvalidOption RP3010)
  // RunPage::next_page_token of the page before; empty: the first page. The filter must be the
  // same.
  std::string page_token{};
};
inline constexpr std::size_t kMaxPageSize = 1'000;
inline constexpr std::size_t kMaxGroups = 10'000;

// Which runs Client::list() returns.
struct ListOptions {
  std::string workflow{};             // only runs of this definition's name; empty: all
  std::optional<RunStatus> status{};  // only runs in this status; absent: all
  std::size_t limit = 1'000;          // at most this many; 0: all
  bool newest_first = true;           // by start time
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

// Takes log lines; called from several threads at once. Exceptions from it are counted and reported
// on standard error once; they stop nothing.
using LogSink = std::function<void(LogLevel level, std::string_view line)>;

// How much an engine accepts before callers must wait; docs/limits.md lists all limits.
struct EngineLimits {
  // Starts, signals, updates, cancellations and terminations that are not durable yet; and, counted
  // apart, queries and other questions without an answer yet. At the limit a call waits, see
  // overload_wait.
  std::size_t pending_requests = 65'536;
  // Bytes of those requests' payloads, roughly. At the limit a call waits.
  std::size_t pending_bytes = std::size_t{256} << 20;
  // Attempts of activities and steps that wait for a worker's thread, over all task queues. At the
  // limit a start waits; all other calls and the existing runs go on.
  std::size_t waiting_attempts = 250'000;
  // How long a call waits for room before it throws Overloaded; 0: not at all. A call that was
  // accepted before the store ran out of room waits as long, and then throws StoreFull.
  Duration overload_wait{10'000};
  // Activities, steps, timers, messages and children of one run that are under way at a time. A run
  // that asks for more is parked (RP2007).
  std::size_t pending_operations = 200'000;
  // How many runs may be above one: its parent, the parent of that, and so on. A child further down
  // is not started: ChildFailure, with StartRefusedFailure RP2007. This stops code that starts
  // itself.
  std::uint32_t child_depth = 32;
  // Bytes of what a run asks for between two waits, 512 MiB at most. A run that asks for more is
  // parked (RP2007): this stops code that loops without waiting.
  std::size_t turn_bytes = std::size_t{64} << 20;
  // Events of one run's history since its last checkpoint. A run that has more is parked, and its
  // signals, updates and cancellations are refused (RP2007); it can still be terminated.
  std::uint64_t history_events = 10'000'000;
  // Updates of one run that callers wait for: those that its handlers have not answered, and those
  // that wait until its code can take them. More are refused (Overloaded); 100,000 at most.
  std::size_t pending_updates = 1'000;
  // Settings that one run publishes at a time, and their bytes with the names. They stay in memory
  // while the run is open. A run that publishes more is parked (RP2007), a start with more throws
  // InvalidOption (RP3010).
  std::size_t settings = 100;
  std::size_t settings_bytes = 65'536;
  // What one transaction may change: rows (at most 100,000), and the bytes of their keys and values
  // (at most 32 MiB). A change beyond that throws InvalidOption (RP3047) in its closure.
  std::size_t transaction_rows = 10'000;
  std::size_t transaction_bytes = std::size_t{16} << 20;
  // Workflow code that has not returned for this long is reported in the log with its stack, and
  // again each time the time has doubled; 0: never. Nothing interrupts it.
  Duration slow_turn{2'000};
};

// Which closed runs an engine keeps; by default all of them. Runs past a limit are removed while
// the engine works, those that ended first go first: history, summary and ids. Afterwards the store
// knows nothing of them: describing one throws NotFound, and its workflow id can be used again,
// whatever IdReuse says. Open runs are never removed. The archive's file does not shrink, but freed
// space is used again; a backup copies only what is left.
struct Retention {
  // Time since the end of the run, by the wall clock; 0: for ever.
  Duration max_age{0};
  // Bytes of the archive's content, open runs included; 0: no limit. A run can be removed some
  // seconds after its end.
  std::uint64_t max_bytes = 0;
};

// What an engine does when workflow code calls something whose result may differ on replay: a
// clock, a random number, a file, a socket, a thread, a lock that it has to wait for.
// <reprise/guard.h> allows such calls in a scope; docs/determinism.md lists what is caught. The
// environment variable REPRISE_GUARD (off, report or park) overrides the option.
enum class Guard : std::uint8_t {
  kOff,     // nothing; costs nothing
  kReport,  // logs a warning, once for each place in the code
  kPark,    // records nothing of the turn and parks the run, with the report (RP2008)
};

#ifdef NDEBUG
inline constexpr Guard kDefaultGuard = Guard::kOff;
#else
inline constexpr Guard kDefaultGuard = Guard::kReport;  // in Debug builds of your program
#endif

// How an engine works.
struct EngineOptions {
  // Threads that run workflow code, 1 to 1,024; 0: one per processor. Each run belongs to one of
  // them.
  int shards = 0;
  // Most runs kept in memory, over all shards. Others are replayed from the log when an input
  // arrives for them: more memory, fewer replays.
  std::size_t cached_runs = 50'000;
  // Most bytes of stack memory of the runs in memory; the limit that is reached first counts.
  // Stacks that have just become idle are not counted; they are kept until nothing has happened for
  // a second.
  std::size_t cached_bytes = std::size_t{1} << 30;
  // Address space of one stack in bytes, 32 KiB to 1 GiB; memory is used only as far as the code
  // touches it. Raise it for workflow code with deep recursion or large local arrays.
  std::size_t stack_bytes = std::size_t{64} * 1024;
  // Replay compares inputs of activities and durations of timers too, not only kinds and names.
  bool strict = false;
  // Every command records the stack of the code that makes it, not only the line of the call: for
  // people, never compared. Each different stack is written once per run, as text with function,
  // file and line; that takes some 40 bytes a frame, one byte or two per command, and some 3 us of
  // CPU per command.
  bool record_stacks = false;
  // The largest size in bytes of the journal, which holds what is not archived yet, and of the
  // archive, which holds all histories; 16 MiB to 64 TiB, 0: 64 and 256 GiB. Address space, not
  // memory: the files grow as they are written. An engine whose journal is full refuses work
  // (RP1007) until some of it is archived; an archive that is full needs a larger size at the next
  // open().
  std::uint64_t journal_map_bytes = 0;
  std::uint64_t archive_map_bytes = 0;
  EngineLimits limits{};
  Retention retention{};
  // What is done to content before it reaches a file of the store (docs/codecs.md): payloads,
  // values that are no attributes, rows, messages of failures, reasons, values of headers, stacks.
  // The first encodes first. Old content stays readable, also that of no codec; a codec or a key
  // that it needs and that is not here is RP1012, and parks the run. If one cannot encode, the
  // process ends as after a failed commit. Empty: content is written as it is.
  PayloadCodecs codecs{};
  // When workflow code ends the process (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, exit(),
  // pthread_exit()), stderr first gets the run, workflow, strand, stack and last durable call. Then
  // the signal goes to the handler that the program or a sanitizer had before the engine was
  // opened, or to the default action with its core dump. A run that has ended the process twice in
  // this way is set aside (RP2010). Off: no handler is installed, and it takes three deaths in a
  // row. Switch it off in programs whose own SIGSEGV handler repairs the fault.
  bool crash_reports = true;
  // By default kOff in a program compiled with NDEBUG, as release builds are, else kReport. The
  // first engine with a guard prepares the process for it; that is not undone.
  Guard guard = kDefaultGuard;
  // Serves the socket `control` in the store's directory, through which `reprise signal`, `cancel`,
  // `terminate`, `query` and `update` reach the runs; for this user and root only. Takes one
  // thread. An engine that cannot create it (RP3014) logs a warning and goes on without it.
  bool control_socket = true;
  // Says why a start is not allowed: its caller gets that text as NotAllowed (RP3033), and nothing
  // is recorded. Empty text: it is allowed. Asked about what clients start, about forks, and about
  // each run that a schedule starts; not about resets, about runs that workflow code starts or
  // continues, nor about the engine's own. Called on the callers' threads and on those of the
  // engine, several at once; it must not block, nor call a Client. What it throws refuses the
  // start. Empty: every start is allowed.
  std::function<std::string(const StartAttempt&)> refuse_start{};
  // What the engine counts and measures into; empty: nothing is measured. docs/metrics.md.
  std::shared_ptr<Metrics> metrics{};
  // Where log lines of the engine and of Context::log() go; empty: spdlog's default logger. Foreign
  // text is made printable first: control characters are escaped, and further lines are indented.
  LogSink logger{};
};

// What a worker serves.
struct WorkerOptions {
  // Runs and activities of this task queue.
  std::string task_queue = "default";
  // Threads that execute activities and steps, 1 to 65,536; 0: the engine chooses. Each executes
  // one attempt at a time.
  std::size_t activity_threads = 0;
  // Around its workflows and activities: all hooks but client(). cli(), Replayer and verify() with
  // this worker call them too.
  Interceptors interceptors{};
};

}  // namespace reprise
