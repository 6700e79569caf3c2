// What clients ask an engine for: looked at, let in, and handed to the shard of the run.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include "base/utf8.h"
#include "runtime/engine/embedded_engine.h"
#include "runtime/engine/limits.h"
#include "runtime/engine/listing.h"

namespace reprise::runtime {

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

template <class Result>
bool EmbeddedEngine::refuse(const RunKey& key,
                            std::string_view name,
                            std::string_view input,
                            const Reply<Result>& reply) const {
  base::Status checked = check_request(key.workflow_id, name, input);
  if (checked) checked = usable();
  if (checked) return false;
  reply(checked.error());
  return true;
}

// Without room in the store a request is refused here, before it waits for others to be answered.
base::Status EmbeddedEngine::enter(Admission::Kind kind, std::size_t bytes) {
  if (kind != Admission::Kind::kQuestion && shared_.space.full()) return shared_.space.refusal();
  return shared_.admission.enter(kind, bytes);
}

template <class Result>
bool EmbeddedEngine::admit(Admission::Kind kind, std::size_t bytes, Reply<Result>* reply) {
  if (const base::Status room = enter(kind, bytes); !room) {
    (*reply)(room.error());
    return false;
  }
  *reply = shared_.admission.answered(kind, bytes, std::move(*reply));
  return true;
}

// Requests that were accepted are kept while the store has no room, their callers not for ever.
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

void EmbeddedEngine::start(StartRequest request,
                           std::shared_ptr<RunWatch> watch,
                           Reply<StartedRun> reply) {
  if (request.workflow_id.empty()) {
    if (request.run_id == base::RunId()) request.run_id = shared_.ids.next(shared_.clock.now());
    request.workflow_id = request.run_id.to_string();
  }
  if (request.task_queue.empty()) request.task_queue = kDefaultTaskQueue;
  const Reply<StartedRun> refused = [&](const base::Result<StartedRun>& why) {
    if (watch != nullptr) watch->set(why.error());
    reply(why);
  };
  if (refuse({request.workflow_id, {}}, request.workflow, request.input, refused)) return;
  for (const auto& [what, id] : {std::pair("the workflow id", &request.workflow_id),
                                 std::pair("task_queue", &request.task_queue)}) {
    if (const base::Status valid = check_id(what, *id); !valid) return refused(valid.error());
  }
  const std::size_t bytes = request.input.size();
  if (const base::Status room = enter(Admission::Kind::kStart, bytes); !room) {
    return refused(room.error());
  }
  reply = shared_.admission.answered(Admission::Kind::kStart, bytes, std::move(reply));
  Shard& shard = shard_of(request.workflow_id);
  shard.post([&shard, request = std::move(request), watch = std::move(watch),
              reply = std::move(reply)]() mutable {
    shard.starts().start(std::move(request), std::move(watch), std::move(reply));
  });
}

void EmbeddedEngine::watch(RunKey key, std::shared_ptr<RunWatch> watch) {
  const Reply<void> refused = [&](const base::Status& why) { watch->set(why.error()); };
  if (refuse(key, "watch", {}, refused)) return;
  Shard& shard = shard_of(key.workflow_id);
  shard.post([&shard, key = std::move(key), watch = std::move(watch)] {
    shard.starts().watch(key, watch);
  });
}

void EmbeddedEngine::unwatch(RunKey key, std::shared_ptr<RunWatch> watch) {
  if (!usable()) return;
  Shard& shard = shard_of(key.workflow_id);
  shard.post([&shard, key = std::move(key), watch = std::move(watch)] {
    shard.starts().unwatch(key, watch);
  });
}

void EmbeddedEngine::signal(RunKey key, std::string name, std::string input, Reply<void> reply) {
  if (refuse(key, name, input, reply)) return;
  if (!admit(Admission::Kind::kWrite, input.size(), &reply)) return;
  Shard& shard = shard_of(key.workflow_id);
  shard.post([&shard, key = std::move(key), name = std::move(name), input = std::move(input),
              reply = std::move(reply)]() mutable {
    shard.requests().signal(key, std::move(name), std::move(input), std::move(reply));
  });
}

void EmbeddedEngine::signal_checked(RunKey key,
                                    std::string name,
                                    std::string input,
                                    Reply<void> reply) {
  if (refuse(key, name, input, reply)) return;
  if (!admit(Admission::Kind::kWrite, input.size(), &reply)) return;
  Shard& shard = shard_of(key.workflow_id);
  shard.post([&shard, key = std::move(key), name = std::move(name), input = std::move(input),
              reply = std::move(reply)]() mutable {
    if (const base::Status read = shard.requests().may_signal(key, name, input); !read) {
      return reply(read.error());
    }
    shard.requests().signal(key, std::move(name), std::move(input), std::move(reply));
  });
}

void EmbeddedEngine::query(RunKey key,
                           std::string name,
                           std::string input,
                           Reply<std::string> reply) {
  if (refuse(key, name, input, reply)) return;
  if (!admit(Admission::Kind::kQuestion, 0, &reply)) return;
  Shard& shard = shard_of(key.workflow_id);
  shard.post([&shard, key = std::move(key), name = std::move(name), input = std::move(input),
              reply = std::move(reply)] { shard.questions().query(key, name, input, reply); });
}

void EmbeddedEngine::update(RunKey key,
                            std::string name,
                            std::string input,
                            Reply<replay::Outcome> reply) {
  if (refuse(key, name, input, reply)) return;
  const std::size_t bytes = input.size();
  if (const base::Status room = enter(Admission::Kind::kWrite, bytes); !room) {
    return reply(room.error());
  }
  Shard& shard = shard_of(key.workflow_id);
  shard.post([this, &shard, bytes, key = std::move(key), name = std::move(name),
              input = std::move(input), reply = std::move(reply)]() mutable {
    // A handler may take days to answer; the request has found its place in the run by then.
    shared_.admission.leave(Admission::Kind::kWrite, bytes);
    shard.requests().update(key, std::move(name), std::move(input), reply);
  });
}

void EmbeddedEngine::cancel(RunKey key, std::string reason, Reply<void> reply) {
  if (refuse(key, "cancel", reason, reply)) return;
  if (!admit(Admission::Kind::kEnd, reason.size(), &reply)) return;
  reason = base::to_text(std::move(reason));
  Shard& shard = shard_of(key.workflow_id);
  shard.post([&shard, key = std::move(key), reason = std::move(reason), reply = std::move(reply)] {
    shard.requests().cancel(key, reason, reply);
  });
}

void EmbeddedEngine::terminate(RunKey key, std::string reason, Reply<void> reply) {
  if (refuse(key, "terminate", reason, reply)) return;
  if (!admit(Admission::Kind::kEnd, reason.size(), &reply)) return;
  reason = base::to_text(std::move(reason));
  Shard& shard = shard_of(key.workflow_id);
  shard.post([&shard, key = std::move(key), reason = std::move(reason), reply = std::move(reply)] {
    shard.requests().terminate(key, reason, reply);
  });
}

void EmbeddedEngine::retry(RunKey key, Reply<void> reply) {
  if (refuse(key, "retry", {}, reply)) return;
  if (!admit(Admission::Kind::kEnd, 0, &reply)) return;
  Shard& shard = shard_of(key.workflow_id);
  shard.post([&shard, key = std::move(key), reply = std::move(reply)] {
    shard.requests().retry(key, reply);
  });
}

void EmbeddedEngine::describe(RunKey key, Reply<RunDescription> reply) {
  if (refuse(key, "describe", {}, reply)) return;
  if (!admit(Admission::Kind::kQuestion, 0, &reply)) return;
  Shard& shard = shard_of(key.workflow_id);
  shard.post([&shard, key = std::move(key), reply = std::move(reply)] {
    shard.questions().describe(key, reply);
  });
}

void EmbeddedEngine::history(RunKey key, Reply<std::vector<std::string>> reply) {
  if (refuse(key, "history", {}, reply)) return;
  if (!admit(Admission::Kind::kQuestion, 0, &reply)) return;
  Shard& shard = shard_of(key.workflow_id);
  shard.post([&shard, key = std::move(key), reply = std::move(reply)] {
    shard.questions().history(key, reply);
  });
}

void EmbeddedEngine::list(ListRequest request, Reply<std::vector<RunDescription>> reply) {
  if (const base::Status here = usable(); !here) return reply(here.error());
  if (!admit(Admission::Kind::kQuestion, 0, &reply)) return;
  const auto listing =
      std::make_shared<Listing>(shared_, std::move(request), shards_.size(), std::move(reply));
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
