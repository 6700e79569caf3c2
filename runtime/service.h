// The seam between the SDK and the code that runs workflows: today the embedded engine. Types are
// erased, payloads encoded, and no type of the store appears.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "event/run_status.h"
#include "proto/log.pb.h"
#include "runtime/worker_code.h"

namespace reprise::runtime {

using event::RunStatus;
using event::to_string;

// What may happen when a *closed* run has the workflow id; kUseExisting also applies when a running
// one has it.
enum class IdReuse : std::uint8_t { kAllow, kAllowUnlessCompleted, kReject, kUseExisting };
// What may happen when a *running* one has it.
enum class IdConflict : std::uint8_t { kFail, kUseExisting, kTerminateExisting };

struct StartRequest {
  std::string workflow;
  std::string workflow_id;  // empty: the text of the new run's id
  base::RunId run_id{};     // of the new run; none: the service makes one
  std::string task_queue{};
  std::string input{};
  IdReuse reuse = IdReuse::kAllow;
  IdConflict conflict = IdConflict::kFail;
  base::Duration run_timeout{0};  // 0: none
};

// Addresses a run: the newest with the workflow id, or that one run.
struct RunKey {
  std::string workflow_id;
  std::optional<base::RunId> run_id{};
};

// How a run ended.
struct RunEnd {
  RunStatus status = RunStatus::kRunning;
  std::string result;      // kCompleted
  proto::Failure failure;  // every other status
};

// Set once; any number of threads may wait for it.
template <class T>
class Promise {
 public:
  void set(T value) {
    // Notified under the lock: a waiter may destroy the promise as soon as it returns.
    std::lock_guard lock(mutex_);
    if (value_) return;
    value_ = std::move(value);
    changed_.notify_all();
  }
  bool ready() const {
    std::lock_guard lock(mutex_);
    return value_.has_value();
  }
  // Without `timeout` it waits without limit. False: time is up, or `stop` was requested.
  bool wait(std::optional<base::Duration> timeout, const std::stop_token& stop = {}) const {
    const std::stop_callback wake(stop, [this] {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    });
    std::unique_lock lock(mutex_);
    const auto done = [&] { return value_.has_value() || stop.stop_requested(); };
    if (timeout) {
      changed_.wait_until(lock, base::deadline_in(*timeout), done);
    } else {
      changed_.wait(lock, done);
    }
    return value_.has_value();
  }
  // Only once ready.
  const T& get() const { return *value_; }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::optional<T> value_;
};

using RunWatch = Promise<base::Result<RunEnd>>;

struct StartedRun {
  std::string workflow_id;
  base::RunId run_id;
  bool existing = false;  // kUseExisting found one
};

struct PendingActivity {
  std::uint32_t id = 0;
  std::string activity;  // or the step's name
  bool is_step = false;
  std::uint32_t attempt = 1;
  bool under_way = false;  // an attempt is executing now
  std::optional<base::Time> next_attempt;
  std::string last_failure;
};

struct PendingTimer {
  std::uint32_t id = 0;
  base::Time fires_at;
};

struct RunDescription {
  std::string workflow_id;
  base::RunId run_id;
  std::string workflow;
  std::string task_queue{};
  RunStatus status = RunStatus::kRunning;
  base::Time started;
  std::optional<base::Time> closed;
  std::uint64_t history_events = 0;
  // Filled in by describe() only, not by list():
  std::vector<PendingActivity> activities;
  std::vector<PendingTimer> timers;
  std::vector<std::string> waiting_for;  // one line per strand; empty when the run is not resident
  std::optional<base::Error> parked;     // why its code does not go on
};

struct ListRequest {
  std::optional<RunStatus> status{};
  std::string workflow{};  // empty: every type
  std::size_t limit = 1'000;
  bool newest_first = true;
};

template <class T>
using Reply = std::function<void(base::Result<T>)>;

// A worker's registration. Destroying it stops the worker's threads, takes its runs out of memory,
// and blocks until activities under way have returned.
class WorkerSession {
 public:
  virtual ~WorkerSession() = default;
  // Is the caller one of its threads? Destroying it there would mean waiting for itself.
  virtual bool on_own_thread() const { return false; }
};

// Thread-safe. Replies come on a thread of the service, once what they confirm is durable; they
// must not block. Errors: docs/errors.md.
class Service {
 public:
  virtual ~Service() = default;

  // `watch`, if not null, is set when the run ends (or at once with the error of the start). The
  // message of kAlreadyStarted is the run id of the run that has the workflow id; if that run is of
  // another workflow, so that kUseExisting cannot return it, a space and the workflow's name
  // follow.
  virtual void start(StartRequest request,
                     std::shared_ptr<RunWatch> watch,
                     Reply<StartedRun> reply) = 0;
  virtual void watch(RunKey key, std::shared_ptr<RunWatch> watch) = 0;
  // Nobody waits for it any more, so a run that waits for months need not keep it.
  virtual void unwatch(RunKey key, std::shared_ptr<RunWatch> watch) = 0;
  virtual void signal(RunKey key, std::string name, std::string input, Reply<void> reply) = 0;
  // The same for a sender that does not know the signal's type: kSignalUnreadable, and nothing is
  // recorded, when the run is in memory and its code is known to read that signal as a type that
  // the input does not have.
  virtual void signal_checked(RunKey key, std::string name, std::string input, Reply<void> reply) {
    signal(std::move(key), std::move(name), std::move(input), std::move(reply));
  }
  virtual void query(RunKey key, std::string name, std::string input, Reply<std::string> reply) = 0;
  virtual void update(RunKey key,
                      std::string name,
                      std::string input,
                      Reply<replay::Outcome> reply) = 0;
  virtual void cancel(RunKey key, std::string reason, Reply<void> reply) = 0;
  virtual void terminate(RunKey key, std::string reason, Reply<void> reply) = 0;
  // Tries a parked run again, also one that was set aside (kPoisoned).
  virtual void retry(RunKey key, Reply<void> reply) = 0;
  virtual void describe(RunKey key, Reply<RunDescription> reply) = 0;
  virtual void list(ListRequest request, Reply<std::vector<RunDescription>> reply) = 0;
  // The turns of a run's history in order, serialized proto::Turn each.
  virtual void history(RunKey key, Reply<std::vector<std::string>> reply) = 0;

  virtual base::Result<std::unique_ptr<WorkerSession>> register_worker(WorkerCode code) = 0;

  // How a caller waits for the service. Threaded services block; a service that is driven by its
  // caller (testing::Env) works until `ready`, or until nothing more can happen, which is
  // kWorkflowStuck. False: time is up.
  virtual base::Result<bool> wait(base::FunctionRef<bool()> ready,
                                  base::FunctionRef<bool(std::optional<base::Duration>)> block,
                                  std::optional<base::Duration> timeout) {
    (void)ready;
    return block(timeout);
  }

  // The same for the answer to a request, which the service will give. An error: the answer comes
  // much later, or never. Also returns when `block` does because `stop` was requested.
  virtual base::Status await_answer(base::FunctionRef<bool()> ready,
                                    base::FunctionRef<bool(std::optional<base::Duration>)> block,
                                    const std::stop_token& stop) {
    (void)stop;
    const auto waited = wait(ready, block, std::nullopt);
    return waited ? base::Status() : waited.error();
  }
};

}  // namespace reprise::runtime
