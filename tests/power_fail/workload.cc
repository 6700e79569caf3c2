#include "tests/power_fail/workload.h"

#include "runtime/engine/embedded_engine.h"
#include "runtime/table_access.h"
#include "tests/power_fail/families.h"
#include "tests/power_fail/recording_store.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing {
namespace {

constexpr std::size_t kAccounts = 4;

Outcome take_signals(Execution& e) {
  std::string all;
  for (int i = signals_of(e.info().workflow_id); i > 0; --i) {
    const auto signal = e.next_signal("go");
    e.wait(*signal);
    all += std::to_string(signal->take_outcome().payload().size()) + " ";
  }
  return Outcome::success(all);
}

// From one account to another; and the run counts that it has done so.
Outcome move_money(const std::string& run) {
  runtime::TableWrites& rows = *runtime::TableWrites::current();
  const std::size_t from = std::hash<std::string>()(run) % kAccounts;
  const auto add = [&rows](const std::string& key, int more) {
    const auto value = rows.get(kBank, key);  // an error: the engine tries again later
    const int before = value && *value ? std::stoi(**value) : 0;
    (void)rows.put(kBank, key, std::to_string(before + more));
  };
  add(kAccount + std::to_string(from), -7);
  add(kAccount + std::to_string((from + 1) % kAccounts), 7);
  add(run, 1);
  return Outcome();
}

// What is called off may end nevertheless, and the code waits for that, or forgets it.
void call_off(Execution& e, proto::ActivityScheduled::OnCancel mode) {
  proto::ActivityScheduled activity;
  activity.set_name("work");
  activity.set_on_cancel(mode);
  const auto operation = e.schedule_activity(as(activity), {});
  e.cancel(*operation, {});
  if (mode == proto::ActivityScheduled::WAIT) e.wait(*operation);
}

Outcome make_calls(Execution& e) {
  (void)e.run_transaction("move", [&e] { return move_money(e.info().workflow_id); }, {});
  for (const auto mode : {proto::ActivityScheduled::WAIT, proto::ActivityScheduled::ABANDON}) {
    call_off(e, mode);
  }
  std::string all;
  for (int i = 0; i < 3; ++i) all += std::to_string(call(e, "work").size()) + " ";
  return Outcome::success(all);
}

Outcome wait_for_timers(Execution& e) {
  const auto first = e.start_timer(base::Duration(20'000), {});
  const auto second = e.start_timer(base::Duration(60'000), {});
  e.wait(*second);
  e.wait(*first);
  return Outcome::success("woken");
}

// Takes one signal in each run of a chain, or between two checkpoints; `input` has how many are
// left, and what the others took. Of the first run it is of no meaning.
Outcome take_one_and_continue(Execution& e, std::string_view input) {
  int left = signals_of(e.info().workflow_id);
  std::string all;
  if (const auto space = input.find(' '); space != input.npos) {
    left = std::stoi(std::string(input.substr(0, space)));
    all = input.substr(space + 1);
  }
  const auto signal = e.next_signal("go");
  e.wait(*signal);
  all += std::to_string(signal->take_outcome().payload().size()) + " ";
  if (left == 1) return Outcome::success(all);
  all = std::to_string(left - 1) + " " + all;
  if (left % 2 == 0) e.checkpoint(std::move(all), {});
  proto::RunContinuedAsNew next;
  next.set_workflow("chain");
  next.set_input(all);
  e.continue_as_new(as(next), {});
}

class Chained final : public replay::WorkflowInstance {
 public:
  explicit Chained(Execution& execution) : execution_(execution) {}
  Outcome run(std::string_view input) override { return take_one_and_continue(execution_, input); }

 private:
  Execution& execution_;
};

std::uint64_t operation_of(const runtime::ActivityAttempt& attempt) {
  const std::string key(attempt.idempotency_key());
  return std::stoull(key.substr(key.rfind('/') + 1));
}

}  // namespace

Workload::Workload(std::string directory, std::uint64_t seed, std::function<void(Promise)> told)
    : directory_(std::move(directory)),
      random_(seed),
      told_(std::move(told)),
      slice_(std::size_t{4} << random_.below(4)) {}

void Workload::close() {
  worker_.reset();
  engine_.reset();
}

base::Status Workload::open() {
  close();
  auto store = store::open_store(directory_ + "/store");
  if (!store) return store.error();
  runtime::EngineOptions options;
  options.threaded = false;
  options.clock = &clock_;
  options.seed = random_.next() | 1;
  options.archive_slice = slice_;
  options.log = [](runtime::LogLevel, std::string_view) {};
  options.on_fatal = [this](const base::Error& error) { fatal_ = error; };
  auto engine = runtime::EmbeddedEngine::over(
      std::make_unique<RecordingStore>(
          std::move(*store),
          [this](store::Seq last) { told_({.kind = Promise::Kind::kAppending, .number = last}); },
          [this](store::Seq last) { told_({.kind = Promise::Kind::kDurable, .number = last}); },
          &chains_, swallow_errors_),
      std::move(options));
  if (!engine) return engine.error();
  engine_ = std::move(*engine);
  auto worker =
      engine_->register_worker(workload_code([this](const runtime::ActivityAttempt& attempt) {
        told_({.kind = Promise::Kind::kAttempted,
               .number = operation_of(attempt),
               .id = std::string(attempt.workflow_id())});
      }));
  if (!worker) return worker.error();
  worker_ = std::move(*worker);
  return {};
}

void Workload::step() {
  const auto dice = random_.below(10);
  if (dice < 4) {
    start();
  } else if (dice < 8) {
    signal();
  } else {
    clock_.move_to(clock_.now() + base::Duration(static_cast<std::int64_t>(random_.below(20'000))));
  }
  for (auto rounds = random_.below(4); rounds > 0; --rounds) engine_->run_some();
  note_ends();
}

void Workload::settle() {
  while (engine_->run_some()) {
  }
  note_ends();
}

std::string Workload::payload() {
  const std::size_t sizes[] = {10, 100, 100, 700, 1'990, 2'100, 9'000, 20'000};
  return std::string(random_.below(sizes[random_.below(std::size(sizes))]), 'p');
}

void Workload::note_error(const base::Error& error) {
  if (error.code == base::ErrorCode::kStoreFull) {
    ++refused_;
  } else if (error.code != base::ErrorCode::kStoreClosed &&
             error.code != base::ErrorCode::kRunClosed &&
             error.code != base::ErrorCode::kNotFound) {
    unexpected_ = error.text();
  }
}

void Workload::start() {
  static constexpr const char* kWorkflows[] = {"signals", "chain", "calls", "timers", "family"};
  const std::string workflow = kWorkflows[random_.below(std::size(kWorkflows))];
  const std::string id = workflow + std::to_string(runs_++);
  if (workflow == "signals" || workflow == "chain") waiting_.push_back(id);
  auto watch = std::make_shared<runtime::RunWatch>();
  engine_->ask(runtime::verb::Start{
      {.workflow = workflow, .workflow_id = id, .input = payload()},
      watch,
      [this, id](const base::Result<runtime::StartedRun>& run) {
        if (!run) return note_error(run.error());
        told_({.kind = Promise::Kind::kStarted, .id = id, .text = run->run_id.to_string()});
      }});
  ends_.emplace_back(id, std::move(watch));
}

void Workload::signal() {
  if (waiting_.empty()) return;
  const std::string id = waiting_[random_.below(waiting_.size())];
  engine_->ask(runtime::verb::Signal{
      {id, {}}, "go", payload(), [this, id](const base::Status& status) {
        if (!status) return note_error(status.error());
        told_({.kind = Promise::Kind::kSignalled, .number = ++signals_[id], .id = id});
      }});
}

// Whoever watches a run is told of its end.
void Workload::note_ends() {
  std::erase_if(ends_, [this](const auto& end) {
    const auto& [id, watch] = end;
    if (!watch->ready()) return false;
    if (watch->get())
      told_({.kind = Promise::Kind::kEnded, .id = id, .text = watch->get()->result});
    return true;
  });
}

int signals_of(const std::string& workflow_id) {
  return 1 + static_cast<int>(std::hash<std::string>()(workflow_id) % 6);
}

runtime::WorkerCode workload_code(std::function<void(const runtime::ActivityAttempt&)> attempted) {
  runtime::WorkerCode code;
  code.workflows["signals"] = code_of(take_signals);
  code.workflows["chain"] = [](Execution& e) { return std::make_unique<Chained>(e); };
  code.workflows["calls"] = code_of(make_calls);
  code.workflows["timers"] = code_of(wait_for_timers);
  add_families(&code);
  code.activities["work"] = [attempted = std::move(attempted)](
                                const runtime::ActivityAttempt& attempt, std::string_view) {
    if (attempted) attempted(attempt);
    const std::size_t size = std::hash<std::string_view>()(attempt.idempotency_key()) % 5'000;
    return Outcome::success(std::string(size, 'r'));
  };
  return code;
}

}  // namespace reprise::testing
