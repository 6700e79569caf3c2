#include "tests/power_fail/crash_check.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "runtime/engine/embedded_engine.h"
#include "runtime/engine/recovery.h"
#include "tests/power_fail/families.h"
#include "tests/power_fail/workload.h"

namespace reprise::testing {
namespace {

// The records themselves: no gap, only those that were written, each history complete.
std::string check_records(store::Store& store, const Written& written, std::uint64_t durable) {
  const auto through = store.archive().through();
  const auto last = store.journal().last();
  const auto next_run = store.archive().next_run();
  if (!through || !last || !next_run) return "the counters cannot be read";
  if (*last < durable) {
    return "record " + std::to_string(durable) + " was acknowledged, the last is " +
           std::to_string(*last);
  }
  std::set<store::RunNumber> runs;
  store::Seq expected = *store.journal().first();
  std::string wrong;
  const auto scanned = store.journal().scan(1, [&](store::Seq seq, std::string_view bytes) {
    std::size_t size = 0;
    const auto record = store::decode_record(bytes, &size);
    if (seq != expected++ || !record || record->seq != seq) wrong = "the journal has a gap";
    if (record) runs.insert(record->run);
    return base::go_on_if(wrong.empty());
  });
  if (!scanned) return scanned.error().text();
  if (!wrong.empty()) return wrong;
  for (store::RunNumber run = 1; run < *next_run; ++run) {
    if (const auto summary = store.archive().summary(run); summary && *summary) runs.insert(run);
  }
  std::set<store::Seq> seen;
  for (const store::RunNumber run : runs) {
    const auto read = store::read_history(
        store.journal(), store.archive(), run, 0, [&](const store::Record& record) {
          seen.insert(record.seq);
          if (record.seq > written.chains.size() ||
              written.chains[record.seq - 1] != record.chain) {
            wrong = "record " + std::to_string(record.seq) + " is not what was written";
          }
        });
    if (!read) return read.error().text();
    if (!wrong.empty()) return wrong;
  }
  if (seen.size() != *last) {
    return "of " + std::to_string(*last) + " records the histories have " +
           std::to_string(seen.size());
  }
  return {};
}

class ReopenedEngine {
 public:
  ReopenedEngine(std::unique_ptr<store::Store> store, base::Time now) {
    clock_.move_to(now);
    runtime::EngineOptions options;
    options.threaded = false;
    options.strict = true;
    options.clock = &clock_;
    options.seed = 4711;
    options.archive_slice = 8;
    options.log = [this](runtime::LogLevel level, std::string_view line) {
      if (level == runtime::LogLevel::kError) logged_ += line;
    };
    options.on_fatal = [this](const base::Error& error) { logged_ += error.text(); };
    auto engine = runtime::EmbeddedEngine::over(std::move(store), options);
    if (!engine) {
      logged_ = engine.error().text();
      return;
    }
    engine_ = std::move(*engine);
    worker_ = std::move(*engine_->register_worker(workload_code({})));
    settle();
  }

  // Errors the engine has found so far.
  const std::string& logged() const { return logged_; }

  std::string check(const std::string& id, const Expectation::Run& expected) {
    Found found;
    std::optional<base::RunId> run_id;
    runtime::RunDescription run;
    do {  // from the newest run of a chain to its first
      const runtime::RunKey key{id, run_id};
      const auto describe = [&](const base::Result<runtime::RunDescription>& of) {
        run = of ? *of : runtime::RunDescription();
        if (!of) found.wrong = of.error().text();
      };
      engine_->ask(runtime::verb::Describe{key, describe});
      engine_->ask(runtime::verb::History{
          key, [&](const base::Result<std::vector<std::string>>& turns) { add(turns, &found); }});
      settle();
      if (!found.wrong.empty()) return id + ": " + found.wrong;
      run_id = run.continued_from;
    } while (run_id);
    if (!expected.run_id.empty() && run.run_id.to_string() != expected.run_id) {
      return id + ": another run";
    }
    if (found.signals < expected.signals) return id + ": a signal is lost";
    if (found.operations < expected.attempted) return id + ": attempted what was not recorded";
    if (expected.result && result(id) != *expected.result) return id + ": another result";
    return {};
  }

  // A run from start to end.
  std::string work(const std::string& id) {
    std::string wrong = "the start of " + id + " is not answered";
    engine_->ask(runtime::verb::Start{{.workflow = "signals", .workflow_id = id},
                                      nullptr,
                                      [&](const base::Result<runtime::StartedRun>& run) {
                                        wrong = run ? std::string() : run.error().text();
                                      }});
    settle();
    if (!wrong.empty()) return wrong;
    return finish(id);
  }

  // No money is lost or made, and each run that has ended has moved some, once.
  std::string check_bank(const Expectation& expected) {
    long sum = 0;
    std::map<std::string, std::string> moved;
    std::string wrong;
    const base::Status read = engine_->read_tables([&](runtime::TableReads& rows) {
      const auto see = [&](std::string_view key, std::string_view value) {
        if (key.starts_with(kAccount)) {
          sum += std::stol(std::string(value));
        } else {
          moved[std::string(key)] = value;
        }
      };
      const base::Status scanned = rows.scan(kBank, "", std::nullopt, see);
      if (!scanned) wrong = scanned.error().text();
    });
    if (!read) return read.error().text();
    if (!wrong.empty()) return wrong;
    if (sum != 0) return "money is gone or made: " + std::to_string(sum);
    for (const auto& [id, times] : moved) {
      if (times != "1") return id + " has moved money " + times + " times";
    }
    for (const auto& [id, run] : expected.runs()) {
      const bool must_have = run.result && id.starts_with("calls");
      if (must_have && !moved.contains(id)) return id + " has ended, and has moved no money";
    }
    return {};
  }

