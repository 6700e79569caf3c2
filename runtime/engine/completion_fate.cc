#include "runtime/engine/completion_fate.h"

#include <utility>

#include "runtime/fold/walk.h"

namespace reprise::runtime {

using base::ErrorCode;
using event::Answer;
using proto::Event;

namespace {

// What the attempt failed with. That it was cancelled is said by the failure itself.
const proto::Failure& cause_of(const proto::Failure& failure) {
  return failure.has_cause() ? failure.cause() : failure;
}

}  // namespace

void CompletionFate::add(const proto::Turn& turn) {
  if (how_.empty()) walk(turn, *this);
}

void CompletionFate::opened(const event::Row& row, const Event& event) {
  if (!event.has_activity_scheduled() || row.id(event) != sought_.operation) return;
  activity_ = event.activity_scheduled().name();
  attempt_ = 1;
}

void CompletionFate::answered(const event::Row& row, const Event& event) {
  if (!how_.empty() || attempt_ == 0 || row.id(event) != sought_.operation) return;
  const bool is_it = attempt_ == sought_.attempt;
  switch (row.answers) {
    case Answer::kResult:
      if (!is_it) return;
      return event.activity_completed().elsewhere()
                 ? decide(ErrorCode::kAlreadyCompleted, "was completed with this token before")
                 : decide(ErrorCode::kCompletionLate, "was completed by its worker");
    case Answer::kFailure:
      if (!is_it) return;
      return failed(cause_of(event.activity_failed().failure()),
                    event.activity_failed().elsewhere());
    case Answer::kAttemptFailed:
      attempt_ = event.attempt_failed().attempt() + 1;
      if (!is_it) return;
      return failed(event.attempt_failed().failure(), event.attempt_failed().elsewhere());
    case Answer::kGivenUp:
      if (attempt_ >= sought_.attempt) decide(ErrorCode::kCompletionLate, "was cancelled");
      return;
    case Answer::kHeartbeat:
    case Answer::kLeftOpen:
    case Answer::kStarted:
    case Answer::kCancelAwaited:
    case Answer::kNone:
      return;
  }
}

void CompletionFate::ended(const event::Row&, const Event&) {
  if (!how_.empty() || attempt_ < sought_.attempt) return;
  decide(ErrorCode::kCompletionLate, "ended with its run");
}

void CompletionFate::failed(const proto::Failure& failure, bool elsewhere) {
  if (elsewhere) {
    return decide(ErrorCode::kAlreadyCompleted, "was failed with this token before");
  }
  decide(ErrorCode::kCompletionLate, "has failed: " + failure.message());
}

void CompletionFate::decide(ErrorCode code, std::string how) {
  code_ = code;
  how_ = std::move(how);
}

std::string CompletionFate::title() const {
  return "attempt " + std::to_string(sought_.attempt) + " of activity " +
         (activity_.empty() ? "" : "'" + activity_ + "', ") + "#" +
         std::to_string(sought_.operation) + " of run '" + sought_.run.workflow_id + "'";
}

base::Error CompletionFate::error() const {
  if (!how_.empty()) return {code_, title() + " " + how_};
  return {ErrorCode::kNotFound, "the history of the run does not have " + title() +
                                    "; was the store restored from an older backup?"};
}

}  // namespace reprise::runtime
