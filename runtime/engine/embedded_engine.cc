#include "runtime/engine/embedded_engine.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/check.h"
#include "base/out_of_memory.h"
#include "base/start_thread.h"
#include "base/thread_name.h"
#include "base/thread_stack.h"
#include "runtime/engine/embedded_engine_session.h"
#include "runtime/engine/log_sink.h"
#include "runtime/engine/run_fields.h"
#include "runtime/engine/parked_run.h"
#include "runtime/engine/second_look.h"

namespace reprise::runtime {
namespace {

EngineOptions with_defaults(EngineOptions options, store::Store* store) {
  if (options.shards <= 0) {
    options.shards = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  if (!options.threaded) options.shards = 1;
  if (!options.crash_reports) options.crash_reports = options.threaded;
  options.archive_slice = std::max<std::size_t>(1, options.archive_slice);
  if (!options.log) options.log = spdlog_sink();
  if (!options.on_fatal) {
    options.on_fatal = [log = options.log](const base::Error& why) { end_process(log, why); };
  }
  // No run's code is to blame for a failure of the disk.
  options.on_fatal = [store, end = std::move(options.on_fatal)](const base::Error& why) {
    if (auto* marks = store->turn_marks()) marks->ends_for_another_reason();
    end(why);
  };
  options.log = never_throwing(std::move(options.log));
  return options;
}

// As metrics say it.
std::string_view breaker_label(BreakerState state) {
  switch (state) {
    case BreakerState::kNone:
      return {};
    case BreakerState::kClosed:
      return "closed";
    case BreakerState::kOpen:
      return "open";
    case BreakerState::kHalfOpen:
      return "half_open";
  }
  return {};
}

// The last engine's notes stay until a run's code has been tried, and the file does not grow.
void keep_parked_notes(const std::vector<RecoveredRun>& runs, store::Store* store) {
  std::map<store::RunNumber, const RecoveredRun*> noted;
  for (const auto& [number, note] : store->parked_runs()) noted[number] = nullptr;
  if (noted.empty()) return;
  for (const RecoveredRun& run : runs) {
    const auto found = noted.find(run.state.number);
    if (found != noted.end() && !run.damaged) found->second = &run;
  }
  store->keep_parked([&](const store::ParkedNote& note) {
    const auto found = noted.find(note.at.run);
    return found != noted.end() && found->second != nullptr &&
           is_still_parked(*store, found->second->state, note);
  });
}

}  // namespace

base::Result<CompletionTokens::Key> token_key_of(const store::Store& store) {
  const auto key = store.archive().token_key();
  if (!key) return key.error();
  if (*key) return **key;
  return base::Error{base::ErrorCode::kStoreFull,
                     "the store was made by an earlier version and had no room for a key of "
                     "tokens; make room and open it again"};
}

// ---- opening and closing ----------------------------------------------------------------------

base::Result<std::unique_ptr<Engine>> Engine::open(const std::string& directory,
                                                   EngineOptions options) {
  store::StoreOptions sizes;
  sizes.executes_code = options.executes_code;
  if (options.journal_map_bytes > 0) sizes.journal_map_bytes = options.journal_map_bytes;
  if (options.archive_map_bytes > 0) sizes.archive_map_bytes = options.archive_map_bytes;
  auto store = store::open_store(directory, sizes);
  if (!store) return store.error();
  const bool serves = options.control_socket && options.threaded;
  auto engine = EmbeddedEngine::over(std::move(*store), std::move(options));
  if (engine && serves) static_cast<EmbeddedEngine&>(**engine).serve_control(directory);
  return engine;
}

std::unique_ptr<Engine> Engine::in_memory(EngineOptions options) {
  auto engine = EmbeddedEngine::over(store::memory_store(), std::move(options));
  REPRISE_CHECK(engine.has_value(), "an empty store in memory opens");
  return std::move(*engine);
}

base::Result<std::unique_ptr<Engine>> EmbeddedEngine::over(std::unique_ptr<store::Store> store,
                                                           EngineOptions options) {
  if (const base::Status valid = sealing::check_codecs(options.codecs); !valid) {
    return valid.error();
  }
  Names names;
  auto recovered = recover(*store, names);
  if (!recovered) return recovered.error();
  if (auto kept = keep_released(store->archive(), *recovered, names); !kept) return kept.error();
  options = with_defaults(std::move(options), store.get());
  if (const base::Status begun = begin_fields(store->archive()); !begun) {
    if (begun.error().code != base::ErrorCode::kStoreFull) return begun.error();
    options.log(LogLevel::kWarning,
                "the archive has no room for the index of fields, so searches "
                "read all runs: " +
                    begun.error().text());
  }
  std::unique_ptr<EmbeddedEngine> engine(new EmbeddedEngine(std::move(store), options));
  if (const base::Status opened = engine->open(std::move(*recovered)); !opened) {
    return opened.error();
  }
  return std::unique_ptr<Engine>(std::move(engine));
}

EmbeddedEngine::EmbeddedEngine(std::unique_ptr<store::Store> store, const EngineOptions& options)
    : shared_(options, std::move(store), options.clock != nullptr ? *options.clock : wall_clock_) {
  shared_.post = this;
}

base::Status EmbeddedEngine::open(Recovered recovered) {
  const EngineOptions& options = shared_.options;
  shared_.next_run = recovered.next_run;
  shared_.durable = recovered.last;
  shared_.damaged_records = std::move(recovered.damaged_records);
  shared_.without_changes = std::move(recovered.without_changes);
  const auto count = static_cast<std::size_t>(options.shards);
  if (options.guard != GuardMode::kOff) {
    guard_ =
        std::make_unique<Guard>(options.guard, options.guard_log ? options.guard_log : options.log);
  }
  const HostOptions host{.cached_runs = std::max<std::size_t>(1, options.cached_runs / count),
                         .cached_bytes = options.cached_bytes / count,
                         .stack_bytes = options.stack_bytes,
                         .strict = options.strict,
                         .record_stacks = options.record_stacks,
                         .pending_operations = options.limits.pending_operations,
                         .turn_bytes = options.limits.turn_bytes,
                         .settings = options.limits.settings,
                         .settings_bytes = options.limits.settings_bytes,
                         .guard = guard_.get(),
                         .metrics = shared_.metrics(),
                         .resident = &shared_.resident};
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>(static_cast<int>(i), shared_, host));
  }
  archiver_ = std::make_unique<Archiver>(shared_, [this](store::Seq through) {
    shared_.tables->archived(through);
    for (auto& shard : shards_)
      shard->post([shard = shard.get(), through] { shard->archived(through); });
  });
  shared_.tables = std::make_unique<Tables>(shared_.store->archive(), recovered.through,
                                            [&sealing = shared_.sealing](std::string value) {
                                              return sealing.open_value(std::move(value));
                                            });
  for (const auto& each : recovered.row_changes) shared_.tables->apply(each.seq, each.changes);
  shared_.writer =
      std::make_unique<store::Writer>(shared_.store->journal(), recovered.last, options.threaded);
  shared_.writer->on_durable([this](const base::Result<store::Seq>& seq) { durable(seq); });
  if (EngineMetrics* const metrics = shared_.metrics(); metrics != nullptr) {
    shared_.writer->on_commit([metrics](const store::Writer::Commit& made) {
      metrics->commit.observe(EngineMetrics::since(made.began));
      metrics->commit_bytes.observe(made.bytes);
      metrics->commit_records.observe(made.records);
    });
  }
  shared_.writer->on_room([this](const base::Status& room) { room_changed(room); });

