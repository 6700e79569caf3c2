// An engine over a store that exists: opened, given a worker, and its runs brought to their ends
// with signals. Lists of acknowledged signals and results are compared with the histories.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <new>

#include "runtime/engine/embedded_engine.h"
#include "tests/memory/parts.h"
#include "tests/support/allocations.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing {
namespace {

using runtime::Engine;

constexpr int kRuns = 4;
constexpr base::Duration kLongestWait{5'000};
constexpr store::StoreOptions kSmall{.journal_map_bytes = 16 << 20, .archive_map_bytes = 16 << 20};

// Adds up the items it is sent until "stop", with an activity, a timer and a step on the way.
Outcome collect(Execution& e) {
  std::string all = call(e, "work", 1);
  const auto timer = e.start_timer(std::chrono::hours(1), at(2));
  while (true) {
    const auto item = e.next_signal("item");
    if (e.wait(*item) == replay::Waited::kCancelled) return Outcome::success("cancelled");
    const std::string text = item->take_outcome().payload();
    if (text == "stop") break;
    all += "," + text;
    proto::StepScheduled step;
    step.set_name("note");
    step.set_on_shard(true);
    e.run_step(
        as(step), [] { return Outcome::success("noted"); }, at(3));
  }
  e.cancel(*timer, at(4));
  return Outcome::success(all);
}

runtime::WorkerCode worker_code() {
  runtime::WorkerCode code;
  code.activity_threads = 1;
  code.workflows["collect"] = code_of(collect);
  code.activities["work"] = [](runtime::ActivityAttempt&, std::string_view) {
    return Outcome::success("worked");
  };
  return code;
}

base::Result<std::unique_ptr<Engine>> open(const std::string& directory,
                                           bool threaded,
                                           const base::Clock* clock) {
  runtime::EngineOptions options;
  options.threaded = threaded;
  options.clock = clock;
  options.shards = 1;
  options.seed = 7;
  options.strict = true;
  options.archive_slice = 8;
  options.cached_runs = 2;  // so that runs come back by replay
  // The engine's last message goes to its log.
  options.log = [](runtime::LogLevel level, std::string_view line) {
    if (level < runtime::LogLevel::kError) return;
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };
  auto store = store::open_store(directory + "/store", kSmall);
  if (!store) return store.error();
  return runtime::EmbeddedEngine::over(std::move(*store), std::move(options));
}

// Everything that an engine without threads can do now.
void settle(Engine& engine) {
  for (int i = 0; i < 1'000 && engine.run_some(); ++i) {
  }
}

// Sends a request and waits for the reply. An engine with threads does not need settle().
template <class Reply, class Ask>
std::optional<base::Result<Reply>> ask(Engine& engine, bool threaded, const Ask& request) {
  const auto reply = std::make_shared<runtime::Promise<base::Result<Reply>>>();
  request([reply](const base::Result<Reply>& result) { reply->set(result); });
  if (!threaded) settle(engine);
  if (threaded && !reply->wait(kLongestWait)) found_defect("a request is never answered");
  if (!reply->ready()) return std::nullopt;
  return reply->get();
}

std::string id_of(int run) {
  return "run" + std::to_string(run);
}

bool send(Engine& engine, bool threaded, const std::string& id, const std::string& item) {
  const auto sent = ask<void>(engine, threaded, [&](auto reply) {
    engine.ask(runtime::verb::Signal{{id, {}}, "item", item, reply});
  });
  return sent && sent->has_value();
}

std::vector<proto::Turn> history_of(Engine& engine, const std::string& id) {
  std::vector<proto::Turn> turns;
  const auto read = ask<std::vector<std::string>>(engine, false, [&](auto reply) {
    engine.ask(runtime::verb::History{{id, {}}, reply});
  });
  if (!read || !*read) return turns;
  for (const std::string& bytes : **read) turns.emplace_back().ParseFromString(bytes);
  return turns;
}

void prepare(const std::string& directory) {
  const ManualClock clock;
  auto engine = open(directory, false, &clock);
  if (!engine) found_defect(engine.error().text());
  const auto worker = (*engine)->register_worker(worker_code());
  for (int run = 0; run < kRuns; ++run) {
    (*engine)->ask(runtime::verb::Start{{.workflow = "collect", .workflow_id = id_of(run)},
                                        nullptr,
                                        [](const base::Result<runtime::StartedRun>&) {}});
    settle(**engine);
    (void)send(**engine, false, id_of(run), "first");
  }
}

// One request after another; each may fail by itself.
void use(Engine& engine, bool threaded, const Acknowledged& acknowledged) {
  for (const char* item : {"a", "b", "stop"}) {
    for (int run = 0; run < kRuns; ++run) {
      try {
        const std::string id = id_of(run);
        if (send(engine, threaded, id, item)) acknowledged.say("%d %s\n", run, item);
      } catch (const std::bad_alloc&) {
      }
    }
  }
  try {
    const auto described = ask<runtime::RunDescription>(engine, threaded, [&](auto reply) {
      engine.ask(runtime::verb::Describe{{"run0", {}}, reply});
    });
  } catch (const std::bad_alloc&) {
  }
}

std::uint64_t work(const Trial& trial, const Acknowledged& acknowledged, bool threaded) {
  const AllocationFailure failure(trial.failing, trial.from_then_on);
  const ManualClock clock;
  try {
    auto engine = open(trial.directory, threaded, &clock);
    if (!engine) return failure.allocations();
    try {
      const auto worker = (*engine)->register_worker(worker_code());
      if (worker) use(**engine, threaded, acknowledged);
    } catch (const std::bad_alloc&) {
    }
  } catch (const std::bad_alloc&) {
  }
  return failure.allocations();
}

std::uint64_t work_without_threads(const Trial& trial, const Acknowledged& acknowledged) {
  return work(trial, acknowledged, false);
}
std::uint64_t work_with_threads(const Trial& trial, const Acknowledged& acknowledged) {
  return work(trial, acknowledged, true);
}

// The items that the run's history has, in order.
std::vector<std::string> items_of(const std::vector<proto::Turn>& turns) {
  std::vector<std::string> items;
  for (const proto::Turn& turn : turns) {
    for (const proto::Event& input : turn.inputs()) {
      if (input.has_signal_received()) items.push_back(input.signal_received().input());
    }
  }
  return items;
}

std::optional<std::string> check_run(Engine& engine,
                                     const std::string& id,
                                     const std::vector<std::string>& acknowledged) {
  if (!send(engine, false, id, "stop")) settle(engine);  // it has ended, or does now
  const std::vector<proto::Turn> turns = history_of(engine, id);
  const std::vector<std::string> items = items_of(turns);
  auto next = items.begin();
  for (const std::string& item : acknowledged) {
    next = std::find(next, items.end(), item);
    if (next == items.end()) return id + ": the acknowledged signal " + item + " is lost";
    ++next;
  }
  std::string expected = "worked";
  for (const std::string& item : items) {
    if (item == "stop") break;
    expected += "," + item;
  }
  if (turns.empty() || turns.back().commands().empty() ||
      !turns.back().commands(turns.back().commands_size() - 1).has_run_completed()) {
    return id + ": the run does not come to its end";
  }
  const auto& last = turns.back().commands(turns.back().commands_size() - 1);
  if (last.run_completed().result() != expected) {
    return id + ": the result is " + last.run_completed().result() + " and not " + expected;
  }
  ScriptedRun again(collect, {.strict = true});
  again.history() = turns;
  if (again.replay() == replay::TurnEnd::kParked) return again.execution().trouble().report;
  return std::nullopt;
}

std::optional<std::string> check(const std::string& directory,
                                 const std::vector<std::string>& acknowledged) {
  ManualClock clock;
  auto engine = open(directory, false, &clock);
  if (!engine) return "the engine does not open: " + engine.error().text();
  const auto worker = (*engine)->register_worker(worker_code());
  if (!worker) return worker.error().text();
  settle(**engine);
  // Attempts that were lost are made again, later; the runs' timers are an hour away.
  const base::Time until = clock.now() + std::chrono::minutes(10);
  while (const auto due = (*engine)->next_due()) {
    if (*due > until) break;
    clock.move_to(*due);
    settle(**engine);
  }
  for (int run = 0; run < kRuns; ++run) {
    std::vector<std::string> items{"first"};
    for (const std::string& line : acknowledged) {
      if (line.starts_with(std::to_string(run) + " ")) items.push_back(line.substr(2));
    }
    if (auto wrong = check_run(**engine, id_of(run), items)) return wrong;
  }
  return std::nullopt;
}

}  // namespace

constinit const Part kRecoveryPart{"recovery", prepare, work_without_threads, check};
constinit const Part kEnginePart{"engine", prepare, work_with_threads, check};

}  // namespace reprise::testing
