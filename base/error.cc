#include "base/error.h"

namespace reprise::base {

std::string to_string(ErrorCode code) {
  return "RP" + std::to_string(static_cast<int>(code));
}

std::string_view summary(ErrorCode code) {
  switch (code) {
    case ErrorCode::kStoreMissing:
      return "there is no store at this path";
    case ErrorCode::kStoreUnwritable:
      return "the store cannot be written";
    case ErrorCode::kStoreLocked:
      return "another process has the store open";
    case ErrorCode::kStoreOtherFormat:
      return "the store was written by a newer version";
    case ErrorCode::kStoreDamaged:
      return "the store or a record in it is damaged";
    case ErrorCode::kStoreIo:
      return "writing to the store failed";
    case ErrorCode::kStoreFull:
      return "the store has no space left";
    case ErrorCode::kStoreClosed:
      return "the engine is stopping";
    case ErrorCode::kStoreMoved:
      return "the store's files were moved, removed or replaced";
    case ErrorCode::kForked:
      return "the engine belongs to the process that this one was forked from";
    case ErrorCode::kNoResources:
      return "the process or the machine is out of something";
    case ErrorCode::kKeyMissing:
      return "a key, or a payload codec, that this needs is not there";
    case ErrorCode::kSealBroken:
      return "sealed content does not decode";
    case ErrorCode::kNondeterminism:
      return "the code no longer does what the history says";
    case ErrorCode::kWorkflowBug:
      return "workflow code threw an exception that is no Failure";
    case ErrorCode::kUnknownWorkflow:
      return "no implementation of this workflow";
    case ErrorCode::kOutsideWorkflow:
      return "a durable call outside the run's own code";
    case ErrorCode::kWorkflowStuck:
      return "nothing can ever wake this run";
    case ErrorCode::kStrandsExhausted:
      return "no stack for another strand";
    case ErrorCode::kRunLimit:
      return "the run has reached a limit";
    case ErrorCode::kForbiddenCall:
      return "workflow code called what may differ from run to run";
    case ErrorCode::kNoHistory:
      return "this is no history of a run";
    case ErrorCode::kPoisoned:
      return "the code of the run has ended the process, more than once";
    case ErrorCode::kUnwindSwallowed:
      return "the code of the run swallows the exception that unwinds it";
    case ErrorCode::kPendingTaken:
      return "the result of a Pending was taken before";
    case ErrorCode::kActivityFailing:
      return "an activity has failed many times and is still tried";
    case ErrorCode::kPayloadDecode:
      return "a payload does not decode as the expected type";
    case ErrorCode::kPayloadTooLarge:
      return "a payload exceeds the limit";
    case ErrorCode::kInvalidId:
      return "an id or a name is empty, too long or no UTF-8";
    case ErrorCode::kAlreadyStarted:
      return "a run with this workflow id exists";
    case ErrorCode::kNotFound:
      return "no run with this id";
    case ErrorCode::kRunClosed:
      return "the run has ended";
    case ErrorCode::kUnknownQuery:
      return "the run answers no query of this name";
    case ErrorCode::kQueryFailed:
      return "the query handler failed";
    case ErrorCode::kNoWorker:
      return "no worker serves this task queue";
    case ErrorCode::kInvalidOption:
      return "an option has a value it cannot have";
    case ErrorCode::kOverloaded:
      return "too much is waiting to be done";
    case ErrorCode::kPayloadEncode:
      return "a value cannot be a payload";
    case ErrorCode::kSignalUnreadable:
      return "a signal does not decode as what the code of its run reads";
    case ErrorCode::kControl:
      return "the engine's control socket does not answer";
    case ErrorCode::kFilter:
      return "a filter of runs cannot be read";
    case ErrorCode::kPageToken:
      return "a page token does not name a page of this list";
    case ErrorCode::kInvalidCodec:
      return "a payload codec cannot be used";
    case ErrorCode::kInvalidKey:
      return "a key or a key file cannot be used";
    case ErrorCode::kInvalidToken:
      return "this is not a token of this store";
    case ErrorCode::kCompletionLate:
      return "the attempt of the token is over";
    case ErrorCode::kAlreadyCompleted:
      return "the attempt was completed or failed with its token before";
    case ErrorCode::kActivityCancelled:
      return "the code has cancelled the activity of the token and waits for its end";
    case ErrorCode::kArgumentUnreadable:
      return "an argument of a start does not decode as the workflow's";
    case ErrorCode::kArgumentMissing:
      return "a start has fewer arguments than the workflow";
    case ErrorCode::kTooManyArguments:
      return "a start has more arguments than the workflow";
    case ErrorCode::kStartNotAllowed:
      return "the start is not allowed";
    case ErrorCode::kInvalidPrincipal:
      return "a client's principal is too long or not printable";
    case ErrorCode::kRunNotPaused:
      return "the run is not paused";
    case ErrorCode::kNoSuchEvent:
      return "the history has no such event";
    case ErrorCode::kCannotReset:
      return "the run cannot go on from this event";
    case ErrorCode::kRowsStay:
      return "rows that were changed after the event are not undone";
    case ErrorCode::kNothingFailed:
      return "the run has not failed";
    case ErrorCode::kForkResult:
      return "the operation cannot get this result in the fork";
    case ErrorCode::kUpdateConflict:
      return "the update's id belongs to another update";
    case ErrorCode::kUpdateCheck:
      return "the check of an update has a bug";
    case ErrorCode::kUpdateUnfinished:
      return "the run ended before it had answered the update";
    case ErrorCode::kUpdateForgotten:
      return "the update was handled, and its answer is no longer known";
    case ErrorCode::kCheckpointBusy:
      return "something of the run is under way, so it can take no checkpoint";
    case ErrorCode::kCheckpointOther:
      return "a checkpoint goes on with the run's own workflow";
    case ErrorCode::kInvalidSchedule:
      return "it cannot be said when the schedule is due";
    case ErrorCode::kTimeZone:
      return "the system does not know this time zone";
    case ErrorCode::kActivityLimit:
      return "a limit of an activity is out of range, or its worker does not implement it";
    case ErrorCode::kPrecedence:
      return "a priority, a fairness key or a fairness weight is out of range";
    case ErrorCode::kTableName:
      return "a table's name is empty, too long or no UTF-8";
    case ErrorCode::kRowKey:
      return "a key of a table is too long";
    case ErrorCode::kTransactionLimit:
      return "a transaction changes too much";
    case ErrorCode::kReservedName:
      return "the name is reserved for the engine's own runs";
    case ErrorCode::kScheduleBusy:
      return "the schedule has as much to do as it may have";
    case ErrorCode::kTopicFull:
      return "too much is kept or remembered for a key of a topic";
    case ErrorCode::kHeaderInvalid:
      return "the name or the value of a header is invalid";
    case ErrorCode::kHeaderLimit:
      return "a call has too many headers, or too large ones";
    case ErrorCode::kInterceptorCall:
      return "an interceptor did not call next() exactly once";
    case ErrorCode::kUnknownActivity:
      return "no implementation of this activity";
    case ErrorCode::kProcessDied:
      return "the process ended during this attempt";
  }
  return "unknown error";
}

std::string Error::text() const {
  const std::string name = to_string(code);
  return message.starts_with(name + " ") ? message : name + " " + message;
}

}  // namespace reprise::base
