// Requests of clients: checked, admitted, and passed to the shard of the run.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/printable_text.h"
#include "base/reserved.h"
#include "base/utf8.h"
#include "runtime/engine/embedded_engine.h"
#include "runtime/engine/limits.h"
#include "runtime/engine/listing.h"
#include "runtime/engine/verb_rules.h"

namespace reprise::runtime {
namespace {

// On the shard's thread.
void deliver(Shard& shard, verb::Start&& asked) {
  shard.starts().start(std::move(asked.run), std::move(asked.watch), std::move(asked.reply));
}
void deliver(Shard& shard, const verb::Watch& asked) {
  shard.starts().watch(asked.key, asked.watch);
}
void deliver(Shard& shard, const verb::Unwatch& asked) {
  shard.starts().unwatch(asked.key, asked.watch);
}
void deliver(Shard& shard, verb::Signal&& asked) {
  if (asked.checked) {
    const base::Status read = shard.requests().may_signal(asked.key, asked.name, asked.input);
    if (!read) return asked.reply(read.error());
  }
  shard.requests().signal(asked.key, std::move(asked.name), std::move(asked.input),
                          std::move(asked.reply), std::move(asked.principal),
                          std::move(asked.headers));
}
void deliver(Shard& shard, const verb::Query& asked) {
  shard.questions().query(asked.key, asked.name, asked.input, asked.reply);
}
void deliver(Shard& shard, verb::Update&& asked) {
  shard.updates().take(std::move(asked));
}
void deliver(Shard& shard, verb::Cancel&& asked) {
  shard.requests().cancel(asked.key, std::move(asked.reason), std::move(asked.reply),
                          std::move(asked.principal));
}
void deliver(Shard& shard, verb::Terminate&& asked) {
  shard.requests().terminate(asked.key, std::move(asked.reason), std::move(asked.reply),
                             std::move(asked.principal));
}
void deliver(Shard& shard, const verb::Pause& asked) {
  shard.requests().pause(asked);
}
void deliver(Shard& shard, const verb::Resume& asked) {
  shard.requests().resume(asked);
}
void deliver(Shard& shard, verb::Reset&& asked) {
  shard.resets().reset(std::make_shared<const verb::Reset>(std::move(asked)));
}
void deliver(Shard& shard, verb::Fork&& asked) {
  shard.resets().fork(std::make_shared<const verb::Fork>(std::move(asked)));
}
void deliver(Shard& shard, const verb::ReadInput& asked) {
  shard.questions().read_input(asked.key, asked.reply);
}
void deliver(Shard& shard, const verb::Retry& asked) {
  shard.requests().retry(asked.key, asked.reply, asked.principal);
}
void deliver(Shard& shard, verb::Complete&& asked) {
  shard.completions().complete(asked.attempt, std::move(asked.result), asked.reply,
                               asked.principal);
}
void deliver(Shard& shard, const verb::Fail& asked) {
  shard.completions().fail(asked.attempt, asked.failure, asked.reply, asked.principal);
}
void deliver(Shard& shard, verb::Heartbeat&& asked) {
  shard.completions().heartbeat(asked.attempt, std::move(asked.details), asked.reply,
                                asked.principal);
}
void deliver(Shard& shard, const verb::Get& asked) {
  shard.questions().get(asked.key, asked.name, asked.reply);
}
void deliver(Shard& shard, const verb::Describe& asked) {
  shard.questions().describe(asked.key, asked.reply);
}
void deliver(Shard& shard, const verb::History& asked) {
  shard.questions().history(asked.key, asked.reply);
}
void deliver(Shard& shard, const verb::FindHistory& asked) {
  shard.questions().find_history(asked.key, asked.reply);
}

}  // namespace

Shard& EmbeddedEngine::shard_of(std::string_view workflow_id) {
  return *shards_[base::hash64(workflow_id) % shards_.size()];
}

base::Status EmbeddedEngine::usable() const {
  if (forked()) {
    return base::Error{base::ErrorCode::kForked,
                       "this process was forked from the one that opened the engine, whose threads "
                       "stayed there; open an engine after the fork, or ask the parent"};
  }
  if (stopping_) return base::Error{base::ErrorCode::kStoreClosed, "the engine is closing"};
  return {};
}

// Without room in the store a request is refused here, before it waits for others to be answered.
base::Status EmbeddedEngine::enter(Admission::Kind kind, std::size_t bytes) {
  if (kind != Admission::Kind::kQuestion && shared_.space.full()) return shared_.space.refusal();
  return shared_.admission.enter(kind, bytes);
}

// While the store has no room accepted requests are kept, but their callers do not wait for ever.
base::Status EmbeddedEngine::await_answer(
    base::FunctionRef<bool()> ready,
    base::FunctionRef<bool(std::optional<base::Duration>)> block,
    const std::stop_token& stop) {
  if (!shared_.options.threaded) return Engine::await_answer(ready, block, stop);
  constexpr base::Duration kLeast{10};
  constexpr base::Duration kMost{1'000};
  const base::Duration patience = shared_.options.limits.overload_wait;
  const auto asked = std::chrono::steady_clock::now();
  while (!block(std::clamp(patience, kLeast, kMost)) && !stop.stop_requested()) {
    auto why = shared_.space.patience_ended(asked, patience);
    if (why && !ready()) return std::move(*why);
  }
  return {};
}

// ---- requests ---------------------------------------------------------------------------------

void EmbeddedEngine::ask(ClientRequest request) {
  std::visit([this](auto& asked) { take(asked); }, request);
}

template <class Verb>
void EmbeddedEngine::take(Verb& asked) {
  if (const base::Status known = complete(asked); !known) return refuse(asked, known.error());
  if (const base::Status good = look_at(asked); !good) return refuse(asked, good.error());
  if (const base::Status room = let_in(asked); !room) return refuse(asked, room.error());
  hand_over(std::move(asked));
}

// Sets what the client has left to the engine, such as what its token stands for.
template <class Verb>
base::Status EmbeddedEngine::complete(Verb& asked) {
  if constexpr (std::is_same_v<Verb, verb::Start>) {
    StartRequest& run = asked.run;
    if (run.workflow_id.empty()) {
      if (!run.terms.request_id.empty()) {
        return base::Error{base::ErrorCode::kInvalidOption,
                           "a start with a request_id needs a workflow id: it is recognised among "
                           "the runs of that id"};
      }
      if (run.run_id == base::RunId()) run.run_id = shared_.ids.next(shared_.clock.now());
      run.workflow_id = run.run_id.to_string();
    }
    if (run.task_queue.empty()) run.task_queue = kDefaultTaskQueue;
  }
  if constexpr (requires { asked.new_run; }) {
    if (asked.new_run == base::RunId()) asked.new_run = shared_.ids.next(shared_.clock.now());
  }
  if constexpr (std::is_same_v<Verb, verb::Fork>) {
    if (asked.id.empty()) asked.id = asked.new_run.to_string();
  }
  if constexpr (requires { asked.token; }) {
    auto named = shared_.tokens.verify(asked.token);
    if (!named) return named.error();
    asked.attempt = std::move(*named);
  }
  return {};
}

template <class Verb>
constexpr bool asks_of_many =
    std::is_same_v<Verb, verb::List> || std::is_same_v<Verb, verb::RecentRuns> ||
    std::is_same_v<Verb, verb::FindRuns> || std::is_same_v<Verb, verb::CountRuns> ||
    std::is_same_v<Verb, verb::Limits> || std::is_same_v<Verb, verb::FindTroubles> ||
    std::is_same_v<Verb, verb::Explain> || std::is_same_v<Verb, verb::Audit>;

// Operators do not change how the engine's own runs go on: a schedule has calls of its own.
base::Status check_not_own(std::string_view what, std::string_view workflow_id) {
  if (!base::is_reserved(workflow_id)) return {};
  return base::Error{base::ErrorCode::kReservedName,
                     std::string(what) + " '" + base::printable_text(workflow_id) +
                         "' belongs to a run of the engine's own, which is not paused, reset or "
                         "forked"};
}

template <class Verb>
constexpr bool repairs = std::is_same_v<Verb, verb::Pause> || std::is_same_v<Verb, verb::Reset> ||
                         std::is_same_v<Verb, verb::Fork>;

template <class Verb>
base::Status EmbeddedEngine::look_at(const Verb& asked) const {
  base::Status good;
  if constexpr (std::is_same_v<Verb, verb::ReadRows>) {
    good = check_table_name(asked.table);
  } else if constexpr (!asks_of_many<Verb>) {
    const VerbText text = text_of(asked);
    good = check_request(text.workflow_id, text.name, text.payload);
  }
  if constexpr (requires { asked.principal; }) {
    if (good) good = check_principal(asked.principal);
  }
  if (good) good = usable();
  if constexpr (std::is_same_v<Verb, verb::Start>) {
    if (good) good = check_id("the workflow id", asked.run.workflow_id);
    if (good) good = check_id("task_queue", asked.run.task_queue);
    if (good) good = check_principal(asked.run.principal);
    if (const auto& signal = asked.run.signal; good && signal) {
      good = check_request(asked.run.workflow_id, signal->name, signal->input);
    }
    if (const auto& update = asked.run.update; good && update) {
      good = check_request(asked.run.workflow_id, update->name, update->input);
      if (good && !update->id.empty()) good = check_id("the update's id", update->id);
    }
    if (good) good = check_settings(asked.run.settings, shared_.options.limits);
    if (good) good = check_terms(asked.run.terms);
    if (good) good = check_allowed(asked.run, shared_.options);
  }
  if constexpr (repairs<Verb>) {
    if (good) good = check_not_own("the workflow id", asked.key.workflow_id);
  }
  if constexpr (std::is_same_v<Verb, verb::Fork>) {
    if (good) good = check_id("the fork's workflow id", asked.id);
    if (good) good = check_not_own("the fork's workflow id", asked.id);
    for (const auto& [id, result] : asked.results) {
      if (good) good = check_request(asked.key.workflow_id, "result", result);
    }
  }
  if constexpr (std::is_same_v<Verb, verb::Update>) {
    if (good && !asked.id.empty()) good = check_id("the update's id", asked.id);
  }
  return good;
}

template <class Verb>
base::Status EmbeddedEngine::let_in(Verb& asked) {
  constexpr VerbRule kRule = kVerbRule<Verb>;
  static_assert(!kRule.name.empty(), "a verb has its rule");
  if constexpr (kRule.kind.has_value()) {
    const std::size_t bytes = counted_bytes(asked);
    if (base::Status room = enter(*kRule.kind, bytes); !room) return room;
    if constexpr (!kRule.leaves_when_taken) {
      asked.reply = shared_.admission.answered(*kRule.kind, bytes, std::move(asked.reply));
    }
  }
  if constexpr (requires { asked.reason; }) asked.reason = base::to_text(std::move(asked.reason));
  return {};
}

template <class Verb>
void EmbeddedEngine::hand_over(Verb&& asked) {
  static_assert(!std::is_reference_v<Verb>, "it is moved from");
  Shard& shard = shard_of(text_of(asked).workflow_id);
  shard.post([this, &shard, asked = std::move(asked)]() mutable {
    count_taken(asked);
    deliver(shard, std::move(asked));
  });
}

template <class Verb>
void EmbeddedEngine::count_taken([[maybe_unused]] const Verb& asked) {
  constexpr VerbRule kRule = kVerbRule<Verb>;
  if constexpr (kRule.leaves_when_taken) {
    shared_.admission.leave(*kRule.kind, counted_bytes(asked));
  }
}

// Every shard has some of the runs.
void EmbeddedEngine::hand_over(verb::List&& asked) {
  const auto listing = std::make_shared<Listing>(shared_, std::move(asked.filter), shards_.size(),
                                                 std::move(asked.reply));
  for (auto& shard : shards_) {
    shard->post([shard = shard.get(), listing] {
      const auto runs = std::make_shared<std::map<store::RunNumber, RunDescription>>();
      shard->questions().collect(listing->request(), runs.get());
      shard->round().tell_when_recorded([listing, runs] { listing->add(std::move(*runs)); });
    });
  }
}

void EmbeddedEngine::serve_control(const std::string& directory) {
  auto server = ControlServer::open(directory, *this);
  base::Status serves;
  if (server) {
    control_ = std::move(*server);
    serves = control_->start();
  } else {
    serves = server.error();
  }
  if (serves) return;
  control_ = nullptr;
  shared_.log(LogLevel::kWarning,
              serves.error().text() +
                  "; reprise signal, cancel, terminate, retry, query and update "
                  "will not reach this engine");
}

}  // namespace reprise::runtime
