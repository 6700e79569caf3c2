// The cost of the determinism guard: three steps on the shard, in an engine without disk or
// threads, so that nothing hides it. An iteration is a batch of runs from start to end. Off comes
// first: the guard's stand-ins stay in the process once installed.
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "runtime/engine/engine.h"
#include "tests/support/scripted_run.h"

namespace reprise::bench {
namespace {

constexpr int kRuns = 500;

replay::Outcome three_steps(replay::Execution& execution) {
  std::string value;
  for (const char* name : {"first", "second", "third"}) {
    proto::StepScheduled step;
    step.set_name(name);
    step.set_on_shard(true);
    const auto body = [&] { return replay::Outcome::success(value + "x"); };
    value = execution.run_step(testing::as(step), body, testing::at(1)).take_payload();
  }
  return replay::Outcome::success(value);
}

void guard_bench(benchmark::State& state, runtime::GuardMode mode) {
  runtime::EngineOptions options;
  options.threaded = false;
  options.shards = 1;
  options.guard = mode;
  options.log = [](runtime::LogLevel, std::string_view) {};
  const auto engine = runtime::Engine::in_memory(options);
  runtime::WorkerCode code;
  code.task_queue = "default";
  code.workflows["three_steps"] = testing::code_of(three_steps);
  const auto session = engine->register_worker(code);
  std::uint64_t ended = 0;
  std::uint64_t number = 0;
  for (auto _ : state) {
    for (int i = 0; i < kRuns; ++i) {
      runtime::StartRequest request;
      request.workflow = "three_steps";
      request.workflow_id = std::to_string(++number);
      request.task_queue = "default";
      engine->ask(runtime::verb::Start{
          std::move(request), std::make_shared<runtime::RunWatch>(),
          [&](const base::Result<runtime::StartedRun>& run) { ended += run ? 1 : 0; }});
    }
    while (engine->run_some()) {
    }
  }
  if (ended != number) state.SkipWithError("a run was not started");
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
}
BENCHMARK_CAPTURE(guard_bench, off, runtime::GuardMode::kOff)->Iterations(40);
BENCHMARK_CAPTURE(guard_bench, report, runtime::GuardMode::kReport)->Iterations(40);
BENCHMARK_CAPTURE(guard_bench, off_again, runtime::GuardMode::kOff)->Iterations(40);

}  // namespace
}  // namespace reprise::bench
