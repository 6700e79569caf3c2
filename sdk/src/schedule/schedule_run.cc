#include "sdk/src/schedule/schedule_run.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "base/printable_text.h"
#include "sdk/src/errors.h"

namespace reprise::internal {
namespace {

// Due times that one look decides at most, and that it counts at most.
constexpr std::size_t kDueAtOnce = 1'000;
constexpr std::size_t kCountedAtOnce = 10'000;
// A history of so many events is continued even if runs are under way, which are then looked up.
constexpr std::uint64_t kTooLong = 8 * kLongHistoryEvents;

bool is_taken(const StartedByIt& run) {
  return run.refused.starts_with(code_text(base::ErrorCode::kAlreadyStarted));
}

bool has_failed(const StartedByIt& run) {
  if (!run.end) return !is_taken(run);
  return *run.end == RunStatus::kFailed || *run.end == RunStatus::kTimedOut;
}

RunStatus status_of(const ChildFailure& failure) {
  if (failure.cause_as<CancelledFailure>() != nullptr) return RunStatus::kCancelled;
  if (failure.cause_as<TerminatedFailure>() != nullptr) return RunStatus::kTerminated;
  if (const auto* timeout = failure.cause_as<TimeoutFailure>(); timeout != nullptr) {
    const bool own =
        timeout->kind() == TimeoutKind::kRun || timeout->kind() == TimeoutKind::kExecution;
    if (own) return RunStatus::kTimedOut;
  }
  return RunStatus::kFailed;
}

}  // namespace

ScheduleRun::ScheduleRun(Context& ctx,
                         ScheduleAction action,
                         SchedulePlan plan,
                         ScheduleProgress progress)
    : ctx_(ctx), action_(std::move(action)), plan_(std::move(plan)), state_(std::move(progress)) {
  // The first run of the chain: what was due before the schedule existed is not its concern.
  if (state_.handled == Time{}) state_.handled = ctx_.now();
  accept_updates();
}

void ScheduleRun::run() {
  for (StartedByIt& run : std::exchange(state_.running, {})) {
    const auto running = std::make_shared<Running>();
    running->id = id_of_run(action_.id, run.due, run.triggered);
    running->run = std::move(run);
    running_.push_back(running);
    watch(running, /*again=*/true);
  }
  while (true) {
    changed_ = false;
    reap();
    admit_what_is_due();
    feed_backfills();
    start_what_waits();
    publish();
    if (may_continue()) {
      ctx_.finish_handlers();
      reap();
      if (may_continue()) ctx_.continue_as_new(kScheduleDefinition(action_, plan_, progress()));
    }
    const auto changed = [this] { return changed_; };
    if (next_ && !state_.paused) {
      (void)ctx_.wait_until(changed, *next_);
    } else {
      ctx_.wait_until(changed);
    }
  }
}

// ---- what is due --------------------------------------------------------------------------------

void ScheduleRun::admit_what_is_due() {
  while (!state_.paused && (look_again_ || (next_ && *next_ <= ctx_.now()))) {
    auto [handled, due, missed, next, more] = look();
    state_.handled = handled;
    state_.counts.missed += missed;
    next_ = next;
    look_again_ = more;
    for (const Time time : due) admit(time);
  }
}

ScheduleRun::Look ScheduleRun::look() {
  const Time now = ctx_.now();
  return ctx_.side_effect([&]() -> Look {
    const auto times = value_or_throw(schedule::DueTimes::make(to_spec(plan_.spec), name()));
    Look look{state_.handled, {}, 0, std::nullopt, false};
    auto& [handled, due, missed, following, more] = look;
    std::size_t counted = 0;
    for (auto next = times.next(handled); next; next = times.next(handled)) {
      following = next->at;
      if (next->at > now) return look;
      if (due.size() == kDueAtOnce || ++counted > kCountedAtOnce) {
        more = true;
        return look;
      }
      handled = next->nominal;
      if (now - next->at > std::max(plan_.policy.catch_up, kShortestCatchUp)) {
        ++missed;
      } else {
        due.push_back(next->nominal);
      }
    }
    following.reset();
    return look;
  });
}

void ScheduleRun::admit(Time due) {
  const Overlap overlap = plan_.policy.overlap;
  if (overlap == Overlap::kAllow ? has_room() : is_free()) {
    (void)start(due, /*triggered=*/false);
    return;
  }
  switch (overlap) {
    case Overlap::kSkip:
      ++state_.counts.skipped;
      break;
    case Overlap::kBufferOne:
      if (state_.waiting.empty()) {
        state_.waiting.push_back({due});
      } else {
        ++state_.counts.skipped;
      }
      break;
    case Overlap::kBufferAll:
    case Overlap::kAllow:
      wait_for_others(due);
      break;
    case Overlap::kCancelOther:
    case Overlap::kTerminateOther:
      replace_others(due);
      break;
  }
}

void ScheduleRun::wait_for_others(Time due) {
  if (state_.waiting.size() < kMostWaiting) {
    state_.waiting.push_back({due});
  } else {
    ++state_.counts.skipped;
  }
}

// Only the newest one waits: it would be the end of those before it.
void ScheduleRun::replace_others(Time due) {
  state_.counts.skipped += state_.waiting.size();
  state_.waiting = {{due}};
  end_others();
}

void ScheduleRun::end_others() {
  const std::vector<RunningPtr> others(running_.begin(), running_.end());
  for (const RunningPtr& other : others) {
    if (std::exchange(other->asked_to_end, true)) continue;
    if (plan_.policy.overlap == Overlap::kCancelOther) {
      other->child->cancel();
      continue;
    }
    ctx_.wait_until([&] { return other->settled; });
    if (!other->ended) ctx_.call(kTerminateRun(other->id, other->run.run_id));
  }
}

void ScheduleRun::start_what_waits() {
  const auto may_start = [this] {
    return plan_.policy.overlap == Overlap::kAllow ? has_room() : running_.empty();
  };
  while (!state_.paused && !state_.waiting.empty() && may_start()) {
    const Time due = state_.waiting.front().due;
    state_.waiting.erase(state_.waiting.begin());
    (void)start(due, /*triggered=*/false);
  }
}

// They come after what waits, so that they hold up no due time for longer than one run.
void ScheduleRun::feed_backfills() {
  const bool together = plan_.policy.overlap == Overlap::kAllow;
  // What waits stays while the schedule is paused; a backfill does not wait for that.
  const auto may_start = [&] {
    if (together) return has_room();
    return running_.empty() && (state_.waiting.empty() || state_.paused);
  };
  while (!state_.backfills.empty() && may_start()) {
    const std::size_t at_most =
        together ? std::min<std::size_t>(kMostRunning - running_.size(), 100) : 1;
    const std::vector<Time> due = next_of_backfill(state_.backfills.front(), at_most);
    if (due.empty()) {
      state_.backfills.erase(state_.backfills.begin());
      continue;
    }
    state_.backfills.front().after = due.back();
    for (const Time time : due) (void)start(time, /*triggered=*/false);
  }
}

std::vector<Time> ScheduleRun::next_of_backfill(const BackfillRange& range, std::size_t at_most) {
  return ctx_.side_effect([&] {
    const auto times = value_or_throw(schedule::DueTimes::make(to_spec(plan_.spec), name()));
    std::vector<Time> due;
    for (auto next = times.next(range.after); next && next->nominal <= range.to;
         next = times.next(next->nominal)) {
      due.push_back(next->nominal);
      if (due.size() == at_most) break;
    }
    return due;
  });
}

// ---- runs
// -----------------------------------------------------------------------------------------

ScheduleRun::RunningPtr ScheduleRun::start(Time due, bool triggered) {
  const auto running = std::make_shared<Running>();
  running->id = id_of_run(action_.id, due, triggered);
  running->run.due = due;
  running->run.started = ctx_.now();
  running->run.triggered = triggered;
  running_.push_back(running);
  watch(running, /*again=*/false);
  return running;
}

// `again`: an earlier run of the chain has started it. Otherwise the id must be new, so that no
// time is started twice whatever else used the id.
void ScheduleRun::watch(const RunningPtr& running, bool again) {
  const Message<kind::Workflow, void, EncodedArguments> message{action_.workflow,
                                                                {{action_.input}}};
  running->child.emplace(
      ctx_.start(message, {.id = running->id,
                           .task_queue = action_.task_queue,
                           .on_parent_close = ParentClose::kAbandon,
                           .id_reuse = again ? IdReuse::kUseExisting : IdReuse::kReject,
                           .id_conflict = again ? IdConflict::kUseExisting : IdConflict::kFail,
                           .run_timeout = action_.run_timeout,
                           .execution_timeout = action_.execution_timeout,
                           .retry = action_.retry,
                           .settings = action_.settings,
                           .priority = action_.priority,
                           .fairness_key = action_.fairness_key,
                           .fairness_weight = action_.fairness_weight}));
  // The strand ends before its Running goes: reap() removes only what has ended.
  running->watching.emplace(ctx_.spawn([this, run = running.get()] { follow(*run); }));
}

void ScheduleRun::follow(Running& running) {
  try {
    std::string run_id = running.child->run_id();
    if (running.run.run_id.empty()) ++state_.counts.started;
    running.run.run_id = std::move(run_id);
    running.settled = changed_ = true;
    running.child->get();
    running.run.end = RunStatus::kCompleted;
  } catch (const ChildFailure& failure) {
    if (const auto* refused = failure.cause_as<StartRefusedFailure>(); refused != nullptr) {
      running.run.refused = base::printable_text(
          std::string(refused->code()) + " " + refused->what(), base::LineBreaks::kEscaped, 200);
    } else {
      running.run.end = status_of(failure);
    }
  }
  running.settled = running.ended = changed_ = true;
}

void ScheduleRun::reap() {
  for (auto it = running_.begin(); it != running_.end();) {
    if (!(*it)->ended) {
      ++it;
      continue;
    }
    const StartedByIt run = (*it)->run;
    it = running_.erase(it);
    if (is_taken(run)) ++state_.counts.skipped;
    state_.recent.insert(state_.recent.begin(), run);
    if (state_.recent.size() > kRecentRuns) state_.recent.pop_back();
    if (!has_failed(run)) continue;
    ++state_.counts.failed;
    if (!plan_.policy.pause_on_failure || state_.paused) continue;
    state_.paused = true;
    state_.note = "run " + id_of_run(action_.id, run.due, run.triggered) +
                  (run.end ? " has failed" : " could not be started");
  }
}

// ---- what others see, and the next run
// --------------------------------------------------------------

void ScheduleRun::publish() {
  std::string plan = encode_payload(plan_);
  if (plan != published_plan_) {
    ctx_.set(kPublishedTarget({action_.workflow, action_.task_queue, action_.id}));
    ctx_.set(kPublishedPlan(plan_));
    published_plan_ = std::move(plan);
  }
  const ScheduleView view = view_of(progress());
  std::string encoded = encode_payload(view);
  if (encoded == published_view_) return;
  ctx_.set(kPublishedView(view));
  published_view_ = std::move(encoded);
}

bool ScheduleRun::may_continue() const {
  if (!ctx_.should_continue()) return false;
  if (running_.empty()) return true;
  return ctx_.history_events() > kTooLong &&
         std::all_of(running_.begin(), running_.end(),
                     [](const RunningPtr& running) { return running->settled; });
}

ScheduleProgress ScheduleRun::progress() const {
  ScheduleProgress progress = state_;
  for (const RunningPtr& running : running_) progress.running.push_back(running->run);
  return progress;
}

std::string ScheduleRun::name() const {
  return ctx_.info().workflow_id.substr(kSchedulePrefix.size());
}

void run_schedule(Context& ctx,
                  const ScheduleAction& action,
                  const SchedulePlan& plan,
                  const ScheduleProgress& progress) {
  ScheduleRun(ctx, action, plan, progress).run();
}

}  // namespace reprise::internal
