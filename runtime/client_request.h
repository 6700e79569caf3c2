// Requests of clients. Types are erased, payloads encoded, and no type of the store appears.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "proto/log.pb.h"
#include "replay/outcome.h"
#include "runtime/completion_token.h"
#include "runtime/promise.h"
#include "runtime/reply.h"
#include "runtime/run_description.h"

namespace reprise::runtime {

// What may happen when a *closed* run has the workflow id; kUseExisting also applies when a running
// one has it.
enum class IdReuse : std::uint8_t { kAllow, kAllowUnlessCompleted, kReject, kUseExisting };
// What may happen when a *running* one has it.
enum class IdConflict : std::uint8_t { kFail, kUseExisting, kTerminateExisting };

struct FirstSignal {
  std::string name;
  std::string input;
};

struct StartRequest {
  std::string workflow;
  std::string workflow_id;  // empty: the text of the new run's id
  base::RunId run_id{};     // of the new run; none: the service makes one
  std::string task_queue{};
  std::string input{};
  IdReuse reuse = IdReuse::kAllow;
  IdConflict conflict = IdConflict::kFail;
  base::Duration run_timeout{0};  // 0: none
  // Comes right after the start; to an open run with that id it comes instead of a start.
  std::optional<FirstSignal> signal{};
  std::vector<proto::SettingRecorded> settings{};
};

using RunWatch = Promise<base::Result<RunEnd>>;

struct StartedRun {
  std::string workflow_id;
  base::RunId run_id;
  bool existing = false;  // kUseExisting found one
};

struct ListRequest {
  std::optional<RunStatus> status{};
  std::string workflow{};  // empty: every type
  std::size_t limit = 1'000;
  bool newest_first = true;
};

// One type for each kind of request: its run, its data, and its reply.
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
};

struct Query {
  using Answer = std::string;
  RunKey key;
  std::string name;
  std::string input{};
  Reply<Answer> reply{};
};

struct Update {
  using Answer = replay::Outcome;
  RunKey key;
  std::string name;
  std::string input{};
  Reply<Answer> reply{};
};

struct Cancel {
  using Answer = void;
  RunKey key;
  std::string reason{};
  Reply<Answer> reply{};
};

struct Terminate {
  using Answer = void;
  RunKey key;
  std::string reason{};
  Reply<Answer> reply{};
};

// Tries a parked run again, also one that was set aside (kPoisoned).
struct Retry {
  using Answer = void;
  RunKey key;
  Reply<Answer> reply{};
};

// These name an attempt by its token. kInvalidToken, kCompletionLate, kAlreadyCompleted.
struct Complete {
  using Answer = void;
  std::string token;
  std::string result{};
  Reply<Answer> reply{};
  AttemptRef attempt{};  // set by the service, once it has verified the token
};

struct Fail {
  using Answer = void;
  std::string token;
  proto::Failure failure;
  Reply<Answer> reply{};
  AttemptRef attempt{};  // likewise
};

struct Heartbeat {
  using Answer = void;
  std::string token;
  std::string details{};  // empty: none
  Reply<Answer> reply{};
  AttemptRef attempt{};  // likewise
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

// The turns of a run's history in order, serialized proto::Turn each.
struct History {
  using Answer = std::vector<std::string>;
  RunKey key;
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
                                   verb::Retry,
                                   verb::Complete,
                                   verb::Fail,
                                   verb::Heartbeat,
                                   verb::Get,
                                   verb::Describe,
                                   verb::List,
                                   verb::History>;

// Answers the waiting caller of a request with a refusal.
template <class Verb>
void refuse(const Verb& asked, const base::Error& why) {
  if constexpr (requires { asked.watch; }) {
    if (asked.watch != nullptr) asked.watch->set(why);
  }
  if constexpr (requires { asked.reply; }) asked.reply(why);
}
inline void refuse(const verb::Unwatch& /*nobody waits*/, const base::Error& /*why*/) {}

}  // namespace reprise::runtime
