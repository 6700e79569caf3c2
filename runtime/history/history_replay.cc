#include "runtime/history/history_replay.h"

#include <algorithm>
#include <utility>

#include "base/printable_text.h"
#include "event/turn.h"
#include "runtime/history/history.h"

namespace reprise::runtime {
namespace {

// The turn with which it begins: the first one, if there is no checkpoint.
int last_segment(const proto::History& history) {
  int turn = std::max(0, history.turns_size() - 1);
  while (turn > 0 && event::segment_start(history.turns(turn)) == nullptr) --turn;
  return turn;
}

}  // namespace

HistoryReplay::HistoryReplay(const WorkerCode& code,
                             replay::StackPool& pool,
                             const proto::History& history,
                             HistoryReplayOptions options)
    : history_(history),
      pool_(pool),
      options_(std::move(options)),
      began_(beginning(history, options_.whole)),
      turns_(began_.turn),
      events_(began_.event - 1) {
  const replay::RunInfo info = run_info(history);
  const auto workflow = code.workflows.find(info.workflow);
  if (workflow == code.workflows.end()) {
    const base::Error error{base::ErrorCode::kUnknownWorkflow,
                            "this program does not implement workflow '" +
                                base::printable_text(info.workflow) + "'; implement() it"};
    trouble_ = replay::Trouble{error.code, error.text(), std::nullopt};
    return;
  }
  workflow_ = &workflow->second;
  make_execution();
}

HistoryReplay::Beginning HistoryReplay::beginning(const proto::History& history, bool whole) {
  Beginning began{0, first_event(history)};
  const int turn = whole ? 0 : last_segment(history);
  for (; began.turn < turn; ++began.turn) {
    began.event += count_events(history.turns(began.turn));
  }
  return began;
}

void HistoryReplay::make_execution() {
  execution_.reset();  // before the new one: they share a thread and its strands
  execution_ = std::make_unique<replay::Execution>(
      run_info(history_), *workflow_, pool_,
      replay::ExecutionOptions{
          .strict = options_.strict, .given_up = options_.given_up, .observer = options_.observer});
}

bool HistoryReplay::next() {
  if (trouble_ || left_ || turns_ == history_.turns_size()) return false;
  const proto::Turn& turn = history_.turns(turns_);
  if (execution_->at_checkpoint()) make_execution();
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
    trouble_->report = replay::full_report(*trouble_, execution_->info(), options_.symbols);
  }
  left_ = end == replay::TurnEnd::kLeft;
}

}  // namespace reprise::runtime
