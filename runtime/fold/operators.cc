// What operators do to a run: they pause it, or have another one go on from an earlier event of it.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/time.h"
#include "runtime/fold/run_state.h"

namespace reprise::runtime {

using proto::Event;

void RunState::note_operator(const Event& input, std::int64_t time_ms) {
  if (input.has_run_paused()) {
    return pause(input.run_paused().reason(), input.run_paused().principal(), time_ms);
  }
  if (input.has_run_resumed()) return resume();
  if (input.has_run_reset() || input.has_run_forked()) begin_anew(time_ms);
}

// The newest reason counts, and the first time.
void RunState::pause(std::string reason, std::string principal, std::int64_t time_ms) {
  if (!open()) return;
  const std::int64_t since_ms = is_paused() && paused() != nullptr ? paused()->since_ms : time_ms;
  status = RunStatus::kPaused;
  rare().paused =
      std::make_unique<Paused>(Paused{since_ms, std::move(reason), std::move(principal)});
}

void RunState::resume() {
  if (!is_paused()) return;
  status = RunStatus::kRunning;
  rare().paused = nullptr;
  if (!keeps_rare()) rare_.reset();
}

// What comes before happened to another run: limits count from here, and attempts do.
void RunState::begin_anew(std::int64_t time_ms) {
  if (!open()) return;
  const std::int64_t limit_ms = run_timeout_ms();
  const std::int64_t chain_due_ms = terms() == nullptr ? 0 : terms()->execution_due_ms;
  started_ms = time_ms;
  const std::int64_t begins_ms = std::max(time_ms, delayed_until_ms());
  end_ms_ = limit_ms == 0 ? 0 : base::add_sat(begins_ms, limit_ms);
  if (chain_due_ms > 0) end_ms_ = end_ms_ == 0 ? chain_due_ms : std::min(end_ms_, chain_due_ms);
  for (PendingOperation& operation : pending_) {
    if (operation.is_transaction() || operation.is_attempted()) {
      operation.attempt = 1;
      operation.scheduled_ms = time_ms;
      operation.due_ms = 0;
      operation.open = false;
    }
  }
}

bool is_paused_by(const proto::Turn& turn, bool before) {
  for (const Event& input : turn.inputs()) {
    if (input.has_run_paused()) before = true;
    if (input.has_run_resumed()) before = false;
  }
  return before;
}

}  // namespace reprise::runtime
