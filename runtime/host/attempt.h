// One attempt of an activity or a step, from dispatch to result, and what others may do to it
// meanwhile.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "base/function_ref.h"
#include "base/ids.h"
#include "base/pooled.h"
#include "base/result.h"
#include "base/time.h"
#include "proto/log.pb.h"
#include "replay/outcome.h"

namespace reprise::runtime {

class EngineMetrics;

// Identifies an attempt; `shard` is where its result goes.
struct AttemptKey {
  int shard = 0;
  std::uint64_t run = 0;
  std::uint32_t operation = 0;
  std::uint32_t attempt = 1;
};

// Shared between the shard that waits for an attempt and the thread that executes it.
//
//   queued  --claim()-->   running    by the thread, once
//   queued  --abandon()--> abandoned  by the shard: the thread then skips it
//   running --finish()-->  finished   by the thread: the code has returned
class AttemptControl {
 public:
  explicit AttemptControl(std::stop_source source = std::stop_source()) : stop(std::move(source)) {}
  // A step cannot be asked to stop, so it needs no stop state.
  static std::shared_ptr<AttemptControl> of_step() {
    return std::allocate_shared<AttemptControl>(base::PooledAllocator<AttemptControl>(),
                                                std::stop_source(std::nostopstate));
  }

  bool claim() { return move_from_queued(State::kRunning); }
  bool abandon() { return move_from_queued(State::kAbandoned); }
  void finish() {
    state_.store(State::kFinished);
    state_.notify_all();
  }
  bool queued() const { return state_.load() == State::kQueued; }
  bool running() const { return state_.load() == State::kRunning; }
  bool abandoned() const { return state_.load() == State::kAbandoned; }
  void wait_until_finished() const { state_.wait(State::kRunning); }

  std::stop_source stop;

 private:
  enum class State : std::uint8_t { kQueued, kRunning, kAbandoned, kFinished };
  bool move_from_queued(State to) {
    State expected = State::kQueued;
    return state_.compare_exchange_strong(expected, to);
  }
  std::atomic<State> state_{State::kQueued};
};

// What an attempt of an activity also needs.
struct ActivityTask {
  std::shared_ptr<const proto::ActivityScheduled> spec;
  base::RunId run_id;
  std::string workflow_id;
  std::string heartbeat_details;  // of the attempts before
};

// What an attempt of an activity with limits has been given when it was taken (AttemptQueue).
struct AttemptPermit {
  std::size_t kind = 0;  // which activity's; 0: it has no limits
  std::uint64_t breaker = 0;
};

struct AttemptTask {
  AttemptKey key;
  base::Duration start_to_close{0};  // 0: no limit
  base::Duration heartbeat{0};       // 0: no limit; activities only
  std::chrono::steady_clock::time_point ready{};  // since when it waits for a thread, if measured

  std::shared_ptr<const proto::Precedence> precedence;  // nullptr: the default
  AttemptPermit permit{};
  std::shared_ptr<AttemptControl> control;
  std::unique_ptr<ActivityTask> activity;  // an activity...
  // ...or a step: its closure, on the stack of its run.
  std::optional<base::FunctionRef<replay::Outcome()>> step;
};

// Of an activity: the same for every attempt.
std::string idempotency_key_of(const AttemptTask& task);

struct AttemptResult {
  AttemptKey key;
  replay::Outcome outcome;
  std::uint64_t token = 0;  // what AttemptObserver::started() returned
  bool is_step = false;
  bool abandoned = false;  // it failed because the worker stops: counts as not begun
  bool left_open = false;  // the function has returned; a client ends the attempt with its token
  base::Duration took{0};  // if it is left open: since it began
};

// Runs a step's closure here. It refers to its run's stack, so nothing may go on before it returns:
// a step that has overrun its limit fails when it returns.
replay::Outcome execute_step(const AttemptTask& task);

// Called by the threads of a pool; implementations are thread-safe.
class AttemptObserver {
 public:
  // An attempt no longer waits for a thread; started() follows unless it was abandoned.
  virtual void taken() = 0;
  virtual std::uint64_t started(const AttemptKey& key) = 0;
  virtual void finished(AttemptResult&& result) = 0;
  virtual void heartbeat(const AttemptKey& key, std::string details) = 0;
  // The attempt overran `limit` ("start_to_close", "heartbeat"); it was asked to stop; if it still
  // returns a result, that is reported as finished.
  virtual void timed_out(const AttemptKey& key, std::string_view limit) = 0;
  // An attempt failed because the worker has no code for it. Called once for each activity: `why`
  // names it.
  virtual void unknown_activity(std::string_view why) { static_cast<void>(why); }
  // The circuit breaker of an activity has opened or closed; `what` is a line about it.
  virtual void breaker_moved(std::string_view what) { static_cast<void>(what); }
  // The token with which clients can end the attempt of an activity. An error: there is none.
  virtual base::Result<std::string> token_of(const AttemptTask& task) {
    return base::Error{
        base::ErrorCode::kInvalidToken,
        "nothing here takes the token of activity '" + task.activity->spec->name() + "'"};
  }
  // nullptr: nothing is measured.
  virtual EngineMetrics* metrics() { return nullptr; }
  // May another attempt begin? When that becomes true again, AttemptPool::wake() is called.
  virtual bool has_room() { return true; }

 protected:
  ~AttemptObserver() = default;
};

}  // namespace reprise::runtime
