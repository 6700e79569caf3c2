#include "runtime/engine/child.h"

#include <utility>

#include "event/causes.h"

namespace reprise::runtime {
namespace {

proto::Failure child_failure(const proto::ChildScheduled& child,
                             const std::string& how,
                             proto::Failure&& cause) {
  proto::Failure failure;
  failure.set_kind(proto::Failure::CHILD);
  failure.set_workflow(child.workflow());
  failure.set_workflow_id(child.workflow_id());
  failure.set_message("child '" + child.workflow_id() + "' " + how + ": " + cause.message());
  *failure.mutable_cause() = std::move(cause);
  event::bound_causes(&failure);
  return failure;
}

proto::Failure cause_of(proto::Failure::Kind kind,
                        base::ErrorCode code,
                        const std::string& message) {
  proto::Failure cause;
  cause.set_kind(kind);
  cause.set_type(base::to_string(code));
  cause.set_message(message);
  return cause;
}

}  // namespace

ChildCall make_call(RunKey parent,
                    std::uint32_t parent_depth,
                    SharedPrecedence precedence,
                    const proto::Event& command) {
  return {.parent = std::move(parent),
          .depth = parent_depth + 1,
          .command = std::make_shared<const proto::Event>(command),
          .precedence = std::move(precedence)};
}

std::shared_ptr<const ChildCall> outline_of(const ChildCall& call) {
  const proto::ChildScheduled& whole = call.scheduled();
  proto::Event command;
  proto::ChildScheduled* const kept = command.mutable_child_scheduled();
  kept->set_id(whole.id());
  kept->set_workflow(whole.workflow());
  kept->set_workflow_id(whole.workflow_id());
  auto outline = std::make_shared<ChildCall>(call);
  outline->command = std::make_shared<const proto::Event>(std::move(command));
  return outline;
}

ChildNews news_of_start(const ChildCall& call, const base::RunId& run, bool existing) {
  ChildNews news{.parent = call.parent, .input = {}};
  proto::ChildStarted* const started = news.input.mutable_child_started();
  started->set_id(call.scheduled().id());
  started->mutable_run_id()->assign(run.bytes());
  started->set_existing(existing);
  return news;
}

ChildNews news_of_refusal(const ChildCall& call, const base::Error& why) {
  ChildNews news{.parent = call.parent, .input = {}};
  proto::ChildFailed* const failed = news.input.mutable_child_failed();
  failed->set_id(call.scheduled().id());
  failed->set_refused(true);
  const bool taken = why.code == base::ErrorCode::kAlreadyStarted;
  *failed->mutable_failure() = child_failure(
      call.scheduled(), "was not started",
      cause_of(proto::Failure::START_REFUSED, why.code,
               taken ? "its workflow id belongs to run " + why.message : why.message));
  return news;
}

ChildNews news_of_loss(const ChildCall& call, const base::Error& why) {
  ChildNews news{.parent = call.parent, .input = {}};
  proto::ChildFailed* const failed = news.input.mutable_child_failed();
  failed->set_id(call.scheduled().id());
  *failed->mutable_failure() =
      child_failure(call.scheduled(), "has an end that is not known",
                    cause_of(proto::Failure::EXTERNAL, why.code, why.message));
  return news;
}

ChildNews news_of_end(const ChildCall& call, const RunEnd& end) {
  ChildNews news{.parent = call.parent, .input = {}};
  const proto::ChildScheduled& child = call.scheduled();
  if (end.status == RunStatus::kCompleted) {
    news.input.mutable_child_completed()->set_id(child.id());
    news.input.mutable_child_completed()->set_result(end.result);
    return news;
  }
  proto::Failure cause = end.failure();
  if (end.status == RunStatus::kTerminated) {
    cause.set_kind(proto::Failure::TERMINATED);
    cause.clear_type();
  }
  news.input.mutable_child_failed()->set_id(child.id());
  *news.input.mutable_child_failed()->mutable_failure() =
      child_failure(child, "failed", std::move(cause));
  return news;
}

}  // namespace reprise::runtime
