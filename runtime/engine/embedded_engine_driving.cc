// An engine without threads: its owner drives it.
#include <utility>

#include "base/check.h"
#include "base/out_of_memory.h"
#include "base/thread_stack.h"
#include "runtime/engine/embedded_engine_session.h"

namespace reprise::runtime {

bool EmbeddedEngine::run_some() {
  return base::needs_memory("running workflows", [this] { return run_round(); });
}

bool EmbeddedEngine::run_round() {
  bool worked = run_shards();
  worked |= commit();
  for (Session* session : sessions_) worked |= run_attempt(*session);
  if (archiver_->full()) {
    const auto archived = archive();
    if (!archived && archived.error().code != base::ErrorCode::kStoreFull) {
      shared_.log(LogLevel::kError, "archiving failed: " + archived.error().text());
    }
  }
  worked |= archiver_->build_some();
  worked |= archiver_->remove_some();
  return worked;
}

bool EmbeddedEngine::run_shards() {
  REPRISE_CHECK(!shared_.options.threaded, "the shards have threads of their own");
  bool worked = false;
  for (auto& shard : shards_) worked |= run_round_of(*shard);
  return worked;
}

bool EmbeddedEngine::run_round_of(Shard& shard) {
  if (!*shared_.options.crash_reports) return shard.run_round();
  thread_local const base::SignalStack signal_stack;
  const CrashReports reports(shard.code_mark());
  return shard.run_round();
}

bool EmbeddedEngine::commit() {
  return shared_.writer->commit_pending();
}

base::Result<bool> EmbeddedEngine::archive() {
  REPRISE_CHECK(!shared_.options.threaded, "the archiver has a thread of its own");
  if (!archiver_->has_work()) return false;
  if (const base::Status status = archiver_->archive_some(); !status) return status.error();
  return true;
}

std::optional<AttemptTask> EmbeddedEngine::take_attempt(std::string_view task_queue) {
  REPRISE_CHECK(!shared_.options.threaded, "attempts have threads of their own");
  for (Session* session : sessions_) {
    if (session->queue() == task_queue) return session->pool().take_one();
  }
  return std::nullopt;
}

std::optional<AttemptResult> EmbeddedEngine::execute_attempt(std::string_view task_queue,
                                                             AttemptTask& task) {
  REPRISE_CHECK(!shared_.options.threaded, "attempts have threads of their own");
  for (Session* session : sessions_) {
    if (session->queue() == task_queue) return session->pool().execute(task);
  }
  return std::nullopt;
}

void EmbeddedEngine::put_back_attempts(const std::string& task_queue,
                                       std::vector<AttemptTask>& tasks) {
  shared_.task_queues.submit(task_queue, tasks);
}

std::optional<base::Time> EmbeddedEngine::next_due() const {
  std::optional<base::Time> next;
  if (shared_.space.full()) return next;  // time alone makes no room
  for (const auto& shard : shards_) {
    const auto due = shard->next_due_ms();
    if (due && (!next || base::from_ms(*due) < *next)) next = base::from_ms(*due);
  }
  for (const Session* session : sessions_) {
    const auto release = session->pool().next_release();
    if (release && (!next || *release < *next)) next = release;
  }
  return next;
}

base::Result<bool> EmbeddedEngine::wait(
    base::FunctionRef<bool()> ready,
    base::FunctionRef<bool(std::optional<base::Duration>)> block,
    std::optional<base::Duration> timeout) {
  if (forked()) return usable().error();
  if (shared_.options.threaded) return block(timeout);
  while (!ready()) {
    if (run_some()) continue;
    if (shared_.space.full()) return shared_.space.refusal();
    return base::Error{base::ErrorCode::kWorkflowStuck,
                       "nothing more can happen until time passes or somebody sends a signal"};
  }
  return true;
}

}  // namespace reprise::runtime
