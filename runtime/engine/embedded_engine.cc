#include "runtime/engine/embedded_engine.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/out_of_memory.h"
#include "base/start_thread.h"
#include "base/thread_name.h"
#include "base/thread_stack.h"
#include "runtime/engine/limits.h"
#include "runtime/engine/log_sink.h"

namespace reprise::runtime {
namespace {

EngineOptions with_defaults(EngineOptions options, store::Store* store) {
  if (options.shards <= 0) {
    options.shards = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  if (!options.threaded) options.shards = 1;
  options.archive_slice = std::max<std::size_t>(1, options.archive_slice);
  if (!options.log) options.log = spdlog_sink();
  if (!options.on_fatal) {
    options.on_fatal = [log = options.log](const base::Error& why) { end_process(log, why); };
  }
  // No run's code is to blame for what the disk does.
  options.on_fatal = [store, end = std::move(options.on_fatal)](const base::Error& why) {
    if (auto* marks = store->turn_marks()) marks->ends_for_another_reason();
    end(why);
  };
  options.log = never_throwing(std::move(options.log));
  return options;
}

// Activities mostly wait for something else, so there are more threads than cores.
std::size_t default_activity_threads() {
  return std::max<std::size_t>(8, std::size_t{4} * std::thread::hardware_concurrency());
}

}  // namespace

class EmbeddedEngine::Session final : public WorkerSession {
 public:
  Session(EmbeddedEngine& engine, std::shared_ptr<const WorkerCode> code, std::size_t threads)
      : engine_(engine), queue_(code->task_queue), pool_(std::move(code), threads, engine) {}
  ~Session() override {
    base::needs_memory("stopping a worker", [this] { engine_.unregister(*this); });
  }

  bool on_own_thread() const override { return pool_.on_own_thread(); }

  const std::string& queue() const { return queue_; }
  AttemptPool& pool() { return pool_; }

 private:
  EmbeddedEngine& engine_;
  std::string queue_;
  AttemptPool pool_;
};

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
  Names names;
  auto recovered = recover(*store, names);
  if (!recovered) return recovered.error();
  options = with_defaults(std::move(options), store.get());
  std::unique_ptr<EmbeddedEngine> engine(new EmbeddedEngine(std::move(store), options));
  if (const base::Status opened = engine->open(std::move(*recovered)); !opened) {
    return opened.error();
  }
  return std::unique_ptr<Engine>(std::move(engine));
}

EmbeddedEngine::EmbeddedEngine(std::unique_ptr<store::Store> store, const EngineOptions& options)
    : shared_(options, std::move(store), options.clock != nullptr ? *options.clock : wall_clock_) {}

base::Status EmbeddedEngine::open(Recovered recovered) {
  const EngineOptions& options = shared_.options;
  shared_.next_run = recovered.next_run;
  shared_.durable = recovered.last;
  shared_.damaged_records = std::move(recovered.damaged_records);
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
                         .guard = guard_.get()};
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>(static_cast<int>(i), shared_, host));
  }
  archiver_ = std::make_unique<Archiver>(shared_, [this](store::Seq through) {
    for (auto& shard : shards_)
      shard->post([shard = shard.get(), through] { shard->archived(through); });
  });
  shared_.writer =
      std::make_unique<store::Writer>(shared_.store->journal(), recovered.last, options.threaded);
  shared_.writer->on_durable([this](const base::Result<store::Seq>& seq) { durable(seq); });
  shared_.writer->on_room([this](const base::Status& room) { room_changed(room); });

  for (RecoveredRun& run : recovered.runs) {
    Shard& shard = shard_of(run.state.workflow_id);
    if (run.damaged) shared_.log(LogLevel::kError, "quarantined: " + run.why);
    shard.adopt(std::move(run.state), run.damaged, run.why);
  }
  take_deaths();
  // A lost attempt is counted before anything is attempted again. Which shard has the run is not
  // known here, and the others find nothing to count.
  for (const store::AttemptMark& mark : shared_.store->attempt_slots().left_over()) {
    for (auto& shard : shards_) shard->attempt_lost(mark);
  }
  const auto uncounted = std::make_shared<std::atomic<std::size_t>>(shards_.size());
  for (auto& shard : shards_) {
    shard->when_recorded([this, uncounted] {
      if (--*uncounted == 0) shared_.store->attempt_slots().forget_left_over();
    });
  }
  return options.threaded ? start_threads() : base::Status();
}

