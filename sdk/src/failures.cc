#include "sdk/src/failures.h"

#include <array>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "event/causes.h"
#include "replay/class_name.h"
#include "sdk/src/checks.h"

namespace reprise {

static_assert(kMaxCauses == event::kMaxCauses);

namespace {

// Takes the place of causes that are left out of a chain. A failure like the others, so that the
// log keeps it.
constexpr std::string_view kLeftOut = "(more than 32 causes; some are left out)";
static_assert(kMaxCauses == 32);

}  // namespace

// The causes below a failure, limited in number: code that walks a chain (such as its destructor, on
// the stack of a strand) can rely on that.
struct CausedFailure::Chain {
  explicit Chain(std::shared_ptr<const Failure> whole) : cause(std::move(whole)) {
    if (cause == nullptr) return;
    causes = 1;
    const auto* below = dynamic_cast<const CausedFailure*>(cause.get());
    if (below == nullptr) return;
    causes += below->causes_;
    if (causes > kMaxCauses) leave_out(*below);
  }

  // `first` itself, and one more for the note if there is none yet.
  void leave_out(const CausedFailure& first) {
    causes = kMaxCauses;
    const auto& second = dynamic_cast<const CausedFailure&>(*first.cause_);
    std::shared_ptr<const Failure> kept = first.cause_;
    const auto* const note = dynamic_cast<const ActivityFailure*>(&second);
    if (note == nullptr || note->activity() != kLeftOut) {
      kept = std::make_shared<ActivityFailure>(std::string(kLeftOut), 0, second.cause_);
    }
    cause = std::move(kept);  // may destroy `first`
  }

