#include "runtime/host/attempt_queue.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/printable_text.h"
#include "runtime/host/precedence.h"

namespace reprise::runtime {
namespace {

// Not the name of an activity: those are not empty.
constexpr std::string_view kSteps;
constexpr std::size_t kLeastSweep = 64;

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string in_words(base::Duration time) {
  constexpr base::Duration kSecond{1'000};
  if (time < kSecond) return std::to_string(std::max<std::int64_t>(0, time.count())) + " ms";
  constexpr std::chrono::minutes kTwo{2};
  if (time < kTwo) {
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s";
  }
  constexpr std::chrono::hours kTwoHours{2};
  if (time < kTwoHours) {
    return std::to_string(std::chrono::ceil<std::chrono::minutes>(time).count()) + " min";
  }
  return std::to_string(std::chrono::ceil<std::chrono::hours>(time).count()) + " h";
}

std::string breaker_line(std::string_view activity, const std::string& what, std::string_view why) {
  std::string line =
      "the circuit breaker of activity '" + base::printable_text(activity) + "' " + what;
  if (!why.empty()) line += ": " + base::printable_text(why);
  return line;
}

}  // namespace

AttemptQueue::Limited::Limited(std::size_t number,
                               std::string_view activity,
                               const ActivityLimits& its)
    : kind(number),
      name(activity),
      limits(its),
      rate(its.per_second),
      breaker(its.breaker),
      sweep_at(kLeastSweep) {}

bool AttemptQueue::Limited::may_begin(FlowTime now) const {
  return (limits.in_flight == 0 || in_flight < limits.in_flight) && rate.may_begin(now) &&
         breaker.may_begin(now);
}

std::string AttemptQueue::Limited::held_back(FlowTime now) const {
  const std::string activity = base::printable_text(name);
  if (!breaker.may_begin(now)) {
    if (const auto until = breaker.open_until()) {
      return "the breaker of " + activity + " is open for another " +
             in_words(whole_ms(*until - now));
    }
    return "the breaker of " + activity + " is half-open: one attempt finds out whether it works";
  }
  if (limits.in_flight > 0 && in_flight >= limits.in_flight) {
    return std::to_string(in_flight) + " of " + std::to_string(limits.in_flight) + " of " +
           activity + " are in flight";
  }
  if (!rate.may_begin(now)) return short_number(limits.per_second) + " per second of " + activity;
  return {};
}

AttemptQueue::AttemptQueue(std::size_t threads, const Limits& limits, const FlowClock& clock)
    : threads_(threads), clock_(clock) {
  for (const auto& [activity, its] : limits) {
    limited_.push_back(std::make_unique<Limited>(limited_.size() + 1, activity, its));
  }
}

AttemptQueue::Lane& AttemptQueue::lane_of(const AttemptTask& task) {
  const std::string_view kind = task.step ? kSteps : std::string_view(task.activity->spec->name());
  if (const auto found = lanes_.find(kind); found != lanes_.end()) return found->second;
  Lane& lane = lanes_[std::string(kind)];
  for (const auto& limited : limited_) {
    if (task.step || limited->name != kind) continue;
    lane.limited = limited.get();
    limited->lane = &lane;
  }
  return lane;
}

// A quarter of the threads is kept for the other kinds, once there are any.
std::size_t AttemptQueue::most_threads() const {
  if (lanes_.size() < 2 || threads_ < 2) return std::max<std::size_t>(1, threads_);
  return threads_ - std::max<std::size_t>(1, threads_ / 4);
}

void AttemptQueue::look_at(Lane& lane) {
  queue_.set_open(lane, lane.busy < most_threads() &&
                            (lane.limited == nullptr || lane.limited->may_begin(clock_.now())));
}

std::size_t AttemptQueue::push(AttemptTask&& task) {
  if (task.permit.kind != 0) (void)settle(std::exchange(task.permit, {}), Verdict::kSaysNothing);
  Lane& lane = lane_of(task);
  const auto precedence = task.precedence;  // its key is referred to
  queue_.push(lane, std::move(task), rank_of(precedence.get()));
  look_at(lane);
  return lane.limited == nullptr || lane.open() ? 0 : sweep(lane);
}

// Each attempt is looked at a few times at most: as often as the number has doubled.
std::size_t AttemptQueue::sweep(Lane& lane) {
  if (lane.size() < lane.limited->sweep_at) return 0;
  const auto given_up = queue_.remove_if(lane, [](const AttemptTask& task) {
    return task.control != nullptr && task.control->abandoned();
  });
  lane.limited->sweep_at = std::max(kLeastSweep, 2 * lane.size());
  return given_up.size();
}

bool AttemptQueue::has_ready() {
  for (const auto& limited : limited_) {
    if (limited->lane != nullptr && limited->lane->size() > 0) look_at(*limited->lane);
  }
  return queue_.has_ready();
}

AttemptQueue::Taken AttemptQueue::take() {
  const AttemptTask& next = queue_.peek();
  Lane& lane = static_cast<Lane&>(queue_.next());
  Limited* const limited = lane.limited;
  ++lane.busy;
  // One that was given up takes nothing from the others.
  if (limited != nullptr && next.control != nullptr && next.control->abandoned()) {
    Taken taken{queue_.discard(), &lane};
    look_at(lane);
    return taken;
  }
  Taken taken{queue_.take(), &lane};
  if (limited != nullptr) {
    const FlowTime now = clock_.now();
    ++limited->in_flight;
    limited->rate.begin(now);
    taken.task.permit = {limited->kind, limited->breaker.begin(now)};
  }
  look_at(lane);
  return taken;
}

void AttemptQueue::done(Lane* lane) {
  --lane->busy;
  look_at(*lane);
}

std::size_t AttemptQueue::size() const {
  std::size_t all = 0;
  for (const auto& [kind, lane] : lanes_) all += lane.size();
  return all;
}

std::vector<AttemptTask> AttemptQueue::drain() {
  std::vector<AttemptTask> all;
  for (auto& [kind, lane] : lanes_) {
    auto of_kind = queue_.remove_if(lane, [](const AttemptTask&) { return true; });
    std::move(of_kind.begin(), of_kind.end(), std::back_inserter(all));
  }
  return all;
}

// ---- limits -----------------------------------------------------------------------------------

AttemptQueue::Limited* AttemptQueue::limited_of(const AttemptPermit& permit) {
  const bool known = permit.kind >= 1 && permit.kind <= limited_.size();
  return known ? limited_[permit.kind - 1].get() : nullptr;
}

std::optional<std::string> AttemptQueue::settle(const AttemptPermit& permit,
                                                Verdict verdict,
                                                std::string_view why) {
  Limited* const its = limited_of(permit);
  if (its == nullptr) return std::nullopt;
  if (its->in_flight > 0) --its->in_flight;
  return say(*its, permit, verdict, why);
}

std::optional<std::string> AttemptQueue::fail(const AttemptPermit& permit, std::string_view why) {
  Limited* const its = limited_of(permit);
  return its == nullptr ? std::nullopt : say(*its, permit, Verdict::kFails, why);
}

std::optional<std::string> AttemptQueue::say(Limited& limited,
                                             const AttemptPermit& permit,
                                             Verdict verdict,
                                             std::string_view why) {
  using State = CircuitBreaker::State;
  CircuitBreaker& breaker = limited.breaker;
  const State before = breaker.state();
  breaker.say(permit.breaker, verdict, clock_.now());
  if (verdict == Verdict::kFails && breaker.exists()) limited.last_failure = why;
  if (limited.lane != nullptr) look_at(*limited.lane);
  const State after = breaker.state();
  if (after == before || verdict == Verdict::kSaysNothing) return std::nullopt;
  if (after == State::kClosed) {
    return breaker_line(limited.name, "has closed: an attempt has succeeded", {});
  }
  const auto& limits = limited.limits.breaker;
  const std::string open = "for " + in_words(limits.open_for);
  if (before == State::kHalfOpen) {
    return breaker_line(limited.name, "stays open " + open + ", the next attempt has failed", why);
  }
  return breaker_line(limited.name,
                      "has opened " + open + ": " + std::to_string(limits.failures) +
                          " failures within " + in_words(limits.window) + ", the last",
                      why);
}

std::optional<FlowTime> AttemptQueue::next_release() const {
  std::optional<FlowTime> next;
  for (const auto& limited : limited_) {
    const Lane* const lane = limited->lane;
    if (lane == nullptr || lane->size() == 0 || lane->open()) continue;
    const ActivityLimits& limits = limited->limits;
    const bool full = limits.in_flight > 0 && limited->in_flight >= limits.in_flight;
    if (full || lane->busy >= most_threads()) continue;
    const auto open_until = limited->breaker.open_until();
    if (!open_until && limited->breaker.state() != CircuitBreaker::State::kClosed) continue;
    const FlowTime at = std::max(open_until.value_or(FlowTime(0)),
                                 limited->rate.limits() ? limited->rate.next() : FlowTime(0));
    next = std::min(at, next.value_or(at));
  }
  return next;
}

std::string AttemptQueue::held_back(std::string_view activity) const {
  for (const auto& limited : limited_) {
    if (limited->name == activity) return limited->held_back(clock_.now());
  }
  return {};
}

std::vector<LimitState> AttemptQueue::limits() const {
  std::vector<LimitState> all;
  const FlowTime now = clock_.now();
  for (const auto& limited : limited_) {
    LimitState& state = all.emplace_back();
    state.activity = limited->name;
    state.limits = limited->limits;
    state.in_flight = limited->in_flight;
    if (limited->lane != nullptr) state.waiting = limited->lane->size();
    if (state.waiting > 0) state.held_back = limited->held_back(now);
    const CircuitBreaker& breaker = limited->breaker;
    if (!breaker.exists()) continue;
    state.breaker = breaker.state() == CircuitBreaker::State::kClosed ? BreakerState::kClosed
                    : breaker.may_begin(now) || !breaker.open_until() ? BreakerState::kHalfOpen
                                                                      : BreakerState::kOpen;
    state.failures = breaker.failures_in_window(now);
    if (const auto at = breaker.opened_at())
      state.opened_ago = std::chrono::floor<base::Duration>(now - *at);
    if (const auto until = breaker.open_until()) {
      state.open_for_another = whole_ms(std::max(FlowTime(0), *until - now));
    }
    state.times_opened = breaker.times_opened();
    state.last_failure = limited->last_failure;
  }
  return all;
}

}  // namespace reprise::runtime