  if (base::Status tables = look_at_tables(); !tables) return tables;
  keep_parked_notes(recovered.runs, shared_.store.get());
  for (RecoveredRun& run : recovered.runs) {
    Shard& shard = shard_of(run.state.workflow_id);
    shard.archived(recovered.through);
    if (run.damaged) shared_.log(LogLevel::kError, "quarantined: " + run.why);
    if (run.released_from != 0 && !run.damaged) {
      shared_.log(LogLevel::kWarning, released_text(run));
    }
    shard.adopt(std::move(run));
  }
  if (*options.crash_reports) CrashReports::install();
  take_deaths();
  // Lost attempts are counted before anything is attempted again. It is not known here which shard
  // has the run; the others find nothing to count.
  for (const store::AttemptMark& mark : shared_.store->attempt_slots().left_over()) {
    for (auto& shard : shards_) {
      shard->attempts().lost(mark);
      shard->transactions().lost(mark);
    }
  }
  const auto uncounted = std::make_shared<std::atomic<std::size_t>>(shards_.size());
  for (auto& shard : shards_) {
    shard->round().when_recorded([this, uncounted] {
      if (--*uncounted == 0) shared_.store->attempt_slots().forget_left_over();
    });
  }
  show_metrics();
  return options.threaded ? start_threads() : base::Status();
}

void EmbeddedEngine::show_metrics() {
  if (shared_.metrics() == nullptr) return;
  shown_ = shared_.metrics()->attach([this](EngineMetrics::Now* now) {
    for (auto& each : shared_.task_queues.waiting()) now->waiting_attempts.push_back(each);
    shared_.parked->for_each([&](std::string_view code, const base::Gauge& runs) {
      now->parked.emplace_back(code, runs.value());
    });
    for (const LimitState& each : shared_.task_queues.limits()) {
      now->limited.push_back({each.task_queue, each.activity, breaker_label(each.breaker),
                              each.held_back.empty() ? 0 : each.waiting});
    }
    now->resident += shared_.resident.value();
    if (const auto bytes = shared_.store->journal().bytes_on_disk()) now->journal_bytes += *bytes;
    if (const auto bytes = shared_.store->archive().bytes_on_disk()) now->archive_bytes += *bytes;
  });
}

