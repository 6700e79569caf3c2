// Replay: from the bytes of a history until the code is back where it was. An iteration is one run
// brought back into memory; the figure is events per second on one thread.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <google/protobuf/arena.h>

#include "tests/support/scripted_run.h"

namespace reprise::bench {
namespace {

using testing::ScriptedRun;

// `activities` in sequence, a result each, then a wait for a signal that does not come.
std::vector<std::string> history_of(int activities, const testing::Body& body) {
  ScriptedRun run(body);
  run.start();
  for (int i = 1; i <= activities; ++i) {
    run.turn({testing::activity_completed(static_cast<std::uint32_t>(i), "result")});
  }
  std::vector<std::string> turns;
  for (const auto& turn : run.history()) turns.push_back(turn.SerializeAsString());
  return turns;
}

void replay_bench(benchmark::State& state) {
  const auto activities = static_cast<int>(state.range(0));
  const testing::Body body = [activities](replay::Execution& execution) {
    for (int i = 0; i < activities; ++i) {
      benchmark::DoNotOptimize(testing::call(execution, "activity"));
    }
    const auto signal = execution.next_signal("never");
    execution.wait(*signal);
    return replay::Outcome();
  };
  const std::vector<std::string> turns = history_of(activities, body);
  const replay::WorkflowCode code = testing::code_of(body);
  replay::StackPool pool;
  google::protobuf::Arena arena;
  std::uint64_t events = 0;
  for (auto _ : state) {
    replay::Execution execution({}, code, pool);
    for (const std::string& bytes : turns) {
      auto* turn = google::protobuf::Arena::CreateMessage<proto::Turn>(&arena);
      if (!turn->ParseFromString(bytes)) state.SkipWithError("a turn does not parse");
      benchmark::DoNotOptimize(execution.replay_turn(*turn));
    }
    events += execution.events();
    arena.Reset();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
}
BENCHMARK(replay_bench)->Name("replay_in_memory")->Arg(3)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace reprise::bench
