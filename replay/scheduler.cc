#include "replay/scheduler.h"

#include <algorithm>

#include "base/check.h"
#include "base/out_of_memory.h"

namespace reprise::replay {

StrandRecord& Scheduler::create(std::function<void()> body, ScopeRef scope) {
  strands_.push_back(std::make_unique<StrandRecord>(pool_, std::move(body), std::move(scope)));
  strands_.back()->number = ++created_;
  strands_.back()->strand.label().number = created_;
  wake(*strands_.back());
  return *strands_.back();
}

void Scheduler::wake(StrandRecord& strand) {
  if (strand.ready || !may_run(strand)) return;
  strand.ready = true;
  ready_.push_back(&strand);
}

void Scheduler::run_until_blocked(base::FunctionRef<void(StrandRecord&)> finished) {
  do {
    while (has_ready() && !halted_) {
      StrandRecord& strand = take_ready();
      if (!may_run(strand)) continue;
      progress_ = true;
      resume(strand);
      if (strand.strand.done()) end(strand, finished);
    }
  } while (!halted_ && recheck_conditions(finished));
}

StrandRecord& Scheduler::take_ready() {
  StrandRecord& strand = *ready_[next_ready_++];
  strand.ready = false;
  if (next_ready_ * 2 >= ready_.size()) {
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(next_ready_));
    next_ready_ = 0;
  }
  return strand;
}

// Conditions read state that other code of the run changes, and inputs, so they are evaluated after
// such code has run, and after an input; evaluating a condition that is false is not progress.
bool Scheduler::recheck_conditions(base::FunctionRef<void(StrandRecord&)> finished) {
  if (!progress_ || conditions_.empty()) return false;
  progress_ = false;
  const std::vector<StrandRecord*> waiting = conditions_;
  for (StrandRecord* strand : waiting) {
    // An earlier one may have stopped it.
    if (std::find(conditions_.begin(), conditions_.end(), strand) == conditions_.end()) continue;
    if (!may_run(*strand)) continue;
    strand->rechecking = true;
    resume(*strand);
    if (strand->strand.done()) {
      progress_ = true;
      end(*strand, finished);
    }
    if (halted_) return false;
  }
  return progress_ || has_ready();
}

void Scheduler::resume(StrandRecord& strand) {
  StrandRecord* const outer = std::exchange(current_, &strand);
  strand.running = true;
  const bool before = guard_ != nullptr && guard_->watch(strand.watched);
  strand.strand.resume();
  // Restores what the strand has allowed itself; other strands do not get it.
  if (guard_ != nullptr) strand.watched = guard_->watch(before);
  strand.running = false;
  current_ = outer;
}

void Scheduler::block() {
  current_->strand.suspend();
}

void Scheduler::block_on_condition() {
  StrandRecord& strand = *current_;
  if (!strand.on_condition) {
    strand.on_condition = true;
    base::needs_memory("waiting for a condition", [&] { conditions_.push_back(&strand); });
  }
  strand.strand.suspend();
}

void Scheduler::condition_met() {
  StrandRecord& strand = *current_;
  if (strand.on_condition) std::erase(conditions_, &strand);
  strand.on_condition = false;
  if (std::exchange(strand.rechecking, false)) progress_ = true;
}

bool Scheduler::stop(StrandRecord& strand) {
  REPRISE_CHECK(!strand.running, "a strand cannot unwind the stack it stands on");
  StrandRecord* const outer = std::exchange(current_, &strand);
  strand.stopped_by = outer;
  strand.running = true;  // it may hold its own handle
  // Code that runs because the run leaves memory is not part of a turn.
  const bool before = guard_ != nullptr && guard_->watch(outer != nullptr && strand.watched);
  const bool done = strand.strand.evict_until_pause();
  if (guard_ != nullptr) (void)guard_->watch(before);
  current_ = outer;
  strand.running = false;
  if (!done) return false;
  note_if_given_up(strand);
  forget(strand);
  return true;
}

void Scheduler::pause_for(Operation& step) {
  StrandRecord& strand = *current_;
  strand.frozen = true;  // nothing wakes it
  stop_waking(strand);
  strand.paused_for = &step;
  strand.strand.pause();
  strand.paused_for = nullptr;
}

void Scheduler::evict_all() {
  halted_ = true;
  while (!strands_.empty()) {
    REPRISE_CHECK(stop(*strands_.back()), "nothing waits when a whole run is unwound");
  }
}

void Scheduler::end(StrandRecord& strand, base::FunctionRef<void(StrandRecord&)> finished) {
  note_if_given_up(strand);
  if (!strand.strand.given_up()) finished(strand);
  forget(strand);
}

void Scheduler::note_if_given_up(const StrandRecord& strand) {
  if (!strand.strand.given_up()) return;
  ever_gave_up_ = true;
  given_up_.push_back({strand.number, {}, strand.strand.given_up_at()});
}

void Scheduler::stop_waking(StrandRecord& strand) {
  if (std::exchange(strand.ready, false)) {
    const auto waiting = ready_.begin() + static_cast<std::ptrdiff_t>(next_ready_);
    ready_.erase(std::find(waiting, ready_.end(), &strand));
  }
  if (std::exchange(strand.on_condition, false)) std::erase(conditions_, &strand);
}

void Scheduler::forget(StrandRecord& strand) {
  stop_waking(strand);
  for (Operation* operation : strand.waits_for) operation->stop_waking(strand);
  if (strand.completes != nullptr) strand.completes->strand = nullptr;
  const auto found = std::find_if(strands_.begin(), strands_.end(),
                                  [&](const auto& owned) { return owned.get() == &strand; });
  REPRISE_CHECK(found != strands_.end(), "a strand is forgotten once");
  strands_.erase(found);
}

}  // namespace reprise::replay
