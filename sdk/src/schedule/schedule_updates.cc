// What clients ask of a schedule: updates of its run.
#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "sdk/src/errors.h"
#include "sdk/src/schedule/schedule_run.h"

namespace reprise::internal {
namespace {

[[noreturn]] void refuse_update(base::ErrorCode code, const std::string& why) {
  throw ApplicationFailure(code_text(code), why, /*retryable=*/false);
}

void check_update(const base::Status& good) {
  if (!good) refuse_update(good.error().code, good.error().message);
}

}  // namespace

void ScheduleRun::accept_updates() {
  handlers_.push_back(ctx_.accept(
      kPauseSchedule,
      [this](const std::string& note) {
        state_.paused = changed_ = true;
        state_.note = note;
      },
      [](const std::string& note) {
        if (note.size() <= kMaxNoteBytes) return;
        refuse_update(base::ErrorCode::kInvalidOption,
                      "the note of pause() has " + std::to_string(note.size()) +
                          " bytes; at most " + std::to_string(kMaxNoteBytes));
      }));
  handlers_.push_back(ctx_.accept(kResumeSchedule, [this] {
    if (!std::exchange(state_.paused, false)) return;
    state_.note.clear();
    state_.handled = std::max(state_.handled, ctx_.now());
    look_again_ = changed_ = true;
  }));
  handlers_.push_back(ctx_.accept(
      kTriggerSchedule, [this] { return trigger(); }, [this] { check_trigger(); }));
  handlers_.push_back(ctx_.accept(
      kBackfillSchedule,
      [this](Time from, Time to) {
        state_.backfills.push_back({from - Duration(1), to});
        changed_ = true;
      },
      [this](Time from, Time to) { check_backfill(from, to); }));
  handlers_.push_back(ctx_.accept(
      kReplacePlan,
      [this](const SchedulePlan& plan) {
        plan_ = plan;
        state_.handled = std::max(state_.handled, ctx_.now());
        look_again_ = changed_ = true;
      },
      [](const SchedulePlan& plan) { check_update(check_plan(plan)); }));
}

void ScheduleRun::check_trigger() const {
  if (has_room()) return;
  refuse_update(base::ErrorCode::kScheduleBusy,
                std::to_string(running_.size()) +
                    " runs of the schedule are under way, and no more may be: wait until one of "
                    "them has ended");
}

void ScheduleRun::check_backfill(Time from, Time to) const {
  if (from < Time{} || to < from) {
    refuse_update(base::ErrorCode::kInvalidSchedule, "backfill(from, to): `to` is before `from`");
  }
  if (to > ctx_.now()) {
    refuse_update(base::ErrorCode::kInvalidSchedule, "backfill(from, to): `to` is in the future");
  }
  if (state_.backfills.size() >= kMostBackfills) {
    refuse_update(base::ErrorCode::kScheduleBusy,
                  std::to_string(kMostBackfills) +
                      " backfills of the schedule are not done: wait until one of them is");
  }
}

std::pair<std::string, std::string> ScheduleRun::trigger() {
  state_.last_trigger = std::max(ctx_.now(), state_.last_trigger + Duration(1));
  const RunningPtr started = start(state_.last_trigger, /*triggered=*/true);
  changed_ = true;
  ctx_.wait_until([&] { return started->settled; });
  const StartedByIt& run = started->run;
  if (!run.refused.empty()) {
    throw ApplicationFailure(run.refused.substr(0, run.refused.find(' ')),
                             "the schedule could not start a run: " + run.refused, false);
  }
  return {started->id, run.run_id};
}

}  // namespace reprise::internal
