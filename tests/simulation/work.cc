#include "tests/simulation/work.h"

#include <algorithm>
#include <utility>

namespace reprise::simulation {

namespace {

std::string describe(const runtime::AttemptKey& key) {
  return "run " + std::to_string(key.run) + " operation " + std::to_string(key.operation) +
         " attempt " + std::to_string(key.attempt);
}

// A client ends it with its token.
bool is_elsewhere(const runtime::AttemptTask& task) {
  return task.activity != nullptr && task.activity->spec->name() == "elsewhere";
}

std::string result_of(const runtime::AttemptTask& task) {
  return runtime::idempotency_key_of(task) + "#" + std::to_string(task.key.attempt);
}

}  // namespace

bool Work::begin(runtime::EmbeddedEngine& engine, const std::string& queue) {
  std::optional<runtime::AttemptTask> task = engine.take_attempt(queue);
  if (!task) return false;
  trace_.say("begin " + describe(task->key));
  if (!task->control->claim()) {
    trace_.say("  which had been given up");
    return true;
  }
  check_cause(*task);
  check_first_time(task->key);
  ++attempts_;
  UnderWay begun;
  begun.token = engine.attempts().started(task->key);
  begun.queue = queue;
  if (task->step) {
    begun.step_outcome = runtime::execute_step(*task);
    task->control->finish();
  } else if (is_elsewhere(*task)) {
    tasks_.push_back(
        {*engine.attempts().token_of(*task), task->activity->workflow_id, result_of(*task)});
  }
  begun.task = std::move(*task);
  under_way_.push_back(std::move(begun));
  return true;
}

// No effect before its cause is durable; and what is left open is not made again.
void Work::check_cause(const runtime::AttemptTask& task) {
  bool asked_for = false;
  for (const KeptRecord& record : disk_.acknowledged[task.key.run]) {
    proto::Turn turn;
    (void)turn.ParseFromString(record.body);
    for (const proto::Event& command : turn.commands()) {
      asked_for |= command.activity_scheduled().id() == task.key.operation ||
                   command.step_scheduled().id() == task.key.operation;
    }
    for (const proto::Event& input : turn.inputs()) {
      const proto::AttemptLeftOpen& left = input.attempt_left_open();
      if (left.id() == task.key.operation && left.attempt() == task.key.attempt) {
        verdict_.found(Flaw::kOutcome, describe(task.key) + " began, and had been left open");
      }
    }
  }
  if (asked_for) return;
  verdict_.found(Flaw::kEffect, describe(task.key) + " began before it was durably asked for");
}

// Does the log have the outcome of its activity?
bool Work::has_ended(const runtime::AttemptKey& key) const {
  const auto records = disk_.acknowledged.find(key.run);
  if (records == disk_.acknowledged.end()) return false;
  for (const KeptRecord& record : records->second) {
    proto::Turn turn;
    (void)turn.ParseFromString(record.body);
    for (const proto::Event& input : turn.inputs()) {
      if (input.activity_completed().id() == key.operation ||
          input.activity_failed().id() == key.operation) {
        return true;
      }
    }
  }
  return false;
}

// The code does not go on before an attempt has ended that it waits for, unless a limit or a client
// has ended it; and what it would abandon is never asked to stop.
void Work::check_cancellation(const UnderWay& attempt, bool stopping) {
  if (attempt.task.activity == nullptr || attempt.timed_out) return;
  const proto::ActivityScheduled& spec = *attempt.task.activity->spec;
  const bool asked = attempt.task.control->stop.stop_requested();
  const bool late = spec.schedule_to_close_ms() > 0;
  if (spec.on_cancel() == spec.ABANDON && asked && !stopping && !late) {
    verdict_.found(Flaw::kEffect, describe(attempt.task.key) + " was asked to stop");
  }
  const bool may_end_before = late || is_elsewhere(attempt.task) || spec.on_cancel() != spec.WAIT;
  if (!may_end_before && asked && has_ended(attempt.task.key)) {
    verdict_.found(Flaw::kOutcome,
                   describe(attempt.task.key) + " went on after the outcome of its activity");
  }
}

// Only after a power failure, or when a worker stopped it, is an attempt made again under its
// number.
void Work::check_first_time(const runtime::AttemptKey& key) {
  if (begun_.insert({key.run, key.operation, key.attempt}).second) return;
  verdict_.found(Flaw::kOutcome, describe(key) + " was made twice");
}

bool Work::finish_one(runtime::EmbeddedEngine& engine) {
  if (under_way_.empty()) return false;
  finish(engine, random_.below(under_way_.size()), false);
  return true;
}

void Work::finish(runtime::EmbeddedEngine& engine, std::size_t index, bool stopping) {
  UnderWay ended = std::move(under_way_[index]);
  if (asks_all_ && ended.task.control != nullptr) ended.task.control->stop.request_stop();
  check_cancellation(ended, stopping);
  under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(index));
  runtime::AttemptResult result;
  result.key = ended.task.key;
  result.token = ended.token;
  result.is_step = ended.task.step.has_value();
  const bool stop_is_ours = stopping && !ended.task.control->stop.stop_requested();
  if (result.is_step) {
    result.outcome = std::move(ended.step_outcome);
  } else {
    if (stop_is_ours) ended.task.control->stop.request_stop();
    result.outcome = outcome_of(ended.task);
    result.abandoned = stop_is_ours && !result.outcome.ok();
    result.left_open = is_elsewhere(ended.task) && result.outcome.ok();
    if (result.abandoned) {
      begun_.erase({result.key.run, result.key.operation, result.key.attempt});
    } else {
      reported_.push_back({result.key, result.outcome.ok() ? result.outcome.payload() : "",
                           result.outcome.ok(), result.left_open});
    }
  }
  trace_.say("end " + describe(result.key) + (result.outcome.ok() ? ": ok" : ": failed") +
             (result.abandoned ? ", stopped" : ""));
  if (lose_results_ && !result.is_step) return;
  const bool goes_on = reports_early_ && !result.is_step && !ended.reported &&
                       ended.task.control->stop.stop_requested();
  if (goes_on) {
    ended.reported = true;
    ended.token = engine.attempts().started(ended.task.key);
    under_way_.push_back(std::move(ended));
  }
  engine.attempts().finished(std::move(result));
}

