#include "sdk/src/workflow/workflow_runner.h"

#include <utility>

#include "base/pooled.h"
#include "reprise/error.h"
#include "sdk/src/checks.h"
#include "sdk/src/failures.h"
#include "sdk/src/limits.h"

namespace reprise::internal {

// One run's code in memory: the Context, and the user's object made from it. The members are in
// this order because the object refers to the Context until it is destroyed.
class WorkflowRunner final : public replay::WorkflowInstance, public base::Pooled<WorkflowRunner> {
 public:
  WorkflowRunner(replay::Execution& execution,
                 const WorkflowFactory& factory,
                 std::shared_ptr<const WorkflowHost> host)
      : factory_(factory), host_(std::move(host)), context_(execution, *host_) {}

  // Anything but a Failure passes: a bug, or the run leaving memory.
  replay::Outcome make() override {
    try {
      object_ = factory_(context_);
      return {};
    } catch (const Failure& failure) {
      return replay::Outcome::failed(to_proto(failure));
    }
  }
  replay::Outcome run(std::string_view input) override {
    try {
      std::string result = object_->run(input);
      check_payload_size(result, "the workflow's result");
      return replay::Outcome::success(std::move(result));
    } catch (const Failure& failure) {
      return replay::Outcome::failed(to_proto(failure));
    }
  }

 private:
  const WorkflowFactory& factory_;  // the WorkflowCode's, which outlives every run
  std::shared_ptr<const WorkflowHost> host_;
  Context context_;
  std::unique_ptr<WorkflowObject> object_;
};

class ActivityRunner {
 public:
  static std::string run(const ActivityFunction& function,
                         runtime::ActivityAttempt& attempt,
                         std::string_view input) {
    ActivityContext context(attempt);
    return function(context, input);
  }
};

replay::WorkflowCode workflow_code(WorkflowFactory factory,
                                   std::shared_ptr<const WorkflowHost> host) {
  return [factory = std::move(factory), host = std::move(host)](replay::Execution& execution) {
    return std::make_unique<WorkflowRunner>(execution, factory, host);
  };
}

runtime::ActivityCode activity_code(ActivityFunction function) {
  return
      [function = std::move(function)](runtime::ActivityAttempt& attempt, std::string_view input) {
        const auto call = [&] { return ActivityRunner::run(function, attempt, input); };
        return internal::attempt(call);
      };
}

void Implementations::add_workflow(std::string_view name, WorkflowFactory factory) {
  check_id("the workflow's name", name);
  workflows_.insert_or_assign(std::string(name), std::move(factory));
}

void Implementations::add_activity(std::string_view name, runtime::ActivityCode code) {
  check_id("the activity's name", name);
  activities_.insert_or_assign(std::string(name), std::move(code));
}

void Implementations::set_limits(std::string_view activity, const ActivityLimits& limits) {
  limits_[std::string(activity)] = to_runtime(limits);
}

std::string_view Implementations::limited_without_code() const {
  for (const auto& [activity, limits] : limits_) {
    if (!activities_.contains(activity)) return activity;
  }
  return {};
}

runtime::WorkerCode Implementations::worker_code(
    const std::string& task_queue,
    std::size_t activity_threads,
    const std::shared_ptr<const WorkflowHost>& host) const {
  runtime::WorkerCode code;
  code.task_queue = task_queue;
  code.activity_threads = activity_threads;
  for (const auto& [name, factory] : workflows_)
    code.workflows[name] = workflow_code(factory, host);
  code.activities = activities_;
  code.limits = limits_;
  return code;
}

}  // namespace reprise::internal
