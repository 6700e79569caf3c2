#include "sdk/src/workflow/workflow_runner.h"

#include <utility>

#include "base/pooled.h"
#include "reprise/error.h"
#include "sdk/src/checks.h"
#include "sdk/src/failures.h"
#include "sdk/src/interceptors.h"
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
      std::string result = intercepted_run(host_->interceptors, context_,
                                           [this, input] { return object_->run(input); });
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
                         const Interceptors& interceptors,
                         runtime::ActivityAttempt& attempt,
                         std::string_view input) {
    ActivityContext context(attempt);
    if (interceptors.empty()) return function(context, input);
    return intercepted_activity(interceptors, context, attempt.headers(),
                                [&] { return function(context, input); });
  }
};

replay::WorkflowCode workflow_code(WorkflowFactory factory,
                                   std::shared_ptr<const WorkflowHost> host) {
  return [factory = std::move(factory), host = std::move(host)](replay::Execution& execution) {
    return std::make_unique<WorkflowRunner>(execution, factory, host);
  };
}

runtime::ActivityCode activity_code(ActivityFunction function, Interceptors interceptors) {
  return [function = std::move(function), interceptors = std::move(interceptors)](
             runtime::ActivityAttempt& attempt, std::string_view input) {
    const auto call = [&] { return ActivityRunner::run(function, interceptors, attempt, input); };
    return internal::attempt(call);
  };
}

namespace {

std::string_view text_without_code(const PayloadError& error) {
  std::string_view text = error.what();
  if (text.starts_with(error.code())) text.remove_prefix(error.code().size());
  if (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

// "2 arguments" as the array that carries them says; nullopt: it is none.
std::optional<std::size_t> argument_count(std::string_view input) {
  try {
    return CborReader(input).array();
  } catch (const PayloadError&) {
    return std::nullopt;
  }
}

std::string count_text(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " argument" : " arguments");
}

base::Error wrong_arguments(const PayloadError& error,
                            std::string_view input,
                            std::size_t expected) {
  const auto given = argument_count(input);
  if (!given || *given == expected) {
    return {base::ErrorCode::kArgumentUnreadable, std::string(text_without_code(error))};
  }
  const bool few = *given < expected;
  return {few ? base::ErrorCode::kArgumentMissing : base::ErrorCode::kTooManyArguments,
          "the workflow takes " + count_text(expected) + ", and the start has " +
              std::to_string(*given) +
              (few ? "; argument " + std::to_string(*given + 1) + " is missing" : "")};
}

runtime::ArgumentRule argument_rule(const ArgumentTypes& types) {
  return {.types = types.mark, .check = [types](std::string_view input) -> base::Status {
            try {
              types.decode(input);
              return {};
            } catch (const PayloadError& error) {
              return wrong_arguments(error, input, types.count);
            } catch (const std::exception& error) {  // of a codec with a bug
              return base::Error{base::ErrorCode::kArgumentUnreadable, error.what()};
            } catch (...) {
              return base::Error{base::ErrorCode::kArgumentUnreadable,
                                 "the codec threw what is not a std::exception"};
            }
          }};
}

}  // namespace

void Implementations::add_workflow(std::string_view name,
                                   WorkflowFactory factory,
                                   const ArgumentTypes& arguments) {
  check_id("the workflow's name", name);
  workflows_.insert_or_assign(std::string(name), Implemented{std::move(factory), arguments});
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
  const auto intercepted = std::make_shared<WorkflowHost>(*host);
  intercepted->interceptors = interceptors_;
  runtime::WorkerCode code;
  code.task_queue = task_queue;
  code.activity_threads = activity_threads;
  for (const auto& [name, implemented] : workflows_) {
    code.workflows[name] = workflow_code(implemented.factory, intercepted);
    code.arguments[name] = argument_rule(implemented.arguments);
  }
  code.activities = activities_;
  code.limits = limits_;
  return code;
}

}  // namespace reprise::internal