// If a thread cannot be started, close() stops the others.
base::Status EmbeddedEngine::start_threads() {
  if (base::Status writing = shared_.writer->started(); !writing) return writing;
  if (base::Status archiving = archiver_->start(); !archiving) return archiving;
  std::vector<CodeMark*> marks;
  for (auto& shard : shards_) marks.push_back(&shard->code_mark());
  watchdog_ = std::make_unique<Watchdog>(marks, shared_.transaction_mark,
                                         shared_.options.limits.slow_turn, shared_.options.log);
  if (base::Status watching = watchdog_->start(); !watching) return watching;
  threads_.reserve(shards_.size());
  for (auto& shard : shards_) {
    base::Status running = base::start_thread(
        &threads_.emplace_back(), "the thread of a shard", [this, shard = shard.get()] {
          base::needs_memory("running workflows", [&] { run_shard(*shard); });
        });
    if (!running) return running;
  }
  return {};
}

// It is not known here which shard has the run; the others ignore it. A run that no shard has was
// never recorded or has ended, and its number may be given to another.
void EmbeddedEngine::take_deaths() {
  store::TurnMarks* const marks = shared_.store->turn_marks();
  if (marks == nullptr) return;
  std::set<store::RunNumber> open;
  for (const store::Deaths& deaths : marks->deaths()) {
    for (auto& shard : shards_) {
      if (shard->take_deaths(deaths)) open.insert(deaths.run);
    }
  }
  (void)marks->forget_if([&](store::RunNumber run) { return !open.contains(run); });
}

EmbeddedEngine::~EmbeddedEngine() {
  base::needs_memory("closing the engine", [this] { close(); });
}

void EmbeddedEngine::close() {
  if (shown_) shared_.metrics()->detach(*shown_);
  stopping_ = true;
  shared_.admission.close();
  control_ = nullptr;  // after the admission, at which its thread may be waiting
  for (auto& shard : shards_) shard->poke();
  watchdog_ = nullptr;  // before the threads that it may interrupt
  threads_.clear();
  if (archiver_ != nullptr) archiver_->stop();  // none if open() threw
  shared_.writer.reset();  // commits what is queued; its callback needs the shards and the archiver
  const bool full = shared_.space.full();
  for (auto& shard : shards_) {
    if (full) {
      shard->answer_requests({base::ErrorCode::kStoreClosed,
                              "the engine was closed while the store had no room for this"});
    }
    shard->fail_watches({base::ErrorCode::kStoreClosed,
                         "the engine was closed; the run goes on "
                         "when it is opened again"});
  }
}

void EmbeddedEngine::durable(const base::Result<store::Seq>& seq) {
  if (!seq) {
    failed_ = true;
    for (auto& shard : shards_) shard->poke();
    return shared_.options.on_fatal(seq.error());
  }
  shared_.durable = *seq;
  for (auto& shard : shards_) shard->poke();
  archiver_->poke();
}

// Attempts that begin now could not record their results, which would pile up.
void EmbeddedEngine::room_changed(const base::Status& room) {
  shared_.space.set(room);
  if (room) {
    shared_.log(LogLevel::kInfo, "the store has room again: requests are accepted");
  } else {
    shared_.log(LogLevel::kError,
                "the store has no room: until it has, requests are refused and runs wait; " +
                    room.error().text());
  }
  {
    std::lock_guard lock(sessions_mutex_);
    for (Session* session : sessions_) session->pool().pause(shared_.space.full());
  }
  for (auto& shard : shards_) shard->poke();
  archiver_->poke();
}

void EmbeddedEngine::run_shard(Shard& shard) {
  base::name_this_thread("reprise-shard");
  const base::SignalStack signal_stack;
  std::optional<CrashReports> reports;
  if (*shared_.options.crash_reports) reports.emplace(shard.code_mark());
  shard.code_mark().set_thread(::pthread_self());
  while (true) {
    // Checked before the round: mail posted before the engine began to stop is still handled.
    const bool stopping = stopping_;
    if (shard.run_round()) continue;
    // Accepted requests are made durable and confirmed before the thread ends, unless that is
    // impossible.
    const bool never = failed_ || shared_.space.full();
    if (stopping && (never || !shard.has_effects())) return;
    shard.wait();
  }
}

}  // namespace reprise::runtime
