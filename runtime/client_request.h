// Requests of clients. Types are erased, payloads encoded, and no type of the store appears.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "event/headers.h"
#include "proto/log.pb.h"
#include "replay/outcome.h"
#include "runtime/activity_limits.h"
#include "runtime/completion_token.h"
#include "runtime/incident.h"
#include "runtime/promise.h"
#include "runtime/reply.h"
#include "runtime/run_description.h"
#include "runtime/run_search.h"
#include "runtime/start_terms.h"

namespace reprise::runtime {

// What may happen when a *closed* run has the workflow id; kUseExisting also applies when a running
// one has it.
enum class IdReuse : std::uint8_t { kAllow, kAllowUnlessCompleted, kReject, kUseExisting };
// What may happen when a *running* one has it.
enum class IdConflict : std::uint8_t { kFail, kUseExisting, kTerminateExisting };

struct FirstSignal {
  std::string name;
  std::string input;
  std::optional<Parent> sender{};  // of a run's message; nullopt: a client's
  event::Headers headers{};
};

// Of a run that another one starts.
struct ChildOf {
  Parent parent;
  proto::ChildScheduled::ParentClose on_parent_close = proto::ChildScheduled::TERMINATE;
  std::uint32_t depth = 1;  // how many runs are above it
};

// See verb::Update.
struct FirstUpdate {
  std::string name;
  std::string input;
  std::string id{};
  Reply<replay::Outcome> reply{};
  Reply<std::string> accepted{};
  // Set by the engine: the newest run with the workflow id has been asked for it.
  bool is_new = false;
  event::Headers headers{};
};

struct StartRequest {
  std::string workflow;
  std::string workflow_id;  // empty: the text of the new run's id
  base::RunId run_id{};     // of the new run; none: the service makes one
  std::string task_queue{};
  std::string input{};
  IdReuse reuse = IdReuse::kAllow;
  IdConflict conflict = IdConflict::kFail;
  StartTerms terms{};
  // Comes right after the start; to an open run with that id it comes instead of a start.
  std::optional<FirstSignal> signal{};
  // Likewise. A closed run that has handled an update with its id answers it, and none is started.
  std::optional<FirstUpdate> update{};
  std::vector<proto::SettingRecorded> settings{};
  std::optional<ChildOf> child_of{};  // set by the service; nullopt: a client asks
  std::string principal{};            // see set_principal()
  // Refused with kNoWorker unless a worker serves the task queue now.
  bool needs_worker = false;
  // The types of which `input` was made; nullptr: unknown. See ArgumentRule.
  const void* argument_types = nullptr;
  event::Headers headers{};
};

// Who waits for the end of a run: threads of a client, or the engine itself, for a parent.
class RunWatch : public Promise<base::Result<RunEnd>> {
 public:
  using Told = std::function<void(const base::Result<RunEnd>&)>;

  RunWatch() = default;
  // `told` is called once, instead, on the thread that sets it.
  explicit RunWatch(Told told) : told_(std::move(told)), for_parent_(true) {}

  void set(base::Result<RunEnd> end) {
    if (!for_parent_) return Promise::set(std::move(end));
    if (const Told told = std::exchange(told_, nullptr)) told(end);
  }
  // It waits for a quarantined run, too: that may be repaired, or terminated.
  bool for_parent() const { return for_parent_; }

