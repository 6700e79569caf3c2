#include "sdk/src/failures.h"

#include <memory>
#include <reprise/error.h>
#include <reprise/failure.h>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "sdk/src/errors.h"

namespace reprise::failures_test {
namespace {

class OutOfHats : public Failure {
 public:
  OutOfHats() : Failure("no hats left") {}
};

template <class F>
F thrown_by(const proto::Failure& value) {
  try {
    internal::throw_failure(value);
  } catch (const F& failure) {
    return failure;
  }
}

template <class F>
F round_trip(const Failure& failure) {
  return thrown_by<F>(internal::to_proto(failure));
}

TEST(Failures, SurviveTheLog) {
  const auto application =
      round_trip<ApplicationFailure>(ApplicationFailure("Late", "5 min", false));
  EXPECT_EQ(application.type(), "Late");
  EXPECT_STREQ(application.what(), "5 min");
  EXPECT_FALSE(application.retryable());
  EXPECT_TRUE(round_trip<ApplicationFailure>(ApplicationFailure("Late", "")).retryable());

  const auto cause = std::make_shared<TimeoutFailure>(TimeoutKind::kHeartbeat, "silent");
  const ActivityFailure original("charge", 3, cause);
  const auto activity = round_trip<ActivityFailure>(original);
  EXPECT_EQ(activity.activity(), "charge");
  EXPECT_EQ(activity.attempts(), 3);
  ASSERT_NE(activity.cause_as<TimeoutFailure>(), nullptr);
  EXPECT_EQ(activity.cause_as<TimeoutFailure>()->kind(), TimeoutKind::kHeartbeat);
  EXPECT_EQ(activity.cause_as<ApplicationFailure>(), nullptr);
  EXPECT_STREQ(activity.what(), original.what());
  EXPECT_STREQ(activity.what(), "'charge' failed after 3 attempts: silent");

  for (const auto kind :
       {TimeoutKind::kStartToClose, TimeoutKind::kScheduleToStart, TimeoutKind::kScheduleToClose,
        TimeoutKind::kHeartbeat, TimeoutKind::kRun, TimeoutKind::kExecution, TimeoutKind::kOther}) {
    EXPECT_EQ(round_trip<TimeoutFailure>(TimeoutFailure(kind, "late")).kind(), kind);
  }
  EXPECT_STREQ(round_trip<CancelledFailure>(CancelledFailure("enough")).what(), "enough");
}

TEST(Failures, OfUsersClassesAreApplicationFailures) {
  const auto failure = round_trip<ApplicationFailure>(OutOfHats());
  EXPECT_NE(failure.type().find("OutOfHats"), std::string_view::npos);
  EXPECT_STREQ(failure.what(), "no hats left");
  EXPECT_EQ(round_trip<ApplicationFailure>(Failure("plain")).type(), "reprise::Failure");
}

TEST(Failures, WithoutACauseHaveNone) {
  proto::Failure value;
  value.set_kind(proto::Failure::ACTIVITY);
  value.set_activity("ship");
  EXPECT_EQ(thrown_by<ActivityFailure>(value).cause(), nullptr);
}

proto::Failure failure_of(std::string (*body)()) {
  const auto outcome = internal::attempt(body);
  EXPECT_FALSE(outcome.ok());
  return outcome.failure();
}

TEST(Attempts, TurnEveryExceptionIntoAFailure) {
  const auto plain = failure_of([]() -> std::string { throw std::out_of_range("no such hat"); });
  EXPECT_EQ(plain.type(), "std::out_of_range");
  EXPECT_EQ(plain.message(), "no such hat");
  EXPECT_FALSE(plain.non_retryable());

  const auto unknown = failure_of([]() -> std::string { throw 42; });
  EXPECT_EQ(unknown.type(), "unknown exception");
  EXPECT_FALSE(unknown.non_retryable());

  const auto own = failure_of([]() -> std::string { throw ApplicationFailure("T", "m", false); });
  EXPECT_EQ(own.type(), "T");
  EXPECT_TRUE(own.non_retryable());

  const auto payload = failure_of([]() -> std::string { throw PayloadError("RP3001", "no int"); });
  EXPECT_EQ(payload.type(), "RP3001");
  EXPECT_TRUE(payload.non_retryable());

  const auto store = failure_of([]() -> std::string { throw StoreError("RP1008", "closing"); });
  EXPECT_EQ(store.type(), "RP1008");
  EXPECT_FALSE(store.non_retryable());

  const auto large = failure_of([]() -> std::string { return std::string(3 << 20, 'x'); });
  EXPECT_EQ(large.type(), "RP3002");
  EXPECT_TRUE(large.non_retryable());
}

TEST(Attempts, ReturnTheResult) {
  const auto outcome = internal::attempt([] { return std::string("payload"); });
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.payload(), "payload");
}

TEST(Errors, CarryTheirCode) {
  const Error error("RP3005", "no run");
  EXPECT_EQ(error.code(), "RP3005");
  EXPECT_STREQ(error.what(), "RP3005 no run");
}

TEST(Errors, HaveAClassPerKind) {
  using Code = base::ErrorCode;
  const auto throwing = [](Code code) { internal::throw_error({code, "message"}); };
  EXPECT_THROW(throwing(Code::kStoreLocked), StoreError);
  EXPECT_THROW(throwing(Code::kStoreClosed), StoreError);
  EXPECT_THROW(throwing(Code::kStoreMoved), StoreError);
  EXPECT_THROW(throwing(Code::kForked), StoreError);
  EXPECT_THROW(throwing(Code::kNoResources), StoreError);
  EXPECT_THROW(throwing(Code::kStoreFull), StoreFull);
  EXPECT_THROW(throwing(Code::kNondeterminism), NondeterminismError);
  EXPECT_THROW(throwing(Code::kNondeterminism), ParkedError);
  EXPECT_THROW(throwing(Code::kWorkflowBug), ParkedError);
  EXPECT_THROW(throwing(Code::kUnknownWorkflow), UnknownWorkflow);
  EXPECT_THROW(throwing(Code::kNoWorker), UnknownWorkflow);
  EXPECT_THROW(throwing(Code::kOutsideWorkflow), UsageError);
  EXPECT_THROW(throwing(Code::kPayloadTooLarge), PayloadError);
  EXPECT_THROW(throwing(Code::kPayloadEncode), PayloadError);
  EXPECT_THROW(throwing(Code::kInvalidId), InvalidOption);
  EXPECT_THROW(throwing(Code::kAlreadyStarted), AlreadyStarted);
  EXPECT_THROW(throwing(Code::kNotFound), NotFound);
  EXPECT_THROW(throwing(Code::kRunClosed), RunClosed);
  EXPECT_THROW(throwing(Code::kQueryFailed), QueryFailed);
  EXPECT_THROW(throwing(Code::kOverloaded), Overloaded);
  EXPECT_THROW(throwing(Code::kRunLimit), ParkedError);
}

}  // namespace
}  // namespace reprise::failures_test
