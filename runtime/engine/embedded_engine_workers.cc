// Workers of an engine, and the attempts that they make.
#include <algorithm>
#include <thread>
#include <utility>

#include "base/ids.h"
#include "base/printable_text.h"
#include "runtime/engine/embedded_engine_session.h"
#include "runtime/engine/limits.h"

namespace reprise::runtime {
namespace {

// Activities mostly wait for something else, so there are more threads than cores.
std::size_t default_activity_threads() {
  return std::max<std::size_t>(8, std::size_t{4} * std::thread::hardware_concurrency());
}

}  // namespace

// ---- attempts ---------------------------------------------------------------------------------

std::uint64_t EmbeddedEngine::started(const AttemptKey& key) {
  return shared_.store->attempt_slots().take({key.run, key.operation, key.attempt});
}

void EmbeddedEngine::finished(AttemptResult&& result) {
  Shard& shard = *shards_[static_cast<std::size_t>(result.key.shard)];
  shared_.unrecorded.add();
  shard.finished(std::move(result));
}

void EmbeddedEngine::heartbeat(const AttemptKey& key, std::string details) {
  if (details.empty()) return;  // the pool keeps the deadline
  Shard& shard = *shards_[static_cast<std::size_t>(key.shard)];
  shard.post(
      [&shard, key, details = std::move(details)] { shard.attempts().heartbeat(key, details); });
}

void EmbeddedEngine::timed_out(const AttemptKey& key, std::string_view limit) {
  Shard& shard = *shards_[static_cast<std::size_t>(key.shard)];
  shard.post([&shard, key, limit = std::string(limit)] { shard.attempts().timed_out(key, limit); });
}

// A run that waits for it looks normal: nothing else would show that the implementation is missing.
void EmbeddedEngine::unknown_activity(std::string_view why) {
  shared_.log(LogLevel::kWarning, std::string(why) + "; its attempts fail and are made again");
}

void EmbeddedEngine::breaker_moved(std::string_view what) {
  shared_.log(LogLevel::kWarning, what);
}

base::Result<std::string> EmbeddedEngine::token_of(const AttemptTask& task) {
  return shared_.tokens.make({.run = {task.activity->workflow_id, task.activity->run_id},
                              .operation = task.key.operation,
                              .attempt = task.key.attempt});
}

// ---- workers ----------------------------------------------------------------------------------

bool EmbeddedEngine::run_attempt(Session& session) {
  return session.pool().run_one();
}

base::Result<std::unique_ptr<WorkerSession>> EmbeddedEngine::register_worker(WorkerCode worker) {
  if (forked()) return usable().error();
  if (worker.task_queue.empty()) worker.task_queue = kDefaultTaskQueue;
  const auto code = std::make_shared<const WorkerCode>(std::move(worker));
  std::size_t threads = 0;
  if (shared_.options.threaded) {
    threads = code->activity_threads > 0 ? code->activity_threads : default_activity_threads();
  }
  auto session = std::make_unique<Session>(*this, code, threads);
  if (const base::Status& started = session->pool().started(); !started) return started.error();
  if (!shared_.task_queues.attach(code->task_queue, &session->pool())) {
    return base::Error{base::ErrorCode::kInvalidOption,
                       "another worker of this process serves task queue '" + code->task_queue +
                           "'; give this one a queue of its own or add its code to the other"};
  }
  {
    std::lock_guard lock(sessions_mutex_);
    sessions_.push_back(session.get());
    session->pool().pause(shared_.space.full());
  }
  tell_what_is_recorded_first(*code);
  on_every_shard([code](Shard& shard) { shard.workers().add(code); });
  return std::unique_ptr<WorkerSession>(std::move(session));
}

// Otherwise nobody would know why these starts take one more turn than others.
void EmbeddedEngine::tell_what_is_recorded_first(const WorkerCode& code) const {
  const store::TurnMarks* const marks = shared_.store->turn_marks();
  if (marks == nullptr) return;
  for (const auto& [workflow, how] : code.workflows) {
    if (!marks->ends_processes_at_start(base::hash64(workflow))) continue;
    shared_.log(LogLevel::kWarning,
                "workflow '" + base::printable_text(workflow) +
                    "': its code has ended a process in the first turn of a run, so its starts are "
                    "recorded before their code runs, which takes a turn more, until another build "
                    "of the program comes");
  }
}

bool EmbeddedEngine::has_workers() const {
  const std::lock_guard lock(sessions_mutex_);
  return !sessions_.empty();
}

void EmbeddedEngine::unregister(Session& session) {
  {
    std::lock_guard lock(sessions_mutex_);
    if (std::erase(sessions_, &session) == 0) return;  // it never got the queue
  }
  shared_.task_queues.detach(session.queue());
  auto not_begun = session.pool().shut_down();
  shared_.task_queues.put_back(session.queue(), not_begun);
  on_every_shard([queue = session.queue()](Shard& shard) { shard.workers().remove(queue); });
  shared_.task_queues.free(session.queue());
}

// Returns when each shard has done it.
void EmbeddedEngine::on_every_shard(const std::function<void(Shard&)>& act) {
  if (!shared_.options.threaded) {
    for (auto& shard : shards_) {
      (void)shard->take_mail();  // results of a worker that stops come before its stop
      act(*shard);
    }
    return;
  }
  for (auto& shard : shards_) {
    Promise<bool> done;
    shard->post([&act, &done, shard = shard.get()] {
      act(*shard);
      done.set(true);
    });
    done.wait(std::nullopt);
  }
}

}  // namespace reprise::runtime