void Work::repeat_result(runtime::EmbeddedEngine& engine) {
  if (reported_.empty()) return;
  const Reported& again = reported_[random_.below(reported_.size())];
  trace_.say("repeat " + describe(again.key));
  ++repeated_;
  runtime::AttemptResult result;
  result.key = again.key;
  result.token = engine.attempts().started(again.key);
  result.left_open = again.left_open;
  result.outcome = again.ok ? replay::Outcome::success(again.payload) : failed("Repeated", true);
  engine.attempts().finished(std::move(result));
}

void Work::time_out(runtime::EmbeddedEngine& engine) {
  for (UnderWay& attempt : under_way_) {
    if (attempt.timed_out || attempt.task.step) continue;
    if (attempt.task.start_to_close.count() == 0 && attempt.task.heartbeat.count() == 0) continue;
    trace_.say("time out " + describe(attempt.task.key));
    attempt.timed_out = true;
    attempt.task.control->stop.request_stop();
    return engine.attempts().timed_out(
        attempt.task.key, attempt.task.start_to_close.count() > 0 ? "start_to_close" : "heartbeat");
  }
}

void Work::heartbeat(runtime::EmbeddedEngine& engine) {
  if (under_way_.empty()) return;
  const UnderWay& attempt = under_way_[random_.below(under_way_.size())];
  if (attempt.task.step) return;
  trace_.say("heartbeat of " + describe(attempt.task.key));
  engine.attempts().heartbeat(attempt.task.key, "beat" + std::to_string(++executions_));
}

void Work::stop_worker(runtime::EmbeddedEngine& engine, const std::string& queue) {
  for (std::size_t i = under_way_.size(); i-- > 0;) {
    if (under_way_[i].queue == queue) finish(engine, i, true);
  }
}

void Work::crash(bool power) {
  under_way_.clear();
  reported_.clear();  // results do not outlive the process: attempts are its threads
  if (power) begun_.clear();
}

replay::Outcome Work::failed(const std::string& type, bool retryable) {
  proto::Failure failure;
  failure.set_kind(type == "Stopped" ? proto::Failure::CANCELLED : proto::Failure::APPLICATION);
  failure.set_type(type);
  failure.set_message("simulated");
  failure.set_non_retryable(!retryable);
  return replay::Outcome::failed(std::move(failure));
}

replay::Outcome Work::outcome_of(const runtime::AttemptTask& task) {
  if (faults_) {
    const std::string& name = task.activity->spec->name();
    if (task.control->stop.stop_requested() && random_.chance(50)) return failed("Stopped", true);
    if (name == "fatal" && random_.chance(30)) return failed("Fatal", false);
    if (random_.chance(name == "flaky" ? 40 : 10)) return failed("Flaky", true);
  }
  return replay::Outcome::success(result_of(task));
}

replay::Outcome Work::step(const replay::RunInfo& run, const std::string& name) {
  if (faults_ && random_.chance(25)) return failed("Flaky", true);
  return replay::Outcome::success(run.run_id.to_string() + "/" + name + "#" +
                                  std::to_string(++executions_));
}

}  // namespace reprise::simulation
