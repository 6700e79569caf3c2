#include "sdk/src/errors.h"

#include "base/printable_text.h"

namespace reprise {

namespace {

// Reports of mismatches begin with their code.
std::string with_code(std::string_view code, std::string_view message) {
  return message.starts_with(code) ? std::string(message)
                                   : std::string(code) + " " + std::string(message);
}

}  // namespace

Error::Error(std::string_view code, std::string_view message)
    : std::runtime_error(
          base::printable_text(with_code(code, message), base::LineBreaks::kIndented)) {}

std::string_view Error::code() const noexcept {
  const std::string_view text = what();
  return text.substr(0, text.find(' '));
}

AlreadyStarted::AlreadyStarted(std::string_view message, std::string run_id)
    : Error(base::to_string(base::ErrorCode::kAlreadyStarted), message),
      run_id_(std::move(run_id)) {}

std::size_t FilterError::position() const noexcept {
  constexpr std::string_view kBefore = " at character ";
  const std::string_view text = what();
  const std::size_t found = text.find(kBefore);
  std::size_t position = 0;
  if (found == text.npos) return position;
  for (const char c : text.substr(found + kBefore.size())) {
    if (c < '0' || c > '9') break;
    position = position * 10 + static_cast<std::size_t>(c - '0');
  }
  return position;
}

void internal::throw_error(const base::Error& error) {
  using Code = base::ErrorCode;
  const std::string code = code_text(error.code);
  switch (error.code) {
    case Code::kStoreMissing:
    case Code::kStoreUnwritable:
    case Code::kStoreLocked:
    case Code::kStoreOtherFormat:
    case Code::kStoreDamaged:
    case Code::kStoreIo:
    case Code::kStoreClosed:
    case Code::kStoreMoved:
    case Code::kForked:
    case Code::kNoResources:
    case Code::kKeyMissing:
    case Code::kSealBroken:
      throw StoreError(code, error.message);
    case Code::kStoreFull:
      throw StoreFull(code, error.message);
    case Code::kUpdateConflict:
    case Code::kUpdateCheck:
    case Code::kUpdateForgotten:
      throw UpdateRefused(code, error.message);
    case Code::kUpdateUnfinished:
      throw UpdateUnfinished(code, error.message);
    case Code::kNondeterminism:
    case Code::kForbiddenCall:
      throw NondeterminismError(code, error.message);
    case Code::kWorkflowBug:
    case Code::kStrandsExhausted:
    case Code::kRunLimit:
    case Code::kPoisoned:
    case Code::kUnwindSwallowed:
      throw ParkedError(code, error.message);
    case Code::kUnknownWorkflow:
    case Code::kNoWorker:
    case Code::kUnknownActivity:
      throw UnknownWorkflow(code, error.message);
    case Code::kOutsideWorkflow:
    case Code::kWorkflowStuck:
    case Code::kPendingTaken:
    case Code::kCheckpointBusy:
    case Code::kInterceptorCall:
      throw UsageError(code, error.message);
    case Code::kNoHistory:
      throw HistoryError(code, error.message);
    case Code::kPayloadDecode:
    case Code::kPayloadTooLarge:
    case Code::kPayloadEncode:
    case Code::kSignalUnreadable:
    case Code::kArgumentUnreadable:
    case Code::kArgumentMissing:
    case Code::kTooManyArguments:
      throw PayloadError(code, error.message);
    case Code::kInvalidId:
    case Code::kInvalidOption:
    case Code::kInvalidPrincipal:
    case Code::kNoSuchEvent:
    case Code::kCheckpointOther:
    case Code::kTableName:
    case Code::kRowKey:
    case Code::kTransactionLimit:
    case Code::kInvalidSchedule:
    case Code::kTimeZone:
    case Code::kReservedName:
    case Code::kHeaderInvalid:
    case Code::kHeaderLimit:
    case Code::kActivityLimit:
    case Code::kPrecedence:
    case Code::kInvalidCodec:
    case Code::kInvalidKey:
      throw InvalidOption(code, error.message);
    case Code::kFilter:
      throw FilterError(code, error.message);
    case Code::kPageToken:
      throw InvalidPageToken(code, error.message);
    case Code::kAlreadyStarted:
      throw AlreadyStarted(error.message, {});
    case Code::kRunNotPaused:
    case Code::kCannotReset:
    case Code::kRowsStay:
    case Code::kNothingFailed:
    case Code::kForkResult:
      throw RepairRefused(code, error.message);
    case Code::kNotFound:
      throw NotFound(code, error.message);
    case Code::kRunClosed:
      throw RunClosed(code, error.message);
    case Code::kUnknownQuery:
    case Code::kQueryFailed:
      throw QueryFailed(code, error.message);
    case Code::kOverloaded:
    case Code::kScheduleBusy:
      throw Overloaded(code, error.message);
    case Code::kInvalidToken:
      throw InvalidToken(code, error.message);
    case Code::kCompletionLate:
      throw CompletionLate(code, error.message);
    case Code::kAlreadyCompleted:
      throw AlreadyCompleted(code, error.message);
    case Code::kActivityCancelled:
      throw ActivityCancelled(code, error.message);
    case Code::kStartNotAllowed:
      throw NotAllowed(code, error.message);
    case Code::kControl:
    case Code::kActivityFailing:  // incidents have it; no call is refused with it
    case Code::kProcessDied:
    case Code::kTopicFull:
      break;
  }
  throw Error(code, error.message);
}

}  // namespace reprise