  std::shared_ptr<const Failure> cause;
  int causes = 0;
};

CausedFailure::CausedFailure(const std::string& message, Chain chain)
    : Failure(message), causes_(chain.causes), cause_(std::move(chain.cause)) {}

ApplicationFailure::ApplicationFailure(std::string type, const std::string& message, bool retryable)
    : Failure(message),
      type_(std::make_shared<const std::string>(std::move(type))),
      retryable_(retryable) {}

namespace {

ExternalReason reason_of(std::string_view code) {
  if (code == base::to_string(base::ErrorCode::kNotFound)) return ExternalReason::kNotFound;
  if (code == base::to_string(base::ErrorCode::kRunClosed)) return ExternalReason::kRunClosed;
  return ExternalReason::kOther;
}

}  // namespace

ExternalFailure::ExternalFailure(std::string code, const std::string& message)
    : Failure(message),
      code_(std::make_shared<const std::string>(std::move(code))),
      reason_(reason_of(*code_)) {}

namespace {

std::string child_message(const std::string& id, const Failure* cause) {
  const bool refused = dynamic_cast<const StartRefusedFailure*>(cause) != nullptr;
  std::string text = "child '" + id + (refused ? "' was not started" : "' failed");
  if (cause != nullptr) text += std::string(": ") + cause->what();
  return text;
}

std::string activity_message(const std::string& activity, int attempts, const Failure* cause) {
  std::string text = "'" + activity + "' failed";
  if (attempts > 0)
    text += " after " + std::to_string(attempts) + (attempts == 1 ? " attempt" : " attempts");
  if (cause != nullptr) text += std::string(": ") + cause->what();
  return text;
}

// The names of limits in the log.
constexpr std::array<std::pair<TimeoutKind, const char*>, 6> kLimits = {{
    {TimeoutKind::kStartToClose, "start_to_close"},
    {TimeoutKind::kScheduleToStart, "schedule_to_start"},
    {TimeoutKind::kScheduleToClose, "schedule_to_close"},
    {TimeoutKind::kHeartbeat, "heartbeat"},
    {TimeoutKind::kRun, "run_timeout"},
    {TimeoutKind::kExecution, "execution_timeout"},
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

// Calls `use` with the exception for the value, with the cause `cause`.
template <class Use>
auto with_exception(const proto::Failure& failure, std::shared_ptr<const Failure> cause, Use use) {
  switch (failure.kind()) {
    case proto::Failure::APPLICATION:
      return use(ApplicationFailure(failure.type(), failure.message(), !failure.non_retryable()));
    case proto::Failure::ACTIVITY:
      return use(ActivityFailure(failure.activity(), failure.attempts(), std::move(cause)));
    case proto::Failure::TIMEOUT:
      return use(TimeoutFailure(kind_of(failure.type()), failure.message()));
    case proto::Failure::CANCELLED:
      return use(CancelledFailure(failure.message()));
    case proto::Failure::EXTERNAL:
      return use(ExternalFailure(failure.type(), failure.message()));
    case proto::Failure::CHILD:
      return use(ChildFailure(failure.workflow(), failure.workflow_id(), std::move(cause)));
    case proto::Failure::START_REFUSED:
      return use(StartRefusedFailure(failure.type(), failure.message()));
    case proto::Failure::TERMINATED:
      return use(TerminatedFailure(failure.message()));
    default:
      return use(Failure(failure.message()));
  }
}

// From the innermost outwards, without recursion: this runs on strands, and recorded chains may be
// longer than those written today.
std::shared_ptr<const Failure> make_cause(const proto::Failure& failure) {
  std::vector<const proto::Failure*> causes;
  for (const proto::Failure* at = &failure; at->has_cause(); at = &at->cause()) {
    causes.push_back(&at->cause());
  }
  std::shared_ptr<const Failure> made;
  for (; !causes.empty(); causes.pop_back()) {
    made = with_exception(
        *causes.back(), std::move(made), [](auto exception) -> std::shared_ptr<const Failure> {
          return std::make_shared<const decltype(exception)>(std::move(exception));
        });
  }
  return made;
}

// Errors of ours that would occur again in another attempt.
bool is_final(const Error& error) {
  return dynamic_cast<const PayloadError*>(&error) != nullptr ||
         dynamic_cast<const UsageError*>(&error) != nullptr ||
         dynamic_cast<const InvalidOption*>(&error) != nullptr;
}

}  // namespace

ActivityFailure::ActivityFailure(std::string activity,
                                 int attempts,
                                 std::shared_ptr<const Failure> cause)
    : ActivityFailure(std::move(activity), attempts, Chain(std::move(cause))) {}

ActivityFailure::ActivityFailure(std::string activity, int attempts, Chain chain)
    : CausedFailure(activity_message(activity, attempts, chain.cause.get()), chain),
      activity_(std::make_shared<const std::string>(std::move(activity))),
      attempts_(attempts) {}

ChildFailure::ChildFailure(std::string workflow,
                           std::string id,
                           std::shared_ptr<const Failure> cause)
    : ChildFailure(std::move(workflow), std::move(id), Chain(std::move(cause))) {}

ChildFailure::ChildFailure(std::string workflow, std::string id, Chain chain)
    : CausedFailure(child_message(id, chain.cause.get()), chain),
      workflow_(std::make_shared<const std::string>(std::move(workflow))),
      id_(std::make_shared<const std::string>(std::move(id))) {}

StartRefusedFailure::StartRefusedFailure(std::string code, const std::string& message)
    : Failure(message), code_(std::make_shared<const std::string>(std::move(code))) {}

namespace internal {

proto::Failure application_failure(std::string type, std::string message, bool retryable) {
  proto::Failure value;
  value.set_kind(proto::Failure::APPLICATION);
  value.set_type(base::to_text(std::move(type)));
  value.set_message(base::to_text(std::move(message)));
  value.set_non_retryable(!retryable);
  return value;
}

namespace {

proto::Failure without_cause(const Failure& failure) {
  proto::Failure value;
  if (const auto* application = dynamic_cast<const ApplicationFailure*>(&failure)) {
    return application_failure(std::string(application->type()), failure.what(),
                               application->retryable());
  }
  if (const auto* activity = dynamic_cast<const ActivityFailure*>(&failure)) {
    value.set_kind(proto::Failure::ACTIVITY);
    value.set_activity(base::to_text(std::string(activity->activity())));
    value.set_attempts(activity->attempts());
  } else if (const auto* child = dynamic_cast<const ChildFailure*>(&failure)) {
    value.set_kind(proto::Failure::CHILD);
    value.set_workflow(base::to_text(std::string(child->workflow())));
    value.set_workflow_id(base::to_text(std::string(child->id())));
  } else if (const auto* refused = dynamic_cast<const StartRefusedFailure*>(&failure)) {
    value.set_kind(proto::Failure::START_REFUSED);
    value.set_type(base::to_text(std::string(refused->code())));
  } else if (dynamic_cast<const TerminatedFailure*>(&failure) != nullptr) {
    value.set_kind(proto::Failure::TERMINATED);
  } else if (const auto* timeout = dynamic_cast<const TimeoutFailure*>(&failure)) {
    value.set_kind(proto::Failure::TIMEOUT);
    value.set_type(limit_name(timeout->kind()));
  } else if (const auto* external = dynamic_cast<const ExternalFailure*>(&failure)) {
    value.set_kind(proto::Failure::EXTERNAL);
    value.set_type(std::string(external->code()));
  } else if (dynamic_cast<const CancelledFailure*>(&failure) != nullptr) {
    value.set_kind(proto::Failure::CANCELLED);
  } else {
    return application_failure(replay::class_name(failure), failure.what(), true);
  }
  value.set_message(base::to_text(failure.what()));
  return value;
}

const Failure* cause_of(const Failure& failure) {
  const auto* caused = dynamic_cast<const CausedFailure*>(&failure);
  return caused == nullptr ? nullptr : caused->cause();
}

}  // namespace

proto::Failure to_proto(const Failure& failure) {
  proto::Failure value = without_cause(failure);
  // Without recursion, as in make_cause: the stack of a strand is small.
  proto::Failure* at = &value;
  for (const Failure* cause = cause_of(failure); cause != nullptr; cause = cause_of(*cause)) {
    at = at->mutable_cause();
    *at = without_cause(*cause);
  }
  return value;
}

void throw_failure(const proto::Failure& failure) {
  with_exception(failure, make_cause(failure), [](auto exception) { throw exception; });
  throw Failure(failure.message());  // not reached
}

replay::Outcome refused_result(const PayloadError& error) {
  return replay::Outcome::failed(
      application_failure(std::string(error.code()), error.what(), false));
}

replay::Outcome made_final(const replay::Outcome& outcome) {
  proto::Failure failure = outcome.failure();
  failure.set_non_retryable(true);
  return replay::Outcome::failed(std::move(failure));
}

replay::Outcome attempt(base::FunctionRef<std::string()> body) {
  try {
    std::string result = body();
    check_payload_size(result, "the result");
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
