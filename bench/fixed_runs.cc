// fixed_runs: so many workflows, a number of them in flight on one shard. Always the same work, for
// tools that count instead of measuring time:
//
//   valgrind --tool=callgrind fixed_runs three_steps 1000 30000
//
// Prints the CPU time per run and the runs per second, too.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <deque>
#include <exception>
#include <memory>
#include <reprise/metrics.h>
#include <string>

#include "bench/loads/workflows.h"
#include "bench/measure.h"
#include "bench/workbench.h"

namespace {

using namespace reprise;
using namespace reprise::bench;

struct Options {
  std::string workflow;
  std::size_t in_flight = 0;
  std::size_t runs = 0;
  bool metrics = false;
  std::string directory = default_parent();
};

// Valgrind has no room for the default sizes.
EngineOptions engine_options(bool metrics) {
  EngineOptions options;
  if (metrics) options.metrics = std::make_shared<Metrics>();
  options.shards = 1;
  options.journal_map_bytes = std::uint64_t{4} << 30;
  options.archive_map_bytes = std::uint64_t{8} << 30;
  return options;
}

const Workflow<int(int)>* workflow_named(const std::string& name) {
  for (const auto* each : {&kNoOp, &kThreeSteps, &kThreeStepsInline, &kThreeActivities}) {
    if (each->name() == name) return each;
  }
  return nullptr;
}

void run(const Options& options, const Workflow<int(int)>& workflow) {
  Workbench bench({.seconds = 0, .directory = options.directory}, engine_options(options.metrics));
  implement_workflows(bench.worker);
  bench.worker.start();
  const CpuTime cpu;
  const Stopwatch time;
  std::deque<Handle<int>> in_flight;
  for (std::size_t started = 0, finished = 0; finished < options.runs; ++finished) {
    for (; started < options.runs && in_flight.size() < options.in_flight; ++started) {
      in_flight.push_back(bench.client.submit(workflow(39)));
    }
    (void)in_flight.front().result();
    in_flight.pop_front();
  }
  const auto runs = static_cast<double>(options.runs);
  std::printf("%.2f us of CPU per run, %.0f runs/s\n", 1e6 * cpu.process_seconds() / runs,
              runs / time.seconds());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs a fixed number of workflows, for tools that count instructions or misses.",
               "fixed_runs");
  Options options;
  app.add_option("workflow", options.workflow, "no_op, three_steps, three_steps_inline, ...")
      ->required()
      ->check([](const std::string& name) {
        return workflow_named(name) != nullptr
                   ? std::string()
                   : "no workflow '" + name +
                         "': no_op, three_steps, three_steps_inline, three_activities";
      });
  app.add_option("in_flight", options.in_flight, "How many at a time")
      ->required()
      ->check(CLI::Range(1, 100'000'000));
  app.add_option("runs", options.runs, "How many in all")
      ->required()
      ->check(CLI::Range(1, 100'000'000));
  app.add_flag("--metrics", options.metrics, "With an engine that counts and measures");
  app.add_option("--dir", options.directory, "Where the store is made")
      ->check(CLI::ExistingDirectory);
  CLI11_PARSE(app, argc, argv);
  try {
    run(options, *workflow_named(options.workflow));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fixed_runs: %s\n", error.what());
    return 1;
  }
  return 0;
}
