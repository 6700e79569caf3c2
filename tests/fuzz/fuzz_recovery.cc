// Records that verify and contain anything: recovery and the engine must cope with them, because a
// bug of an earlier version may have written them.
#include <optional>

#include "runtime/engine/embedded_engine.h"
#include "runtime/engine/recovery.h"
#include "tests/fuzz/targets.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/store/builders.h"

namespace reprise::fuzz {
namespace {

// Records "run number, flags, length 16 bit, body", one after another.
std::vector<std::string> records_of(Bytes in) {
  std::vector<std::string> records;
  store::RecordMaker maker;
  while (!in.empty() && records.size() < 64) {
    const store::RunNumber run = in.byte() % 4 + 1;
    const auto flags = static_cast<std::uint8_t>(in.byte() & store::kLastOfRun);
    const unsigned size = in.word();
    records.push_back(maker.make(run, in.take(size), flags));
  }
  return records;
}

// The fold, and whether a summary contains all of it.
void fold(const std::vector<std::string>& records) {
  runtime::Names names;
  runtime::RunState state;
  proto::RunSummary summary;
  for (const std::string& bytes : records) {
    std::size_t size = 0;
    const auto record = store::decode_record(bytes, &size);
    proto::Turn turn;
    if (!turn.ParseFromArray(record->body.data(), static_cast<int>(record->body.size()))) continue;
    state.apply(turn, names);
  }
  state.to_summary(&summary);
  proto::RunSummary again;
  runtime::RunState::from_summary(1, summary, names).to_summary(&again);
  if (state.workflow != nullptr && again.SerializeAsString() != summary.SerializeAsString()) {
    throw Defect("a summary does not say what was folded");
  }
}

void archive_summary(store::Store& store, std::string_view bytes) {
  store::ArchiveBatch batch;
  batch.next_run = 2;
  batch.summaries.push_back({.run = 1,
                             .workflow_id = "1",
                             .summary = std::string(bytes),
                             .add_key = runtime::index_key(runtime::RunStatus::kRunning),
                             .remove_key = {}});
  (void)store.archive().commit(batch);
}

void ask(runtime::Engine& engine) {
  const auto drive = [&] {
    for (int i = 0; i < 64 && engine.run_some(); ++i) {
    }
  };
  drive();
  std::vector<runtime::RunDescription> runs;
  engine.ask(runtime::verb::List{
      {}, [&](const base::Result<std::vector<runtime::RunDescription>>& listed) {
        if (listed) runs = *listed;
      }});
  drive();
  for (const runtime::RunDescription& run : runs) {
    const runtime::RunKey key{run.workflow_id, {}};
    engine.ask(runtime::verb::Describe{key, [](const base::Result<runtime::RunDescription>&) {}});
    engine.ask(runtime::verb::History{key, [](const base::Result<std::vector<std::string>>&) {}});
    engine.ask(runtime::verb::Signal{key, "go", {}, [](const base::Status&) {}});
    engine.ask(runtime::verb::Query{key, "q", {}, [](const base::Result<std::string>&) {}});
    engine.ask(
        runtime::verb::Get{key, "stage", [](const base::Result<runtime::verb::Get::Answer>&) {}});
    engine.ask(runtime::verb::Terminate{key, "fuzz", [](const base::Status&) {}});
    drive();
  }
}

void open_engine(std::unique_ptr<store::Store> store) {
  const testing::ManualClock clock;
  runtime::EngineOptions options;
  options.threaded = false;
  options.clock = &clock;
  options.seed = 7;
  options.log = [](runtime::LogLevel, std::string_view) {};
  options.on_fatal = [](const base::Error& error) { throw Defect(error.text()); };
  auto engine = runtime::EmbeddedEngine::over(std::move(store), std::move(options));
  if (engine) ask(**engine);
}

}  // namespace

void fuzz_recovery(std::string_view input) {
  auto store = store::memory_store();
  Bytes in(input);
  // Either a summary of run 1 or a journal.
  if (in.byte() % 4 == 0) {
    archive_summary(*store, in.rest());
  } else {
    const std::vector<std::string> records = records_of(in);
    fold(records);
    const store::RecordBatch batch = store::batch_of(1, records);
    if (batch.count() > 0) (void)store->journal().append({&batch}, 0);
  }
  open_engine(std::move(store));
}

std::vector<std::string> recovery_seeds() {
  const auto with_head = [](unsigned run, unsigned flags, const std::string& body) {
    std::string bytes;
    for (const unsigned byte : {run, flags, unsigned(body.size() >> 8), unsigned(body.size())}) {
      bytes += static_cast<char>(byte & 0xff);
    }
    return bytes + body;
  };
  proto::Turn first;
  first.set_time_ms(1'700'000'000'000);
  auto* started = first.add_inputs()->mutable_run_started();
  started->set_run_id(std::string(16, 'r'));
  started->set_workflow_id("order-7");
  started->set_workflow("checkout");
  started->set_run_timeout_ms(5'000);
  first.add_commands()->mutable_activity_scheduled()->set_id(1);
  first.mutable_commands(0)->mutable_activity_scheduled()->set_name("charge");
  first.add_commands()->mutable_timer_started()->set_id(2);
  first.mutable_commands(1)->mutable_timer_started()->set_duration_ms(60'000);
  first.add_commands()->mutable_step_scheduled()->set_id(3);
  proto::Turn second;
  second.set_time_ms(1'700'000'000'500);
  auto* failed = second.add_inputs()->mutable_attempt_failed();
  failed->set_id(1);
  failed->set_attempt(1);
  failed->set_retry_at_ms(1'700'000'001'000);
  second.add_inputs()->mutable_timer_fired()->set_id(2);
  proto::Turn last;
  last.add_inputs()->mutable_activity_completed()->set_id(1);
  last.add_commands()->mutable_run_completed()->set_result("\x01");
  proto::Turn deferred;
  deferred.set_without_code(true);
  deferred.add_inputs()->mutable_signal_received()->set_name("go");
  // Inputs that crashed an engine once: an id of two kinds, a run without a start or with two.
  proto::Turn twofold = first;
  twofold.mutable_commands(2)->mutable_step_scheduled()->set_id(1);
  proto::RunSummary summary;
  summary.set_run_id(std::string(16, 'r'));
  summary.set_workflow_id("1");
  summary.set_workflow("checkout");
  summary.set_last_seq(1);
  summary.add_pending()->set_id(1);
  summary.mutable_pending(0)->set_kind(1);
  const std::string one = with_head(0, 0, first.SerializeAsString());
  const std::string two = with_head(0, 0, second.SerializeAsString());
  return {"\x01" + one,
          "\x01" + one + two,
          "\x01" + one + two + with_head(0, 2, last.SerializeAsString()),
          "\x01" + one + with_head(1, 0, first.SerializeAsString()) +
              with_head(0, 0, deferred.SerializeAsString()),
          "\x01" + with_head(0, 0, twofold.SerializeAsString()),
          "\x01" + with_head(0, 0, deferred.SerializeAsString()),
          "\x01" + one + one,
          std::string(1, '\0') + summary.SerializeAsString()};
}

}  // namespace reprise::fuzz
