#include "reprise/worker.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "replay/strand.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"
#include "sdk/src/service/service.h"
#include "sdk/src/workflow/workflow_runner.h"

namespace reprise {

class Worker::State final : public internal::Registry {
 public:
  State(internal::ServiceState* service, WorkerOptions options)
      : service_(service), options_(std::move(options)), implementations_(options_.interceptors) {
    internal::check(options_);
  }

  ~State() override {
    if (leave_to_parent() || !needs_other_thread()) return;
    service_->log(LogLevel::kError, "the worker of task queue '" + options_.task_queue +
                                        "' was destroyed on one of the threads that it would wait "
                                        "for; it is left running until the process ends");
    internal::leave_for_ever(std::move(session_));
  }

  const internal::Implementations& implementations() const { return implementations_; }
  const std::string& task_queue() const { return options_.task_queue; }

  void add_workflow(std::string_view name,
                    internal::WorkflowFactory factory,
                    const internal::ArgumentTypes& arguments) override {
    internal::check_not_reserved("the workflow's name", name);
    require_open();
    if (implementations_.has_workflow(name)) refuse_second("workflow", name);
    implementations_.add_workflow(name, std::move(factory), arguments);
  }
  void add_activity(std::string_view name, internal::ActivityFunction function) override {
    internal::check_not_reserved("the activity's name", name);
    require_open();
    if (implementations_.has_activity(name)) refuse_second("activity", name);
    implementations_.add_activity(
        name, internal::activity_code(std::move(function), options_.interceptors));
  }
  void add_limits(std::string_view activity, const ActivityLimits& limits) override {
    require_open();
    internal::check(activity, limits);
    if (implementations_.has_limits(activity)) {
      internal::misused("activity '" + std::string(activity) +
                        "' has limits already on the worker of task queue '" + options_.task_queue +
                        "'; give them in one call of limit()");
    }
    implementations_.set_limits(activity, limits);
  }
  void require_open() const override {
    if (!started_) return;
    internal::misused("the worker of task queue '" + options_.task_queue +
                      "' has been started; implement everything before start()");
  }

  bool started() const { return started_; }

  void start(internal::ServiceState* service) {
    internal::forbid_in_workflow();
    if (service == nullptr) {
      internal::misused("the worker of task queue '" + options_.task_queue +
                        "' has no Service: start(service) gives it one");
    }
    if (started_) {
      internal::misused("the worker of task queue '" + options_.task_queue +
                        "' was started before; a worker starts once");
    }
    require_limited_code();
    auto host =
        std::make_shared<const internal::WorkflowHost>(internal::WorkflowHost{.log = service->log});
    session_ = internal::value_or_throw(service->workers->register_worker(
        implementations_.worker_code(options_.task_queue, options_.activity_threads, host)));
    service_ = service;
    started_ = true;
  }

  void stop() {
    if (leave_to_parent()) return;
    internal::forbid_in_workflow();
    if (needs_other_thread()) {
      internal::misplaced("stop() of the worker of task queue '" + options_.task_queue +
                          "' on one of its own threads would wait for itself: call it on another, "
                          "or request the stop that run() waits for");
    }
    session_.reset();
  }

  internal::ServiceState* service() const { return service_; }

 private:
  // In a child of fork(): it would wait for threads that are not in this process.
  bool leave_to_parent() {
    if (session_ == nullptr || !service_->abandoned()) return false;
    internal::leave_for_ever(std::move(session_));
    return true;
  }
  bool needs_other_thread() const {
    return session_ != nullptr &&
           (session_->on_own_thread() || replay::Strand::current() != nullptr);
  }
  void require_limited_code() const {
    const std::string_view activity = implementations_.limited_without_code();
    if (activity.empty()) return;
    throw InvalidOption(internal::code_text(base::ErrorCode::kActivityLimit),
                        "the worker of task queue '" + options_.task_queue +
                            "' has limits for activity '" + std::string(activity) +
                            "' and does not implement it; implement() it, or leave its limit() "
                            "out");
  }
  [[noreturn]] void refuse_second(std::string_view what, std::string_view name) const {
    internal::misused(std::string(what) + " '" + std::string(name) +
                      "' is implemented twice on the worker of task queue '" + options_.task_queue +
                      "'; a definition has one implementation there");
  }

  internal::ServiceState* service_;  // nullptr: none yet
  WorkerOptions options_;
  internal::Implementations implementations_;
  bool started_ = false;
  std::unique_ptr<runtime::WorkerSession> session_;
};

internal::Registry& internal::registry(Worker& worker) {
  return *worker.state_;
}

const internal::Implementations& internal::implementations(const Worker& worker) {
  return worker.state_->implementations();
}

const std::string& internal::task_queue(const Worker& worker) {
  return worker.state_->task_queue();
}

Worker::Worker(WorkerOptions options)
    : state_(std::make_unique<State>(nullptr, std::move(options))) {}

Worker::Worker(Service& service, WorkerOptions options)
    : state_(
          std::make_unique<State>(&internal::ServiceAccess::state(service), std::move(options))) {}

Worker::~Worker() = default;

void Worker::start() {
  state_->start(state_->service());
}
void Worker::start(Service& service) {
  state_->start(&internal::ServiceAccess::state(service));
}
void Worker::stop() {
  state_->stop();
}

void Worker::run(std::stop_token stop_token) {
  if (!state_->started()) start();
  std::mutex mutex;
  std::condition_variable_any requested;
  {
    std::unique_lock lock(mutex);
    requested.wait(lock, std::move(stop_token), [] { return false; });
  }
  stop();
}

}  // namespace reprise
