#include "reprise/testing/env.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "sdk/src/checks.h"
#include "sdk/src/enums.h"
#include "sdk/src/failures.h"
#include "sdk/src/schedule/own_worker.h"
#include "sdk/src/sealing/payload_codecs.h"
#include "sdk/src/service/service.h"
#include "sdk/src/workflow/workflow_runner.h"
#include "sdk/testing/decisions.h"
#include "sdk/testing/shaker.h"
#include "sdk/testing/test_machine.h"
#include "sdk/testing/virtual_time.h"

namespace reprise::testing {
namespace {

constexpr base::Time kStart{base::Duration(1'767'225'600'000)};  // 2026-01-01T00:00:00Z

class EnvService final : public Service {
 public:
  explicit EnvService(std::unique_ptr<internal::ServiceState> state) : Service(std::move(state)) {}
};

}  // namespace

class Env::State final : public internal::Registry {
 public:
  explicit State(EnvOptions options)
      : logs_nothing_(!options.logger),
        options_(complete(std::move(options))),
        clock_(kStart),
        implementations_(options_.interceptors),
        decisions_(options_),
        shaker_(make_shaker()),
        machine_(engine_options(), decisions_, shaker_.get(), [this] { workers_died(); }),
        driven_(
            machine_,
            shaker_.get(),
            clock_,
            [this] { return prepare(); },
            [this](const runtime::StartRequest& start) { serve(start); },
            suspicious_,
            options_.time_steps),
        host_(make_host()),
        service_(make_service_state()),
        client_(service_, {.interceptors = options_.interceptors}) {
    internal::add_own_code(implementations_, driven_);
    code_changed_ = true;
  }

  // ---- implementations: may change at any time, the next call registers them ----

  void add_workflow(std::string_view name,
                    internal::WorkflowFactory factory,
                    const internal::ArgumentTypes& arguments) override {
    internal::check_not_reserved("the workflow's name", name);
    implementations_.add_workflow(name, std::move(factory), arguments);
    code_changed_ = true;
  }
  void add_activity(std::string_view name, internal::ActivityFunction function) override {
    internal::check_not_reserved("the activity's name", name);
    implementations_.add_activity(name, counted(name, std::move(function)));
    code_changed_ = true;
  }
  void add_limits(std::string_view activity, const ActivityLimits& limits) override {
    internal::check(activity, limits);
    implementations_.set_limits(activity, limits);
    code_changed_ = true;
  }
  void require_open() const override {}

  Client& client() { return client_; }
  const Service& service() const { return service_; }
  Client client(ClientOptions options) { return Client(service_, std::move(options)); }
  base::Time now() const { return clock_.now(); }
  void skip(Duration duration) {
    internal::check_duration("the duration of Env::skip()", duration);
    internal::value_or_throw(driven_.skip(duration));
  }
  const Script& script() const { return decisions_.made(); }
  int calls(std::string_view activity) const {
    const auto found = calls_.find(activity);
    return found == calls_.end() ? 0 : found->second;
  }

 private:
  static EnvOptions complete(EnvOptions options) {
    internal::check_at_least("EnvOptions::time_steps", options.time_steps, 1,
                             ", or nothing could be waited for");
    internal::check_at_least("EnvOptions::last_attempt", options.last_attempt, 0,
                             "; 0: the policy alone decides");
    internal::check("EnvOptions", options.interceptors);
    options.logger =
        internal::never_throwing(options.logger ? internal::printable_log(std::move(options.logger))
                                                : [](LogLevel, std::string_view) {});
    return options;
  }

  runtime::EngineOptions engine_options() {
    runtime::EngineOptions options;
    options.shards = 1;
    options.threaded = false;
    options.strict = true;
    options.replay_every_turn = options_.replay != Replay::kOff;
    options.clock = &clock_;
    options.seed = options_.seed;
    options.crash_reports = true;
    options.guard = internal::guard_mode(options_.guard);
    options.codecs = internal::sealing_codecs(options_.codecs);
    if (logs_nothing_) options.guard_log = warnings_alone();
    options.log = [this](runtime::LogLevel level, std::string_view line) {
      // A run that is parked is logged as an error.
      if (level == runtime::LogLevel::kError) suspicious_ = true;
      options_.logger(internal::to_public(level), line);
    };
    return options;
  }

  // If the engine dies with a turn, its replay of that turn is lost.
  std::unique_ptr<internal::Shaker> make_shaker() const {
    if (options_.replay == Replay::kShake) return std::make_unique<internal::Shaker>(true);
    if (options_.replay == Replay::kOff || !decisions_.any()) return nullptr;
    return std::make_unique<internal::Shaker>(false);
  }

  struct TestServiceState final : internal::ServiceState {
    explicit TestServiceState(const base::Clock& virtual_clock) : clock(virtual_clock) {}
    base::Time now() const override { return clock.now(); }
    const base::Clock& clock;
  };

