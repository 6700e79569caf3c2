#include "runtime/history/history_replay.h"

#include "base/printable_text.h"
#include "runtime/history/history.h"

namespace reprise::runtime {

HistoryReplay::HistoryReplay(const WorkerCode& code,
                             replay::StackPool& pool,
                             const proto::History& history,
                             HistoryReplayOptions options)
    : history_(history), symbols_(options.symbols) {
  replay::RunInfo info = run_info(history);
  const auto workflow = code.workflows.find(info.workflow);
  if (workflow == code.workflows.end()) {
    const base::Error error{base::ErrorCode::kUnknownWorkflow,
                            "this program does not implement workflow '" +
                                base::printable_text(info.workflow) + "'; implement() it"};
    trouble_ = replay::Trouble{error.code, error.text(), std::nullopt};
    return;
  }
  execution_ = std::make_unique<replay::Execution>(
      std::move(info), workflow->second, pool,
      replay::ExecutionOptions{.strict = options.strict,
                               .given_up = std::move(options.given_up),
                               .observer = options.observer});
}

bool HistoryReplay::next() {
  if (trouble_ || left_ || turns_ == history_.turns_size()) return false;
  const proto::Turn& turn = history_.turns(turns_);
  note(execution_->replay_turn(turn));
  if (trouble_ || left_) return false;
  ++turns_;
  events_ += count_events(turn);
  if (turns_ == history_.turns_size() && has_unseen_inputs()) note(execution_->rehearse());
  return true;
}

bool HistoryReplay::has_unseen_inputs() const {
  return history_.turns(history_.turns_size() - 1).without_code();
}

void HistoryReplay::note(replay::TurnEnd end) {
  if (end == replay::TurnEnd::kParked) {
    trouble_ = execution_->trouble();
    trouble_->report = replay::full_report(*trouble_, execution_->info(), symbols_);
  }
  left_ = end == replay::TurnEnd::kLeft;
}

}  // namespace reprise::runtime