  // Brings every run to its end.
  std::string finish_all() {
    std::vector<runtime::RunDescription> open;
    for (int i = 0; i < 8; ++i) {  // timers, one after the other
      while (const auto due = engine_->next_due()) {
        clock_.move_to(*due);
        settle();
      }
    }
    engine_->ask(
        runtime::verb::List{{.status = runtime::RunStatus::kRunning},
                            [&](const base::Result<std::vector<runtime::RunDescription>>& runs) {
                              if (runs) open = *runs;
                            }});
    settle();
    for (const auto& run : open) {
      if (std::string wrong = finish(run.workflow_id); !wrong.empty()) return wrong;
    }
    return {};
  }

 private:
  // In the histories of a chain, or of a run alone.
  struct Found {
    std::string wrong;
    std::uint64_t signals = 0;  // each once: those that went along are there twice
    std::uint64_t operations = 0;
  };

  static void add(const base::Result<std::vector<std::string>>& turns, Found* found) {
    if (!turns) {
      found->wrong = turns.error().text();
      return;
    }
    proto::Turn turn;
    for (const std::string& bytes : *turns) {
      turn.ParseFromString(bytes);
      for (const auto& input : turn.inputs()) {
        found->signals += input.has_signal_received() ? 1 : 0;
        found->signals -= input.run_started().carried() - input.run_started().carried_new();
        const proto::RunStarted& start = input.checkpoint_taken().start();
        found->signals -= start.carried() - start.carried_new();
      }
      for (const auto& command : turn.commands()) {
        if (command.has_activity_scheduled()) found->operations = command.activity_scheduled().id();
      }
    }
  }

  void settle() {
    while (engine_->run_some()) {
    }
  }

  std::string result(const std::string& id) {
    const auto watch = std::make_shared<runtime::RunWatch>();
    engine_->ask(runtime::verb::Watch{{id, {}}, watch});
    settle();
    if (!watch->ready()) return "(running)";
    return watch->get() ? watch->get()->result : watch->get().error().text();
  }

  std::string finish(const std::string& id) {
    for (int i = signals_of(id); i > 0; --i) {
      engine_->ask(runtime::verb::Signal{{id, {}}, "go", "x", [](const base::Status&) {}});
      settle();
    }
    const std::string end = result(id);
    if (end == "(running)" || end.starts_with("RP")) return id + " does not end: " + end;
    const bool is_wrong = id.starts_with("family") && end != kFamilyTogether;
    return is_wrong ? id + " has ended with " + end : "";
  }

  ManualClock clock_;
  std::string logged_;
  std::unique_ptr<runtime::Engine> engine_;
  std::unique_ptr<runtime::WorkerSession> worker_;
};

std::string check_runs(std::unique_ptr<store::Store> store,
                       const Written& written,
                       const Expectation& expected,
                       bool thorough) {
  ReopenedEngine engine(std::move(store), written.now);
  if (!engine.logged().empty()) return engine.logged();
  for (const auto& [id, run] : expected.runs()) {
    if (std::string wrong = engine.check(id, run); !wrong.empty()) return wrong;
  }
  if (std::string wrong = engine.check_bank(expected); !wrong.empty()) return wrong;
  if (std::string wrong = engine.work("new"); !wrong.empty()) return wrong;
  if (thorough) {
    if (std::string wrong = engine.finish_all(); !wrong.empty()) return wrong;
    if (std::string wrong = engine.check_bank(expected); !wrong.empty()) return wrong;
  }
  return engine.logged();
}

}  // namespace

void Expectation::add(const Promise& promise) {
  Run* run = promise.id.empty() ? nullptr : &runs_[promise.id];
  switch (promise.kind) {
    case Promise::Kind::kAppending:
      if (too_early_) durable_ = promise.number;
      return;
    case Promise::Kind::kDurable:
      durable_ = promise.number;
      return;
    case Promise::Kind::kStarted:
      run->run_id = promise.text;
      return;
    case Promise::Kind::kSignalled:
      run->signals = promise.number;
      return;
    case Promise::Kind::kAttempted:
      run->attempted = std::max(run->attempted, promise.number);
      return;
    case Promise::Kind::kEnded:
      run->result = promise.text;
      return;
  }
}

std::string check_crashed(const std::string& path,
                          const Written& written,
                          const Expectation& expected,
                          bool thorough) {
  auto store = store::open_store(path);
  if (!store) return store.error().text();
  if (std::string wrong = check_records(**store, written, expected.durable()); !wrong.empty()) {
    return wrong;
  }
  std::string wrong = check_runs(std::move(*store), written, expected, thorough);
  if (!wrong.empty() || !thorough) return wrong;
  auto again = store::open_store(path);
  if (!again) return "opened again: " + again.error().text();
  ReopenedEngine engine(std::move(*again), written.now);
  if (!engine.logged().empty()) return "opened again: " + engine.logged();
  for (const auto& [id, run] : expected.runs()) {
    if (wrong = engine.check(id, run); !wrong.empty()) return "opened again: " + wrong;
  }
  if (wrong = engine.check_bank(expected); !wrong.empty()) return "opened again: " + wrong;
  return engine.check("new", {});
}

}  // namespace reprise::testing