  std::unique_ptr<internal::ServiceState> make_service_state() {
    auto state = std::make_unique<TestServiceState>(clock_);
    state->clients = &driven_;
    state->log = options_.logger;
    state->awaiting = [this](const runtime::RunKey& run) { driven_.await_run(run); };
    return state;
  }

  std::shared_ptr<const internal::WorkflowHost> make_host() {
    return std::make_shared<const internal::WorkflowHost>(internal::WorkflowHost{
        .log = options_.logger,
        .scheduling = [this](std::string_view activity,
                             std::string_view queue) { expect(activity, queue); },
        .starting_run = [this](std::string_view queue) { serve(queue); },
        .last_attempt_of_step =
            [this](std::string_view run, std::string_view step) {
              const int failures = ++step_failures_[std::string(run) + std::string(step)];
              return is_last(failures);
            }});
  }

  // An activity without an implementation would be retried until there is one; in a test there
  // never will be.
  void expect(std::string_view activity, std::string_view queue) {
    if (!implementations_.has_activity(activity)) {
      internal::throw_error({base::ErrorCode::kUnknownActivity,
                             "activity '" + std::string(activity) +
                                 "' has no stub and no implementation in this test"});
    }
    if (!queue.empty()) serve(queue);
  }

  bool is_last(int attempt) const {
    return options_.last_attempt > 0 && attempt >= options_.last_attempt;
  }

  runtime::ActivityCode counted(std::string_view name, internal::ActivityFunction function) {
    return [this, name = std::string(name),
            code = internal::activity_code(std::move(function), options_.interceptors)](
               runtime::ActivityAttempt& attempt, std::string_view input) {
      ++calls_[name];
      ++executing_;
      replay::Outcome outcome = code(attempt, input);
      --executing_;
      return outcome.ok() || !is_last(attempt.attempt()) ? std::move(outcome)
                                                         : internal::made_final(outcome);
    };
  }

  void serve(std::string_view task_queue) {
    if (task_queues_.insert(std::string(task_queue)).second) queues_changed_ = true;
  }

  // What is checked of a start depends on the worker. A test may implement its workflow later.
  void serve(const runtime::StartRequest& start) {
    serve(start.task_queue);
    if (start.needs_worker || implementations_.has_workflow(start.workflow)) (void)prepare();
  }

  // Registers changed implementations. Not from within an activity: its session would wait for it.
  bool prepare() {
    if ((!code_changed_ && !queues_changed_) || executing_ > 0) return false;
    if (code_changed_) {
      machine_.release_attempts();
      sessions_.clear();
      if (shaker_ != nullptr) shaker_->deploy(implementations_.worker_code("", 0, host_));
    }
    code_changed_ = false;
    queues_changed_ = false;
    for (const std::string& queue : task_queues_) {
      if (sessions_.contains(queue)) continue;
      sessions_[queue] = internal::value_or_throw(
          machine_.register_worker(implementations_.worker_code(queue, 0, host_)));
    }
    return true;
  }

  void workers_died() {
    sessions_.clear();
    queues_changed_ = true;
  }

  // What the guard only warns about throws no exception.
  static runtime::LogSink warnings_alone() {
    return [log = internal::printable_log(internal::default_log())](runtime::LogLevel level,
                                                                    std::string_view line) {
      if (level == runtime::LogLevel::kWarning) log(LogLevel::kWarning, line);
    };
  }

  const bool logs_nothing_;
  EnvOptions options_;
  internal::ManualClock clock_;
  std::map<std::string, int, std::less<>> calls_;
  std::map<std::string, int> step_failures_;
  internal::Implementations implementations_;
  std::set<std::string> task_queues_;
  bool code_changed_ = false;
  bool queues_changed_ = false;
  int executing_ = 0;
  bool suspicious_ = false;
  internal::Decisions decisions_;
  std::unique_ptr<internal::Shaker> shaker_;
  internal::TestMachine machine_;
  internal::DrivenService driven_;
  std::shared_ptr<const internal::WorkflowHost> host_;
  std::map<std::string, std::unique_ptr<runtime::WorkerSession>> sessions_;
  EnvService service_;
  Client client_;
};

Env::Env(EnvOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Env::~Env() = default;

Client& Env::client() {
  return state_->client();
}
Client Env::client(ClientOptions options) {
  return state_->client(std::move(options));
}
const Service& Env::service() const {
  return state_->service();
}
void Env::skip(Duration duration) {
  state_->skip(duration);
}
Time Env::now() const {
  return state_->now();
}
int Env::calls(std::string_view activity) const {
  return state_->calls(activity);
}
const Script& Env::script() const {
  return state_->script();
}

}  // namespace reprise::testing

reprise::internal::Registry& reprise::internal::registry(testing::Env& env) {
  return *env.state_;
}
