#include "reprise/engine.h"

#include <optional>
#include <string_view>
#include <utility>

#include "base/fork.h"
#include "base/printable_text.h"
#include "replay/strand.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/log_sink.h"
#include "runtime/shard_thread.h"
#include "sdk/src/checks.h"
#include "sdk/src/enums.h"
#include "sdk/src/schedule/own_worker.h"
#include "sdk/src/sealing/payload_codecs.h"
#include "sdk/src/service/library_log.h"
#include "sdk/src/service/metrics.h"
#include "sdk/src/service/service.h"

namespace reprise {
namespace {

struct EngineState final : internal::ServiceState {
  bool in_use() const override { return engine != nullptr && engine->has_workers(); }
  bool abandoned() const override { return base::fork_generation() != opened_in; }
  // Not on a thread that would wait for itself: workflow code has called exit(). The engine is then
  // in use, and is left until the process ends.
  void close() override {
    if (!runtime::ShardThread::is_here()) own_worker.reset();
  }

  const std::uint64_t opened_in = base::fork_generation();
  std::optional<internal::LibraryLog> library_log;
  std::unique_ptr<runtime::Engine> engine;
  // Runs the engine's own workflows, such as schedules.
  std::unique_ptr<runtime::WorkerSession> own_worker;
};

runtime::LogSink sink_to_runtime(const LogSink& log) {
  return [log](runtime::LogLevel level, std::string_view line) {
    log(internal::to_public(level), line);
  };
}

LogSink sink_to_public(runtime::LogSink log) {
  return [log = std::move(log)](LogLevel level, std::string_view line) {
    log(internal::to_runtime(level), line);
  };
}

runtime::EngineLimits to_runtime(const EngineLimits& limits) {
  return {.pending_requests = limits.pending_requests,
          .pending_bytes = limits.pending_bytes,
          .waiting_attempts = limits.waiting_attempts,
          .overload_wait = limits.overload_wait,
          .pending_operations = limits.pending_operations,
          .child_depth = limits.child_depth,
          .turn_bytes = limits.turn_bytes,
          .history_events = limits.history_events,
          .pending_updates = limits.pending_updates,
          .settings = limits.settings,
          .settings_bytes = limits.settings_bytes,
          .transaction_rows = limits.transaction_rows,
          .transaction_bytes = limits.transaction_bytes,
          .slow_turn = limits.slow_turn};
}

// An exception is a refusal: a policy that fails allows nothing.
std::function<std::string(const runtime::StartRequest&)> refusal_to_runtime(
    std::function<std::string(const StartAttempt&)> refuse) {
  return [refuse = std::move(refuse)](const runtime::StartRequest& asked) -> std::string {
    try {
      return refuse({asked.workflow, asked.workflow_id, asked.task_queue, asked.principal});
    } catch (const std::exception& error) {
      return std::string("EngineOptions::refuse_start threw: ") + error.what();
    } catch (...) {
      return "EngineOptions::refuse_start threw what is not a std::exception";
    }
  };
}

runtime::EngineOptions to_runtime(const EngineOptions& options, const LogSink& log) {
  runtime::EngineOptions out;
  out.shards = options.shards;
  out.cached_runs = options.cached_runs;
  out.cached_bytes = options.cached_bytes;
  out.stack_bytes = options.stack_bytes;
  out.strict = options.strict;
  out.record_stacks = options.record_stacks;
  out.journal_map_bytes = options.journal_map_bytes;
  out.archive_map_bytes = options.archive_map_bytes;
  out.limits = to_runtime(options.limits);
  out.crash_reports = options.crash_reports;
  out.guard = internal::guard_mode(options.guard);
  out.codecs = internal::sealing_codecs(options.codecs);
  out.retention = {.max_age = options.retention.max_age, .max_bytes = options.retention.max_bytes};
  out.control_socket = options.control_socket;
  out.metrics = internal::MetricsAccess::of(options.metrics);
  if (options.refuse_start) out.refuse_start = refusal_to_runtime(options.refuse_start);
  out.log = sink_to_runtime(log);
  return out;
}

}  // namespace

LogSink internal::printable_log(LogSink log) {
  return [log = std::move(log)](LogLevel level, std::string_view line) {
    constexpr auto kBreaks = base::LineBreaks::kIndented;
    if (base::is_printable(line, kBreaks)) return log(level, line);
    log(level, base::printable_text(line, kBreaks));
  };
}

LogSink internal::default_log() {
  return sink_to_public(runtime::spdlog_sink());
}

LogSink internal::never_throwing(const LogSink& log) {
  return sink_to_public(runtime::never_throwing(sink_to_runtime(log)));
}

void internal::forbid_in_workflow() {
  // A strand may also run in a replay without an engine.
  if (replay::Strand::current() == nullptr && !runtime::ShardThread::is_here()) return;
  misplaced(
      "a client call in workflow code, a query handler or a step on the shard would block the "
      "thread that has to answer it; make it in an activity or in a step on an activity thread");
}

void internal::throw_worker_stopping() {
  base::InterruptibleWaits::note_interruption();
  throw StoreError(code_text(base::ErrorCode::kStoreClosed),
                   "the worker is stopping, and this is one of its threads: the end of another run "
                   "is not waited for any more. What executes here is executed again by the next "
                   "worker");
}

Service::Service(std::unique_ptr<internal::ServiceState> state) : state_(std::move(state)) {}
Service::~Service() {
  if (state_->abandoned()) {
    internal::leave_for_ever(std::move(state_));
    return;
  }
  state_->close();
  if (!state_->in_use()) return;
  state_->log(LogLevel::kError,
              "an engine was destroyed before a worker that uses it; it is left running until the "
              "process ends");
  internal::leave_for_ever(std::move(state_));
}

std::unique_ptr<Engine> Engine::open(const std::string& directory, const EngineOptions& options) {
  internal::check(options);
  auto state = std::make_unique<EngineState>();
  const LogSink log =
      internal::printable_log(options.logger ? options.logger : internal::default_log());
  state->log = internal::never_throwing(log);
  state->library_log.emplace(state->log);
  state->engine =
      internal::value_or_throw(runtime::Engine::open(directory, to_runtime(options, log)));
  state->directory = directory;
  state->clients = state->engine.get();
  state->workers = state->engine.get();
  state->own_worker = internal::start_own_worker(*state);
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

void Engine::backup(const std::string& directory) {
  internal::forbid_in_workflow();
  const auto& state = static_cast<EngineState&>(internal::ServiceAccess::state(*this));
  const auto bytes = state.engine->backup(directory);
  if (!bytes) internal::throw_error(bytes.error());
}

std::string_view to_string(RunStatus status) {
  return event::to_string(internal::to_event(status));
}

}  // namespace reprise
