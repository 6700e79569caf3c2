// The attempts that wait for a thread of a pool: by priority and fairness key (fair_queue.h). Kinds
// of work (each activity, and steps) alternate, and none may hold all threads: an activity that
// calls a slow service must not stop the others. Activities with limits are held back by them.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/activity_limits.h"
#include "runtime/host/attempt.h"
#include "runtime/host/circuit_breaker.h"
#include "runtime/host/fair_queue.h"
#include "runtime/host/flow_clock.h"
#include "runtime/host/rate_limiter.h"

namespace reprise::runtime {

// Not thread-safe: the pool's lock guards it.
class AttemptQueue {
  struct Lane;

 public:
  using Limits = std::map<std::string, ActivityLimits, std::less<>>;
  using Verdict = CircuitBreaker::Verdict;

  // `threads`: of the pool; 0 means the caller's. `clock` outlives the queue.
  AttemptQueue(std::size_t threads, const Limits& limits, const FlowClock& clock);

  // A task that left the queue, and the place it holds until done().
  struct Taken {
    AttemptTask task;
    Lane* lane = nullptr;
  };

  // How many attempts have left the queue because they were given up: those of a kind that is held
  // back would wait with the others.
  std::size_t push(AttemptTask&& task);
  // Is there a task whose kind has a thread left, and that no limit holds back?
  bool has_ready();
  // Tasks that were not taken.
  std::size_t size() const;
  Taken take();
  // The thread that executed it is free again.
  void done(Lane* lane);
  // All of them, whether or not they are held back.
  std::vector<AttemptTask> drain();

  // ---- limits ----
  // The attempt is no longer under way. A line, if that has moved a breaker; `why`: the failure.
  std::optional<std::string> settle(const AttemptPermit& permit,
                                    Verdict verdict,
                                    std::string_view why = {});
  // It goes on, but has failed for all who wait for it.
  std::optional<std::string> fail(const AttemptPermit& permit, std::string_view why);
  // When time alone lets an attempt begin that is held back now. nullopt: it does not.
  std::optional<FlowTime> next_release() const;
  // Of the activities with limits.
  std::vector<LimitState> limits() const;
  // Why no attempt of that activity may begin; empty: one may.
  std::string held_back(std::string_view activity) const;

 private:
  struct Limited;
  struct Lane : FairQueue<AttemptTask>::Lane {
    std::size_t busy = 0;        // threads that execute this kind now
    Limited* limited = nullptr;  // nullptr: it has no limits
  };
  // An activity with limits.
  struct Limited {
    Limited(std::size_t number, std::string_view activity, const ActivityLimits& its);
    bool may_begin(FlowTime now) const;
    std::string held_back(FlowTime now) const;

    const std::size_t kind;  // see AttemptPermit
    const std::string name;
    const ActivityLimits limits;
    RateLimiter rate;
    CircuitBreaker breaker;
    std::size_t in_flight = 0;
    std::string last_failure;
    std::size_t sweep_at = 0;  // how many wait when those given up are next looked for
    Lane* lane = nullptr;      // nullptr: there were no attempts yet
  };

  Lane& lane_of(const AttemptTask& task);
  std::size_t most_threads() const;
  void look_at(Lane& lane);
  std::size_t sweep(Lane& lane);
  Limited* limited_of(const AttemptPermit& permit);
  std::optional<std::string> say(Limited& limited,
                                 const AttemptPermit& permit,
                                 Verdict verdict,
                                 std::string_view why);

  const std::size_t threads_;
  const FlowClock& clock_;
  std::vector<std::unique_ptr<Limited>> limited_;
  std::map<std::string, Lane, std::less<>> lanes_;  // never removed: there are few names
  FairQueue<AttemptTask> queue_;
};

}  // namespace reprise::runtime
