// The Engine: shards over one store, wired together.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/fork.h"
#include "runtime/control/server.h"
#include "runtime/engine/archiver.h"
#include "runtime/engine/crash_reports.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/recovery.h"
#include "runtime/engine/shard.h"
#include "runtime/guard/guard.h"
#include "runtime/host/watchdog.h"

namespace reprise::runtime {

class EmbeddedEngine final : public Engine, private AttemptObserver, private Post {
 public:
  static base::Result<std::unique_ptr<Engine>> over(std::unique_ptr<store::Store> store,
                                                    EngineOptions options);
  ~EmbeddedEngine() override;
  // The store's. An engine that cannot create its control socket logs that and goes on without it.
  void serve_control(const std::string& directory);

  void ask(ClientRequest request) override;
  base::Result<std::unique_ptr<WorkerSession>> register_worker(WorkerCode code) override;
  base::Result<bool> wait(base::FunctionRef<bool()> ready,
                          base::FunctionRef<bool(std::optional<base::Duration>)> block,
                          std::optional<base::Duration> timeout) override;
  base::Status await_answer(base::FunctionRef<bool()> ready,
                            base::FunctionRef<bool(std::optional<base::Duration>)> block,
                            const std::stop_token& stop) override;

  base::Result<std::uint64_t> backup(const std::string& directory) const override {
    if (const base::Status here = usable(); !here) return here.error();
    return shared_.store->copy_to(directory);
  }
  base::Status read_tables(base::FunctionRef<void(TableReads&)> read) override;
  bool has_workers() const override;
  bool run_some() override;
  std::optional<base::Time> next_due() const override;

  // The steps of run_some(), for a driver that wants another order: a simulation with a slow disk,
  // or with late results. Without threads only. False: there was nothing to do.
  bool run_shards();  // a round of each
  bool commit();      // what is queued becomes durable
  base::Result<bool> archive();
  // The next attempt that waits for the worker of the queue. The driver executes it (unless claim()
  // fails) and reports to attempts(), as AttemptPool does.
  std::optional<AttemptTask> take_attempt(std::string_view task_queue);
  // Executes it as the queue's worker would, and leaves the result to the driver; nullopt: it was
  // abandoned, or the worker has gone.
  std::optional<AttemptResult> execute_attempt(std::string_view task_queue, AttemptTask& task);
  // Attempts that were taken but not begun wait again. Empties `tasks`.
  void put_back_attempts(const std::string& task_queue, std::vector<AttemptTask>& tasks);
  AttemptObserver& attempts() { return *this; }

 private:
  class Session;

  EmbeddedEngine(std::unique_ptr<store::Store> store, const EngineOptions& options);
  base::Status open(Recovered recovered);
  base::Status look_at_tables() const;
  base::Status start_threads();
  void take_deaths();
  void show_metrics();
  void close();
  void durable(const base::Result<store::Seq>& seq);
  void room_changed(const base::Status& room);
  void run_shard(Shard& shard);
  bool run_round();
  bool run_round_of(Shard& shard);
  void tell_what_is_recorded_first(const WorkerCode& code) const;
  void unregister(Session& session);
  static bool run_attempt(Session& session);
  void on_every_shard(const std::function<void(Shard&)>& act);
  Shard& shard_of(std::string_view workflow_id);
  // A child of fork(2) has no thread that would answer, and locked mutexes that are never unlocked.
  bool forked() const {
    return shared_.options.threaded && base::fork_generation() != fork_generation_;
  }
  base::Status usable() const;

  // A request on its way to the shard of its run, step by step.
  template <class Verb>
  void take(Verb& asked);
  template <class Verb>
  base::Status complete(Verb& asked);
  template <class Verb>
  base::Status look_at(const Verb& asked) const;
  template <class Verb>
  base::Status let_in(Verb& asked);
  base::Status enter(Admission::Kind kind, std::size_t bytes);
  template <class Verb>
  void hand_over(Verb&& asked);
  void hand_over(verb::List&& asked);
  void hand_over(verb::ReadRows&& asked);
  void hand_over(verb::RecentRuns&& asked);
  void hand_over(verb::FindRuns&& asked);
  void hand_over(verb::CountRuns&& asked);
  void hand_over(verb::Limits&& asked);
  void hand_over(verb::FindTroubles&& asked);
  void hand_over(verb::Explain&& asked);
  void hand_over(verb::Audit&& asked);
  std::vector<LimitState> limit_states() const;
  template <class Verb>
  void count_taken(const Verb& asked);

  // Post.
  void send(Message&& message) override;
  void send(Receipt&& receipt) override;
  void send(ChildCall&& call) override;
  void send(ChildNews&& news) override;
  void send(ParentQuestion&& question) override;
  void send(std::shared_ptr<NewFork> fork) override;
  void send(const ParentEnded& ended) override;
  void send(const ParentEnded& ended, std::string_view child) override;

  // AttemptObserver, called by the threads of the pools.
  void taken() override { shared_.task_queues.taken(); }
  std::uint64_t started(const AttemptKey& key) override;
  void finished(AttemptResult&& result) override;
  void unknown_activity(std::string_view why) override;
  void breaker_moved(std::string_view what) override;
  base::Result<std::string> token_of(const AttemptTask& task) override;
  EngineMetrics* metrics() override { return shared_.metrics(); }
  bool has_room() override { return shared_.unrecorded.has_room(); }
  void heartbeat(const AttemptKey& key, std::string details) override;
  void timed_out(const AttemptKey& key, std::string_view limit) override;

  const std::uint64_t fork_generation_ = base::fork_generation();
  base::WallClock wall_clock_;
  Shared shared_;
  const OtherEnds other_ends_{*shared_.options.crash_reports ? shared_.store->turn_marks()
                                                             : nullptr};
  std::optional<EngineMetrics::SourceId> shown_;  // what a scrape asks this engine
  std::unique_ptr<Guard> guard_;  // null: off
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<Archiver> archiver_;
  mutable std::mutex sessions_mutex_;
  std::vector<Session*> sessions_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> failed_{false};  // a commit did: nothing more becomes durable
  std::vector<std::jthread> threads_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<ControlServer> control_;
};

}  // namespace reprise::runtime