 private:
  Told told_;
  bool for_parent_ = false;
};

struct StartedRun {
  std::string workflow_id;
  base::RunId run_id;
  bool existing = false;  // kUseExisting found one, or this request has started it before
};

struct ListRequest {
  std::optional<RunStatus> status{};
  std::string workflow{};  // empty: every type
  std::size_t limit = 1'000;
  bool newest_first = true;
};

// What a run was started with.
struct RunInput {
  std::string workflow;
  std::string task_queue;
  std::string input;
};

// Encoded as in the store.
struct TableRow {
  std::string key;
  std::string value;
};

struct AuditPage;
struct StoredHistory;
struct Troubles;

// One type for each kind of request: its run, its data, and its reply. Those that a client has
// recorded say who asks: `principal`, which the events have too.
namespace verb {

// `watch`, if not null, is set when the run ends (or at once with the error of the start). The
// message of kAlreadyStarted is the run id of the run that has the workflow id; if that run is of
// another workflow, so that kUseExisting cannot return it, a space and the workflow's name follow.
struct Start {
  using Answer = StartedRun;
  StartRequest run;
  std::shared_ptr<RunWatch> watch{};
  Reply<Answer> reply{};
};

struct Watch {
  RunKey key;
  std::shared_ptr<RunWatch> watch;
};

// Nobody waits for it any more, so a run that waits for months need not keep it.
struct Unwatch {
  RunKey key;
  std::shared_ptr<RunWatch> watch;
};

struct Signal {
  using Answer = void;
  RunKey key;
  std::string name;
  std::string input{};
  Reply<Answer> reply{};
  // For a sender that does not know the signal's type: kSignalUnreadable, and nothing is recorded,
  // when the run is in memory and its code is known to read that signal as a type that the input
  // does not have.
  bool checked = false;
  std::string principal{};
  event::Headers headers{};
};

struct Query {
  using Answer = std::string;
  RunKey key;
  std::string name;
  std::string input{};
  Reply<Answer> reply{};
};

// An update that the run's code rejects leaves no trace, and its answer is the failure. While no
// code can run, it waits in memory: nothing is confirmed before it is recorded. kUpdateConflict,
// kUpdateCheck, kUpdateUnfinished, kUpdateForgotten.
struct Update {
  using Answer = replay::Outcome;
  RunKey key;
  std::string name;
  std::string input{};
  Reply<Answer> reply{};
  // Updates with the same id that one chain gets are one update: handled once, and each is
  // answered. Empty: the service makes an id.
  std::string id{};
  Reply<std::string> accepted{};  // told the id once the update is durable, before `reply`
  std::string principal{};
  event::Headers headers{};
};

struct Cancel {
  using Answer = void;
  RunKey key;
  std::string reason{};
  Reply<Answer> reply{};
  std::string principal{};
};

struct Terminate {
  using Answer = void;
  RunKey key;
  std::string reason{};
  Reply<Answer> reply{};
  std::string principal{};
};

// No code of the run runs until it is resumed; see proto::RunPaused. One that is paused gets the
// new reason.
struct Pause {
  using Answer = void;
  RunKey key;
  std::string reason{};
  Reply<Answer> reply{};
  std::string principal{};
};

// kRunNotPaused.
struct Resume {
  using Answer = void;
  RunKey key;
  std::string reason{};
  Reply<Answer> reply{};
  std::string principal{};
};

// Another run goes on from the beginning of the turn of that event, and this one ends if it has not
// ended. kNoSuchEvent, kCannotReset, kRowsStay, kNothingFailed; kAlreadyStarted if another open run
// has the workflow id.
struct Reset {
  using Answer = StartedRun;
  RunKey key;
  std::uint64_t event = 0;  // of its history, from 1; 0: where it began to fail
  proto::RunReset::Reapply reapply = proto::RunReset::SIGNALS;
  bool rows_stay = false;  // transactions after the event are accepted: they are executed again
  std::string reason{};
  Reply<Answer> reply{};
  std::string principal{};
  base::RunId new_run{};  // none: the service makes one
};

// The same with another workflow id, and this run goes on. kForkResult; kAlreadyStarted.
struct Fork {
  using Answer = StartedRun;
  RunKey key;
  std::uint64_t event = 0;  // 0: the first of the operations whose results are given
  std::string id{};         // of the new run; empty: the text of its run id
  std::map<std::uint32_t, std::string> results{};  // by operation
  bool rows_stay = false;
  std::string reason{};
  Reply<Answer> reply{};
  std::string principal{};
  base::RunId new_run{};
};

// What the run was started with.
struct ReadInput {
  using Answer = RunInput;
  RunKey key;
  Reply<Answer> reply{};
};

// Tries a parked run again, also one that was set aside (kPoisoned).
struct Retry {
  using Answer = void;
  RunKey key;
  Reply<Answer> reply{};
  std::string principal{};
};

// These name an attempt by its token. kInvalidToken, kCompletionLate, kAlreadyCompleted.
struct Complete {
  using Answer = void;
  std::string token;
  std::string result{};
  Reply<Answer> reply{};
  AttemptRef attempt{};  // set by the service, once it has verified the token
  std::string principal{};
};

struct Fail {
  using Answer = void;
  std::string token;
  proto::Failure failure;
  Reply<Answer> reply{};
  AttemptRef attempt{};  // likewise
  std::string principal{};
};

struct Heartbeat {
  using Answer = void;
  std::string token;
  std::string details{};  // empty: none
  Reply<Answer> reply{};
  AttemptRef attempt{};  // likewise
  std::string principal{};
};

// What a run publishes under a name; nullopt: nothing.
struct Get {
  using Answer = std::optional<proto::SettingRecorded>;
  RunKey key;
  std::string name;
  Reply<Answer> reply{};
};

struct Describe {
  using Answer = RunDescription;
  RunKey key;
  Reply<Answer> reply{};
};

struct List {
  using Answer = std::vector<RunDescription>;
  ListRequest filter;
  Reply<Answer> reply{};
};

// The first half of the two questions after this one: the runs that the archive does not have as
// they are. Those two read the archive on the caller's thread, so that no shard waits for it.
// kFilter.
struct RecentRuns {
  using Answer = std::shared_ptr<const runtime::RecentRuns>;
  std::string filter;
  std::string group_by{};  // see CountRequest
  Reply<Answer> reply{};
};

// A page of the runs that match a filter. kFilter, kPageToken, kInvalidOption.
struct FindRuns {
  using Answer = FoundRuns;
  FindRequest find;
  std::shared_ptr<const runtime::RecentRuns> recent;  // for this filter
  Reply<Answer> reply{};
};

// How many runs match a filter. kFilter.
struct CountRuns {
  using Answer = RunCounts;
  CountRequest count;
  std::shared_ptr<const runtime::RecentRuns> recent;
  Reply<Answer> reply{};
};

// The turns of a run's history in order, serialized proto::Turn each.
struct History {
  using Answer = std::vector<std::string>;
  RunKey key;
  Reply<Answer> reply{};
};

// Some rows of a table, in the order of their keys, all from one moment: from `from` on and before
// `to` (nullopt: to the end), at most `limit`, and not many more than fit into a payload.
struct ReadRows {
  using Answer = std::vector<TableRow>;
  std::string table;
  std::string from{};
  std::optional<std::string> to{};
  std::size_t limit = 1;
  Reply<Answer> reply{};
};

// What the limits of the workers' activities do now, by task queue and name.
struct Limits {
  using Answer = std::vector<LimitState>;
  Reply<Answer> reply{};
};

// The first half of Explain: the runs with which something is wrong. An activity counts from this
// many failed attempts on.
struct FindTroubles {
  using Answer = std::shared_ptr<const runtime::Troubles>;
  std::uint32_t failures = 1;
  Reply<Answer> reply{};
};

// What is wrong with these runs, and which breakers are open. Reads histories on the caller's
// thread.
struct Explain {
  using Answer = std::vector<Incident>;
  std::shared_ptr<const runtime::Troubles> troubles;
  std::size_t limit = 0;  // of runs; 0: none
  Reply<Answer> reply{};
};

// The first half of Audit: the history of the run as far as it is known now, all of it durable.
struct FindHistory {
  using Answer = std::shared_ptr<const runtime::StoredHistory>;
  RunKey key;
  Reply<Answer> reply{};
};

// The newest entries of its audit trail, read on the caller's thread. kStoreDamaged.
struct Audit {
  using Answer = std::shared_ptr<const runtime::AuditPage>;
  std::shared_ptr<const runtime::StoredHistory> history;
  std::size_t limit = 100;
  std::uint64_t before = 0;  // entries of events with smaller numbers; 0: of all
  bool technical = false;    // also of what nobody has to answer for
  Reply<Answer> reply{};
};

}  // namespace verb

using ClientRequest = std::variant<verb::Start,
                                   verb::Watch,
                                   verb::Unwatch,
                                   verb::Signal,
                                   verb::Query,
                                   verb::Update,
                                   verb::Cancel,
                                   verb::Terminate,
                                   verb::Pause,
                                   verb::Resume,
                                   verb::Reset,
                                   verb::Fork,
                                   verb::ReadInput,
                                   verb::Retry,
                                   verb::Complete,
                                   verb::Fail,
                                   verb::Heartbeat,
                                   verb::Get,
                                   verb::Describe,
                                   verb::List,
                                   verb::RecentRuns,
                                   verb::FindRuns,
                                   verb::CountRuns,
                                   verb::History,
                                   verb::ReadRows,
                                   verb::Limits,
                                   verb::FindTroubles,
                                   verb::Explain,
                                   verb::FindHistory,
                                   verb::Audit>;

// Says who asks, in requests that record it.
template <class Verb>
void set_principal(const std::string& principal, Verb* asked) {
  if constexpr (requires { asked->run.principal; }) asked->run.principal = principal;
  if constexpr (requires { asked->principal; }) asked->principal = principal;
}

// Answers the waiting caller of a request with a refusal.
template <class Verb>
void refuse(const Verb& asked, const base::Error& why) {
  if constexpr (requires { asked.watch; }) {
    if (asked.watch != nullptr) asked.watch->set(why);
  }
  if constexpr (requires { asked.run.update; }) {
    if (asked.run.update) asked.run.update->reply(why);
  }
  if constexpr (requires { asked.reply; }) asked.reply(why);
}
inline void refuse(const verb::Unwatch& /*nobody waits*/, const base::Error& /*why*/) {}

}  // namespace reprise::runtime