// What has started when one cannot be had is stopped by close().
base::Status EmbeddedEngine::start_threads() {
  if (shared_.options.crash_reports) CrashReports::install();
  if (base::Status writing = shared_.writer->started(); !writing) return writing;
  if (base::Status archiving = archiver_->start(); !archiving) return archiving;
  std::vector<CodeMark*> marks;
  for (auto& shard : shards_) marks.push_back(&shard->code_mark());
  watchdog_ = std::make_unique<Watchdog>(std::move(marks), shared_.options.limits.slow_turn,
                                         shared_.options.log);
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

// Which shard has the run is not known here, and the others do not know it. A run that no shard has
// was never recorded or has ended, and its number may become another's.
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
  stopping_ = true;
  shared_.admission.close();
  control_ = nullptr;  // behind the admission, which its thread may be waiting at
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

// Attempts that begin now could not record what they did, and their results would pile up.
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
  if (shared_.options.crash_reports) reports.emplace(shard.code_mark());
  shard.code_mark().set_thread(::pthread_self());
  while (true) {
    // Asked before the round: what was posted before the engine began to stop is still done.
    const bool stopping = stopping_;
    if (shard.step()) continue;
    // What was accepted is made durable and confirmed before the thread ends, unless it never can.
    const bool never = failed_ || shared_.space.full();
    if (stopping && (never || !shard.has_effects())) return;
    shard.wait();
  }
}

// ---- driving an engine without threads --------------------------------------------------------

bool EmbeddedEngine::run_some() {
  return base::needs_memory("running workflows", [this] { return run_round(); });
}

bool EmbeddedEngine::run_round() {
  bool worked = run_shards();
  worked |= commit();
  for (Session* session : sessions_) worked |= run_attempt(*session);
  if (archiver_->full()) {
    const auto archived = archive();
    if (!archived && archived.error().code != base::ErrorCode::kStoreFull) {
      shared_.log(LogLevel::kError, "archiving failed: " + archived.error().text());
    }
  }
  worked |= archiver_->remove_some();
  return worked;
}

bool EmbeddedEngine::run_shards() {
  REPRISE_CHECK(!shared_.options.threaded, "the shards have threads of their own");
  bool worked = false;
  for (auto& shard : shards_) worked |= shard->step();
  return worked;
}

bool EmbeddedEngine::commit() {
  return shared_.writer->commit_pending();
}

base::Result<bool> EmbeddedEngine::archive() {
  REPRISE_CHECK(!shared_.options.threaded, "the archiver has a thread of its own");
  if (!archiver_->has_work()) return false;
  if (const base::Status status = archiver_->archive_some(); !status) return status.error();
  return true;
}

std::optional<AttemptTask> EmbeddedEngine::take_attempt(std::string_view task_queue) {
  REPRISE_CHECK(!shared_.options.threaded, "attempts have threads of their own");
  for (Session* session : sessions_) {
    if (session->queue() == task_queue) return session->pool().take_one();
  }
  return std::nullopt;
}

std::optional<AttemptResult> EmbeddedEngine::execute_attempt(std::string_view task_queue,
                                                             AttemptTask& task) {
  REPRISE_CHECK(!shared_.options.threaded, "attempts have threads of their own");
  for (Session* session : sessions_) {
    if (session->queue() == task_queue) return session->pool().execute(task);
  }
  return std::nullopt;
}

void EmbeddedEngine::put_back_attempts(const std::string& task_queue,
                                       std::vector<AttemptTask>& tasks) {
  shared_.task_queues.submit(task_queue, tasks);
}

std::optional<base::Time> EmbeddedEngine::next_due() const {
  std::optional<base::Time> next;
  if (shared_.space.full()) return next;  // time alone makes no room
  for (const auto& shard : shards_) {
    const auto due = shard->next_due_ms();
    if (due && (!next || base::from_ms(*due) < *next)) next = base::from_ms(*due);
  }
  return next;
}

