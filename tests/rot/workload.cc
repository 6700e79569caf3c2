#include "tests/rot/workload.h"

#include <cstdio>
#include <cstdlib>

#include "runtime/table_access.h"

namespace reprise::rot {
namespace {

using replay::Execution;
using replay::Outcome;

constexpr base::Duration kSleep{3'600'000};

// Large and small payloads, so that values lie in leaf pages and on pages of their own.
std::string payload_of(const std::string& id) {
  const std::size_t number = std::strtoul(id.c_str() + id.find('-') + 1, nullptr, 10);
  return id + ":" + std::string(number % 37 == 0 ? 6'000 : 20 + number % 300, 'p');
}

std::string next_signal(Execution& run) {
  const auto signal = run.next_signal("go");
  run.wait(*signal);
  return signal->take_outcome().payload();
}

Outcome quick(Execution& run) {
  return Outcome::success(testing::call(run, "echo"));
}
Outcome stamper(Execution& run) {
  const std::string& id = run.info().workflow_id;
  (void)run.run_transaction("stamp",
                            [&id] {
                              (void)runtime::TableWrites::current()->put(kTable, id, row_of(id));
                              return Outcome();
                            },
                            {});
  return Outcome::success(testing::call(run, "echo"));
}
// Takes signals until one says "end".
Outcome waiter(Execution& run) {
  std::string all;
  while (true) {
    const std::string text = next_signal(run);
    if (text == "end") return Outcome::success(all);
    all += text.substr(0, 4) + testing::call(run, "echo");
  }
}
Outcome sleeper(Execution& run) {
  const auto timer = run.start_timer(kSleep, {});
  run.wait(*timer);
  return Outcome::success("slept");
}

runtime::WorkerCode code() {
  runtime::WorkerCode code;
  code.workflows["quick"] = testing::code_of(quick);
  code.workflows["stamper"] = testing::code_of(stamper);
  code.workflows["waiter"] = testing::code_of(waiter);
  code.workflows["sleeper"] = testing::code_of(sleeper);
  code.activities["echo"] = [](runtime::ActivityAttempt&, std::string_view) {
    return Outcome::success("echo");
  };
  return code;
}

void must(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "rot: cannot make the store: %s\n", what);
  std::abort();
}

std::string kind_of(const std::string& id) {
  return id.substr(0, id.find('-'));
}

}  // namespace

Workbench::Workbench(std::size_t archive_slice) {
  options_.threaded = false;
  options_.clock = &clock_;
  options_.seed = 7;
  options_.strict = true;
  options_.archive_slice = archive_slice;
  options_.log = [](runtime::LogLevel, std::string_view) {};
  options_.on_fatal = [](const base::Error& error) {
    std::fprintf(stderr, "rot: fatal: %s\n", error.text().c_str());
    std::abort();
  };
}

Workbench::~Workbench() {
  worker_.reset();
}

base::Result<std::unique_ptr<Workbench>> Workbench::open(const std::string& directory,
                                                         std::size_t archive_slice) {
  std::unique_ptr<Workbench> bench(new Workbench(archive_slice));
  auto engine = runtime::Engine::open(directory, bench->options_);
  if (!engine) return engine.error();
  bench->engine_ = std::move(*engine);
  return bench;
}

void Workbench::start_worker() {
  auto session = engine_->register_worker(code());
  must(session.has_value(), "no worker");
  worker_ = std::move(*session);
  settle();
}

void Workbench::settle() {
  while (engine_->run_some()) {
  }
}

void Workbench::pass(base::Duration time) {
  clock_.advance(time);
  settle();
}

bool Workbench::start(const std::string& workflow, const std::string& id) {
  runtime::StartRequest request;
  request.workflow = workflow;
  request.workflow_id = id;
  request.input = payload_of(id);
  bool started = false;
  engine_->ask(runtime::verb::Start{
      std::move(request), nullptr,
      [&](const base::Result<runtime::StartedRun>& run) { started = run.has_value(); }});
  settle();
  return started;
}

bool Workbench::signal(const std::string& id, const std::string& text) {
  bool taken = false;
  engine_->ask(runtime::verb::Signal{
      {id, {}}, "go", text, [&](const base::Status& status) { taken = status.has_value(); }});
  settle();
  return taken;
}

RunFacts Workbench::facts(const std::string& id) {
  RunFacts run;
  const auto failed = [&](const base::Error& error) {
    if (error.code == base::ErrorCode::kStoreDamaged) run.damaged = true;
    if (error.code == base::ErrorCode::kNotFound) run.found = false;
    run.facts += error.text();
  };
  engine_->ask(runtime::verb::Describe{
      {id, {}}, [&](const base::Result<runtime::RunDescription>& description) {
        if (!description) return failed(description.error());
        if (description->parked) return failed(*description->parked);
        run.open = description->status == runtime::RunStatus::kRunning;
        run.facts += description->workflow_id + "|" + description->run_id.to_string() + "|" +
                     description->workflow + "|" + description->task_queue + "|" +
                     std::to_string(static_cast<int>(description->status)) + "|" +
                     std::to_string(base::to_ms(description->started)) + "|" +
                     std::to_string(description->history_events) + "|";
        for (const auto& timer : description->timers) {
          run.facts += std::to_string(base::to_ms(timer.fires_at)) + "|";
        }
        for (const auto& activity : description->activities) run.facts += activity.activity + "|";
      }});
  settle();
  engine_->ask(
      runtime::verb::History{{id, {}}, [&](const base::Result<std::vector<std::string>>& turns) {
                               if (!turns) return failed(turns.error());
                               for (const std::string& turn : *turns) run.facts += turn;
                             }});
  settle();
  if (!run.open && !run.damaged) run.facts += result(id);
  return run;
}

std::string Workbench::result(const std::string& id) {
  auto watch = std::make_shared<runtime::RunWatch>();
  engine_->ask(runtime::verb::Watch{{id, {}}, watch});
  settle();
  if (!watch->ready()) {
    engine_->ask(runtime::verb::Unwatch{{id, {}}, watch});
    return {};
  }
  const auto& end = watch->get();
  if (!end) return end.error().text();
  return std::to_string(static_cast<int>(end->status)) + end->result + end->failure().message();
}

std::map<std::string, int> Workbench::list(std::size_t* damaged) {
  std::map<std::string, int> ids;
  *damaged = 0;
  engine_->ask(runtime::verb::List{
      {.limit = 100'000}, [&](const base::Result<std::vector<runtime::RunDescription>>& runs) {
        if (!runs) {
          *damaged += 1;
          return;
        }
        for (const auto& run : *runs) {
          if (run.parked) {
            ++*damaged;
          } else {
            ids[run.workflow_id] = static_cast<int>(run.status);
          }
        }
      }});
  settle();
  return ids;
}

namespace {

constexpr int kStages = 10;
constexpr int kPerStage = 36;

// One stage: new runs of each kind, and signals that end some of the older ones.
void stage(const std::string& directory, int number, std::vector<std::string>* ids) {
  // The last stages stay in the journal.
  const std::size_t slice = number < kStages - 3 ? 50 : 65'536;
  auto bench = Workbench::open(directory, slice);
  must(bench.has_value(), "no engine");
  (*bench)->start_worker();
  for (int i = 0; i < kPerStage; ++i) {
    const char* kinds[] = {"quick", "stamper", "waiter", "sleeper"};
    const std::string kind = kinds[i % 4];
    ids->push_back(kind + "-" + std::to_string(number * kPerStage + i));
    must((*bench)->start(kind, ids->back()), "no start");
  }
  for (std::size_t i = 0; i < ids->size(); ++i) {
    if (kind_of((*ids)[i]) != "waiter" || (i + static_cast<std::size_t>(number)) % 3 != 0) continue;
    const bool end = (i + static_cast<std::size_t>(number)) % 12 == 0;
    if ((*bench)->result((*ids)[i]).empty()) {
      must((*bench)->signal((*ids)[i], end ? "end" : payload_of((*ids)[i])), "no signal");
    }
  }
}

}  // namespace

std::vector<std::string> make_store(const std::string& directory,
                                    const std::function<void()>& moment) {
  std::vector<std::string> ids;
  for (int i = 0; i < kStages; ++i) {
    stage(directory, i, &ids);
    moment();
  }
  // The last moments are a commit apart: a meta page may be older by just one.
  for (int i = 0; i < 3; ++i) {
    auto bench = Workbench::open(directory, 65'536);
    must(bench.has_value(), "no engine");
    ids.push_back("quick-" + std::to_string(kStages * kPerStage + i));
    must((*bench)->start("quick", ids.back()), "no start");
    bench->reset();
    moment();
  }
  return ids;
}

std::string row_of(const std::string& id) {
  return "row of " + payload_of(id);
}

std::map<std::string, std::string> Workbench::rows(bool* damaged) {
  std::map<std::string, std::string> found;
  *damaged = false;
  const base::Status read = engine_->read_tables([&](runtime::TableReads& rows) {
    const base::Status scanned = rows.scan(
        kTable, "", std::nullopt,
        [&](std::string_view key, std::string_view value) { found[std::string(key)] = value; });
    *damaged = !scanned;
  });
  *damaged = *damaged || !read;
  return found;
}

void finish_open_runs(Workbench& bench, const std::vector<std::string>& open) {
  for (const std::string& id : open) {
    if (kind_of(id) == "waiter") (void)bench.signal(id, "end");
  }
  bench.pass(kSleep + kSleep);
}

}  // namespace reprise::rot
