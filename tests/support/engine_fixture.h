// An engine without threads, over memory or over a directory, with a clock that only the test
// moves: everything that happens follows from what the test does.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/engine/engine.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing {

class EngineFixture : public ::testing::Test {
 protected:
  EngineFixture() { engine_ = runtime::Engine::in_memory(options()); }

  runtime::EngineOptions options() {
    runtime::EngineOptions options;
    options.threaded = false;
    options.clock = &clock_;
    options.seed = 7;
    options.strict = true;
    options.log = [this](runtime::LogLevel, std::string_view line) { logged_ += line; };
    options.on_fatal = [this](const base::Error& error) { fatal_ = error.text(); };
    return options;
  }

  // Everything that can happen without time passing.
  void settle() {
    while (engine_->run_some()) {
    }
  }
  // Time passes, timer by timer.
  void skip(base::Duration by) {
    const base::Time until = clock_.now() + by;
    settle();
    while (const auto due = engine_->next_due()) {
      if (*due > until) break;
      if (*due > clock_.now()) clock_.advance(*due - clock_.now());
      settle();
    }
    if (until > clock_.now()) clock_.advance(until - clock_.now());
    settle();
  }

  runtime::WorkerCode& code() { return code_; }
  void workflow(const std::string& name, Body body) {
    code_.workflows[name] = code_of(std::move(body));
  }
  void activity(const std::string& name, runtime::ActivityCode activity) {
    code_.activities[name] = std::move(activity);
  }
  void start_worker() {
    auto session = engine_->register_worker(code_);
    ASSERT_TRUE(session) << session.error().text();
    worker_ = std::move(*session);
  }

  using Watch = std::shared_ptr<runtime::RunWatch>;
  Watch start(runtime::StartRequest request) {
    auto watch = std::make_shared<runtime::RunWatch>();
    started_.reset();
    engine_->ask(runtime::verb::Start{
        std::move(request), watch,
        [this](const base::Result<runtime::StartedRun>& run) { started_ = run; }});
    settle();
    return watch;
  }
  Watch start(std::string workflow, std::string id, std::string input = {}) {
    runtime::StartRequest request;
    request.workflow = std::move(workflow);
    request.workflow_id = std::move(id);
    request.input = std::move(input);
    return start(std::move(request));
  }

  // Runs "0", "1"... of one workflow, and a signal to each of them; nothing is driven.
  std::vector<Watch> submit_many(const std::string& workflow, int count) {
    std::vector<Watch> watches;
    for (int i = 0; i < count; ++i) {
      watches.push_back(std::make_shared<runtime::RunWatch>());
      engine_->ask(runtime::verb::Start{{.workflow = workflow, .workflow_id = std::to_string(i)},
                                        watches.back(),
                                        [](const base::Result<runtime::StartedRun>&) {}});
    }
    return watches;
  }
  void submit_signals(int count, const std::string& name, const std::string& input) {
    for (int i = 0; i < count; ++i) {
      engine_->ask(
          runtime::verb::Signal{{std::to_string(i), {}}, name, input, [](const base::Status&) {}});
    }
  }

  base::Status signal(std::string id, std::string name, std::string input = {}) {
    std::optional<base::Status> status;
    engine_->ask(runtime::verb::Signal{
        {std::move(id), {}}, std::move(name), std::move(input), [&](const base::Status& s) {
          status = s;
        }});
    settle();
    return status.value();
  }
  base::Status cancel(std::string id) {
    std::optional<base::Status> status;
    engine_->ask(runtime::verb::Cancel{
        {std::move(id), {}}, "test", [&](const base::Status& s) { status = s; }});
    settle();
    return status.value();
  }
  base::Status terminate(std::string id) {
    std::optional<base::Status> status;
    engine_->ask(runtime::verb::Terminate{
        {std::move(id), {}}, "test", [&](const base::Status& s) { status = s; }});
    settle();
    return status.value();
  }
  base::Result<std::string> query(std::string id, std::string name) {
    std::optional<base::Result<std::string>> answer;
    engine_->ask(runtime::verb::Query{
        {std::move(id), {}}, std::move(name), {}, [&](const base::Result<std::string>& a) {
          answer = a;
        }});
    settle();
    return answer.value();
  }
  base::Result<runtime::RunDescription> describe(std::string id) {
    std::optional<base::Result<runtime::RunDescription>> description;
    engine_->ask(runtime::verb::Describe{
        {std::move(id), {}},
        [&](const base::Result<runtime::RunDescription>& d) { description = d; }});
    settle();
    return description.value();
  }
  std::vector<runtime::RunDescription> list(runtime::ListRequest request = {}) {
    std::vector<runtime::RunDescription> runs;
    engine_->ask(runtime::verb::List{
        std::move(request), [&](const base::Result<std::vector<runtime::RunDescription>>& r) {
          if (r) runs = *r;
        }});
    settle();
    return runs;
  }
  std::vector<proto::Turn> history(std::string id) {
    std::vector<proto::Turn> turns;
    engine_->ask(runtime::verb::History{{std::move(id), {}},
                                        [&](const base::Result<std::vector<std::string>>& read) {
                                          if (!read) return;
                                          for (const std::string& bytes : *read)
                                            turns.emplace_back().ParseFromString(bytes);
                                        }});
    settle();
    return turns;
  }

  static std::string result(const Watch& watch) {
    if (!watch->ready()) return "(running)";
    const auto& end = watch->get();
    if (!end) return end.error().text();
    if (end->status == runtime::RunStatus::kCompleted) return end->result;
    return std::string(to_string(end->status)) + ": " + end->failure().message();
  }

  ManualClock clock_;
  std::string logged_;
  std::string fatal_;
  runtime::WorkerCode code_;
  std::unique_ptr<runtime::Engine> engine_;
  std::unique_ptr<runtime::WorkerSession> worker_;  // before the engine goes
  std::optional<base::Result<runtime::StartedRun>> started_;
};

// A workflow's body: waits for the signal "go" and completes with its input.
inline Outcome wait_for_signal(Execution& e) {
  const auto s = e.next_signal("go");
  if (e.wait(*s) == replay::Waited::kCancelled) {
    proto::Failure failure;
    failure.set_kind(proto::Failure::CANCELLED);
    return Outcome::failed(failure);
  }
  return Outcome::success(s->take_outcome().payload());
}

inline Outcome application_failure(std::string type, std::string message, bool retryable = true) {
  proto::Failure failure;
  failure.set_kind(proto::Failure::APPLICATION);
  failure.set_type(std::move(type));
  failure.set_message(std::move(message));
  failure.set_non_retryable(!retryable);
  return Outcome::failed(std::move(failure));
}

}  // namespace reprise::testing
