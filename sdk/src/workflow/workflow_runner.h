// Implementations of workflows and activities in the form that the runtime needs.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "reprise/interceptor.h"
#include "reprise/internal/registry.h"
#include "runtime/worker_code.h"
#include "sdk/src/workflow/hosted.h"

namespace reprise::internal {

replay::WorkflowCode workflow_code(WorkflowFactory factory,
                                   std::shared_ptr<const WorkflowHost> host);
runtime::ActivityCode activity_code(ActivityFunction function, Interceptors interceptors);

// What has been implemented so far.
class Implementations {
 public:
  Implementations() = default;
  explicit Implementations(Interceptors interceptors) : interceptors_(std::move(interceptors)) {}

  // Around all of it, the first outermost.
  const Interceptors& interceptors() const { return interceptors_; }
  void add_outermost(const Interceptors& interceptors) {
    interceptors_.insert(interceptors_.begin(), interceptors.begin(), interceptors.end());
  }

  // If a name comes twice, the later one counts, as in a test's environment.
  void add_workflow(std::string_view name, WorkflowFactory factory, const ArgumentTypes& arguments);
  void add_activity(std::string_view name, runtime::ActivityCode code);
  // The later ones count.
  void set_limits(std::string_view activity, const ActivityLimits& limits);
  bool has_limits(std::string_view activity) const { return limits_.contains(activity); }
  // An activity that has limits and no code; empty: there is none.
  std::string_view limited_without_code() const;
  bool has_workflow(std::string_view name) const { return workflows_.contains(name); }
  bool has_activity(std::string_view name) const { return activities_.contains(name); }
  runtime::WorkerCode worker_code(const std::string& task_queue,
                                  std::size_t activity_threads,
                                  const std::shared_ptr<const WorkflowHost>& host) const;

 private:
  struct Implemented {
    WorkflowFactory factory;
    ArgumentTypes arguments;
  };
  std::map<std::string, Implemented, std::less<>> workflows_;
  Interceptors interceptors_;
  std::map<std::string, runtime::ActivityCode, std::less<>> activities_;
  std::map<std::string, runtime::ActivityLimits, std::less<>> limits_;
};

}  // namespace reprise::internal