base::Result<bool> EmbeddedEngine::wait(
    base::FunctionRef<bool()> ready,
    base::FunctionRef<bool(std::optional<base::Duration>)> block,
    std::optional<base::Duration> timeout) {
  if (forked()) return usable().error();
  if (shared_.options.threaded) return block(timeout);
  while (!ready()) {
    if (run_some()) continue;
    if (shared_.space.full()) return shared_.space.refusal();
    return base::Error{base::ErrorCode::kWorkflowStuck,
                       "nothing more can happen until time passes or somebody sends a signal"};
  }
  return true;
}

// ---- attempts ---------------------------------------------------------------------------------

std::uint64_t EmbeddedEngine::started(const AttemptKey& key) {
  return shared_.store->attempt_slots().take({key.run, key.operation, key.attempt});
}

void EmbeddedEngine::finished(AttemptResult result) {
  Shard& shard = *shards_[static_cast<std::size_t>(result.key.shard)];
  shared_.unrecorded.add();
  shard.finished(std::move(result));
}

void EmbeddedEngine::heartbeat(const AttemptKey& key, std::string details) {
  if (details.empty()) return;  // the pool keeps the deadline
  Shard& shard = *shards_[static_cast<std::size_t>(key.shard)];
  shard.post([&shard, key, details = std::move(details)] { shard.heartbeat(key, details); });
}

void EmbeddedEngine::timed_out(const AttemptKey& key, std::string_view limit) {
  Shard& shard = *shards_[static_cast<std::size_t>(key.shard)];
  shard.post([&shard, key, limit = std::string(limit)] { shard.attempt_timed_out(key, limit); });
}

// ---- workers ----------------------------------------------------------------------------------

bool EmbeddedEngine::run_attempt(Session& session) {
  return session.pool().run_one();
}

base::Result<std::unique_ptr<WorkerSession>> EmbeddedEngine::register_worker(WorkerCode worker) {
  if (forked()) return usable().error();
  if (worker.task_queue.empty()) worker.task_queue = kDefaultTaskQueue;
  const auto code = std::make_shared<const WorkerCode>(std::move(worker));
  std::size_t threads = 0;
  if (shared_.options.threaded) {
    threads = code->activity_threads > 0 ? code->activity_threads : default_activity_threads();
  }
  auto session = std::make_unique<Session>(*this, code, threads);
  if (const base::Status& started = session->pool().started(); !started) return started.error();
  if (!shared_.task_queues.attach(code->task_queue, &session->pool())) {
    return base::Error{base::ErrorCode::kInvalidOption,
                       "another worker of this process serves task queue '" + code->task_queue +
                           "'; give this one a queue of its own or add its code to the other"};
  }
  {
    std::lock_guard lock(sessions_mutex_);
    sessions_.push_back(session.get());
    session->pool().pause(shared_.space.full());
  }
  on_every_shard([code](Shard& shard) { shard.add_worker(code); });
  return std::unique_ptr<WorkerSession>(std::move(session));
}

bool EmbeddedEngine::has_workers() const {
  const std::lock_guard lock(sessions_mutex_);
  return !sessions_.empty();
}

void EmbeddedEngine::unregister(Session& session) {
  {
    std::lock_guard lock(sessions_mutex_);
    if (std::erase(sessions_, &session) == 0) return;  // it never got the queue
  }
  shared_.task_queues.detach(session.queue());
  auto not_begun = session.pool().shut_down();
  shared_.task_queues.put_back(session.queue(), not_begun);
  on_every_shard([queue = session.queue()](Shard& shard) { shard.remove_worker(queue); });
  shared_.task_queues.free(session.queue());
}

// Returns when each shard has done it.
void EmbeddedEngine::on_every_shard(const std::function<void(Shard&)>& act) {
  if (!shared_.options.threaded) {
    for (auto& shard : shards_) {
      (void)shard->take_mail();  // results of a worker that goes come before its going
      act(*shard);
    }
    return;
  }
  for (auto& shard : shards_) {
    Promise<bool> done;
    shard->post([&act, &done, shard = shard.get()] {
      act(*shard);
      done.set(true);
    });
    done.wait(std::nullopt);
  }
}

}  // namespace reprise::runtime
