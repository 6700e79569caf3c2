#include "sdk/src/failures.h"

#include <array>
#include <utility>

#include "replay/class_name.h"
#include "reprise/error.h"
#include "sdk/src/checks.h"

namespace reprise {

ApplicationFailure::ApplicationFailure(std::string type, const std::string& message, bool retryable)
    : Failure(message),
      type_(std::make_shared<const std::string>(std::move(type))),
      retryable_(retryable) {}

namespace {

std::string activity_message(const std::string& activity, int attempts, const Failure* cause) {
  std::string text = "'" + activity + "' failed";
  if (attempts > 0)
    text += " after " + std::to_string(attempts) + (attempts == 1 ? " attempt" : " attempts");
  if (cause != nullptr) text += std::string(": ") + cause->what();
  return text;
}

// The names of limits in the log.
constexpr std::array<std::pair<TimeoutKind, const char*>, 5> kLimits = {{
    {TimeoutKind::kStartToClose, "start_to_close"},
    {TimeoutKind::kScheduleToStart, "schedule_to_start"},
    {TimeoutKind::kScheduleToClose, "schedule_to_close"},
    {TimeoutKind::kHeartbeat, "heartbeat"},
    {TimeoutKind::kRun, "run_timeout"},
}};

TimeoutKind kind_of(std::string_view limit) {
  for (const auto& [kind, name] : kLimits) {
    if (limit == name) return kind;
  }
  return TimeoutKind::kOther;
}

std::string limit_name(TimeoutKind limit) {
  for (const auto& [kind, name] : kLimits) {
    if (limit == kind) return name;
  }
  return "other";
}

std::shared_ptr<const Failure> make_cause(const proto::Failure& failure);

// Calls `use` with the exception that the value stands for.
template <class Use>
auto with_exception(const proto::Failure& failure, Use use) {
  switch (failure.kind()) {
    case proto::Failure::APPLICATION:
      return use(ApplicationFailure(failure.type(), failure.message(), !failure.non_retryable()));
    case proto::Failure::ACTIVITY:
      return use(ActivityFailure(failure.activity(), failure.attempts(),
                                 failure.has_cause() ? make_cause(failure.cause()) : nullptr));
    case proto::Failure::TIMEOUT:
      return use(TimeoutFailure(kind_of(failure.type()), failure.message()));
    case proto::Failure::CANCELLED:
      return use(CancelledFailure(failure.message()));
    default:
      return use(Failure(failure.message()));
  }
}

std::shared_ptr<const Failure> make_cause(const proto::Failure& failure) {
  return with_exception(failure, [](auto exception) -> std::shared_ptr<const Failure> {
    return std::make_shared<const decltype(exception)>(std::move(exception));
  });
}

// Errors of ours that another attempt meets again.
bool is_final(const Error& error) {
  return dynamic_cast<const PayloadError*>(&error) != nullptr ||
         dynamic_cast<const UsageError*>(&error) != nullptr ||
         dynamic_cast<const InvalidOption*>(&error) != nullptr;
}

}  // namespace

ActivityFailure::ActivityFailure(std::string activity,
                                 int attempts,
                                 std::shared_ptr<const Failure> cause)
    : Failure(activity_message(activity, attempts, cause.get())),
      activity_(std::make_shared<const std::string>(std::move(activity))),
      attempts_(attempts),
      cause_(std::move(cause)) {}

namespace internal {

proto::Failure application_failure(std::string type, std::string message, bool retryable) {
  proto::Failure value;
  value.set_kind(proto::Failure::APPLICATION);
  value.set_type(std::move(type));
  value.set_message(std::move(message));
  value.set_non_retryable(!retryable);
  return value;
}

proto::Failure to_proto(const Failure& failure) {
  proto::Failure value;
  if (const auto* application = dynamic_cast<const ApplicationFailure*>(&failure)) {
    return application_failure(std::string(application->type()), failure.what(),
                               application->retryable());
  }
  if (const auto* activity = dynamic_cast<const ActivityFailure*>(&failure)) {
    value.set_kind(proto::Failure::ACTIVITY);
    value.set_activity(std::string(activity->activity()));
    value.set_attempts(activity->attempts());
    if (activity->cause() != nullptr) *value.mutable_cause() = to_proto(*activity->cause());
  } else if (const auto* timeout = dynamic_cast<const TimeoutFailure*>(&failure)) {
    value.set_kind(proto::Failure::TIMEOUT);
    value.set_type(limit_name(timeout->kind()));
  } else if (dynamic_cast<const CancelledFailure*>(&failure) != nullptr) {
    value.set_kind(proto::Failure::CANCELLED);
  } else {
    return application_failure(replay::class_name(failure), failure.what(), true);
  }
  value.set_message(failure.what());
  return value;
}

void throw_failure(const proto::Failure& failure) {
  with_exception(failure, [](auto exception) { throw exception; });
  throw Failure(failure.message());  // not reached
}

replay::Outcome made_final(const replay::Outcome& outcome) {
  proto::Failure failure = outcome.failure();
  failure.set_non_retryable(true);
  return replay::Outcome::failed(std::move(failure));
}

replay::Outcome attempt(base::FunctionRef<std::string()> body) {
  try {
    std::string result = body();
    check_payload_size(result);
    return replay::Outcome::success(std::move(result));
  } catch (const Failure& failure) {
    return replay::Outcome::failed(to_proto(failure));
  } catch (const Error& error) {
    return replay::Outcome::failed(
        application_failure(std::string(error.code()), error.what(), !is_final(error)));
  } catch (const std::exception& error) {
    return replay::Outcome::failed(
        application_failure(replay::class_name(error), error.what(), true));
  } catch (...) {
    return replay::Outcome::failed(
        application_failure("unknown exception", "something that is no std::exception", true));
  }
}

}  // namespace internal
}  // namespace reprise
