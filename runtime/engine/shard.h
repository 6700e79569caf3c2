// One shard: the runs whose workflow ids hash to it, and the thread that moves them. A round takes
// what has come, releases the effects of turns that have become durable, runs a turn of each run
// that has inputs, and appends the turns to the log; a long round does so in parts.
//
//   mail, timers ──► inputs by run ──► turns ──► log ──► (durable) ──► effects
//
// Everything but post(), poke() and finished() belongs to the shard's thread.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/engine/code_mark.h"
#include "runtime/engine/effects.h"
#include "runtime/engine/intake.h"
#include "runtime/engine/recovered_run.h"
#include "runtime/engine/run_table.h"
#include "runtime/engine/set_aside_tally.h"
#include "runtime/engine/shared.h"
#include "runtime/engine/timers.h"
#include "runtime/engine/turn_arena.h"
#include "runtime/host/host.h"

namespace reprise::runtime {

class Shard {
 public:
  Shard(int index, Shared& shared, HostOptions host);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // ---- any thread ----
  void post(std::function<void()> task) { intake_.post(std::move(task)); }
  void finished(AttemptResult result) { intake_.post(std::move(result)); }
  void poke() { intake_.poke(); }
  CodeMark& code_mark() { return code_mark_; }

  // ---- the shard's thread ----
  // One round. False: there was nothing to do.
  bool run_round();
  // The first part of a round by itself. False: nothing had come.
  bool take_mail();
  // Until there is something to do.
  void wait();
  std::optional<std::int64_t> next_due_ms() const { return timers_.next_due_ms(); }
  // The engine is closing: requests whose turns are not known to be durable are told why.
  void answer_requests(const base::Error& why);
  // Does something wait for the log?
  bool has_effects() const { return !effects_.empty(); }

  // Requests of clients (shard_requests.cc, shard_starts.cc, shard_questions.cc).
  void start(StartRequest request, std::shared_ptr<RunWatch> watch, Reply<StartedRun> reply);
  void watch(const RunKey& key, const std::shared_ptr<RunWatch>& watch);
  void unwatch(const RunKey& key, const std::shared_ptr<RunWatch>& watch);
  // Is the signal one that the run's code can read?
  base::Status may_signal(const RunKey& key, std::string_view name, std::string_view input);
  void signal(const RunKey& key, std::string name, std::string input, Reply<void> reply);
  void query(const RunKey& key,
             const std::string& name,
             const std::string& input,
             const Reply<std::string>& reply);
  void update(const RunKey& key,
              std::string name,
              std::string input,
              const Reply<replay::Outcome>& reply);
  void cancel(const RunKey& key, std::string reason, Reply<void> reply);
  void terminate(const RunKey& key, std::string reason, Reply<void> reply);
  void retry(const RunKey& key, const Reply<void>& reply);
  void describe(const RunKey& key, const Reply<RunDescription>& reply);
  void history(const RunKey& key, const Reply<std::vector<std::string>>& reply);
  void collect(const ListRequest& request, std::map<store::RunNumber, RunDescription>* out);

  // Attempts (shard_attempts.cc).
  void attempt_timed_out(const AttemptKey& key, std::string_view limit);
  void heartbeat(const AttemptKey& key, std::string details);
  // Once everything gathered so far is durable. Before the first round, or in one.
  void when_recorded(std::function<void()> act) { when_recorded_.push_back(std::move(act)); }
  // The same for what is told of many runs. Without room it is told at once: nobody knows when
  // that will be durable.
  void tell_when_recorded(std::function<void()> tell) {
    return intake_.full() ? tell() : when_recorded(std::move(tell));
  }
  void attempt_lost(const store::AttemptMark& mark);  // the process died during it

  // Workers and life cycle (shard.cc).
  void add_worker(const std::shared_ptr<const WorkerCode>& code);
  void remove_worker(const std::string& task_queue);
  void adopt(RecoveredRun recovered);
  // The run, if it is open and here, has ended processes; perhaps it is not to run. False: it is
  // not.
  bool take_deaths(const store::Deaths& deaths);
  void archived(store::Seq through) {
    archived_ = through;
    archive_moved_ = true;
  }
  void fail_watches(const base::Error& why);

 private:
  class Source;  // a run as the host sees it

  // ---- inputs (shard_turns.cc) ----
  proto::Event* add_input(KnownRun& run);
  void add_input(KnownRun& run, std::function<void(proto::Event*)> fill, Reply<void> reply);
  // Gives the run a turn in this round, if only for inputs that were deferred.
  void gather(KnownRun& run);

  // ---- turns (shard_turns.cc) ----
  void run_turns();
  void run_turns_if_many();
  void run_turn_if_full(KnownRun& run);
  void run_turn(KnownRun& run, proto::Turn& turn);
  bool run_code(KnownRun& run, proto::Turn& turn);
  bool is_recorded_first(const KnownRun& run) const;
  void clear_of_suspicion(KnownRun& run);
  void record(KnownRun& run, proto::Turn& turn);
  void record_end(KnownRun& run,
                  std::function<void(proto::Event*)> fill,
                  Reply<void> reply,
                  std::int64_t not_before_ms = 0);
  void stop_what_is_given_up(KnownRun& run, const proto::Turn& turn);
  void keep_details(KnownRun& run, const proto::Turn& turn);
  void queue_effects(KnownRun& run, const proto::Turn& turn);
  void answer_inputs(KnownRun& run, const proto::Turn& turn);
  void tell_unreadable(const KnownRun& run, const proto::Turn& turn);
  void append_turns();
  void append_round();
  void recorded(std::size_t results);
  void park(KnownRun& run, const replay::Trouble& trouble);
  void unpark(KnownRun& run);
  static bool is_set_aside(const KnownRun& run) {
    return run.parked() && run.extras->parked->code == base::ErrorCode::kPoisoned;
  }
  HostOptions wired(HostOptions host);
  void closed(KnownRun& run);

  // ---- effects (shard.cc) ----
  // Because of what `run` is, which may not be durable yet: then nobody may be told. nullptr: it
  // is.
  template <class T>
  void refuse(const KnownRun* run, const base::Error& why, const Reply<T>& reply) {
    const auto known = run == nullptr ? store::Seq{0} : run->state.last_seq;
    const bool recorded = run != nullptr && run->appending;
    if (!recorded && effects_.is_durable(known)) return reply(why);
    Effect told{.kind = Effect::Kind::kConfirm,
                .confirm = [reply, why](const base::Status& s) { reply(s ? why : s.error()); }};
    if (recorded) return effects_.add(std::move(told));
    effects_.after(known, std::move(told));
  }
  // Once the host can have the run: it is resident, or all of its history can be read. A turn that
  // recorded no more than the books of a run out of memory may still be on its way to the disk.
  void when_loadable(store::RunNumber number, std::function<void(KnownRun&)> act);
  bool loadable(const KnownRun& run) const;
  // Has this round changed the run? Then the log does not know yet, and a question must wait.
  static bool in_round(const KnownRun& run) { return run.turn != nullptr || run.appending; }
  bool release_effects();
  void release(Effect& effect);
  void replay_afresh(store::RunNumber number);
  void resume_runs(const std::string& task_queue);
  void resume(KnownRun& run);

  // Does a question about the run concern turns that wait for room in the log?
  bool waits_for_room(const KnownRun& run) const {
    return intake_.full() && !effects_.is_durable(run.state.last_seq);
  }

  // ---- operations (shard_attempts.cc) ----
  void start_operation(KnownRun& run, std::uint32_t id);
  bool step_unwanted(store::RunNumber number, std::uint32_t id);
  void step_abandoned(store::RunNumber number, std::uint32_t id);
  bool ensure_details(KnownRun& run);
  static const std::string& queue_of(const KnownRun& run, const proto::ActivityScheduled& activity);
  void stop_attempt(const std::string& queue, const std::shared_ptr<AttemptControl>& control);
  void dispatch_activity(KnownRun& run, PendingOperation& operation);
  void dispatch_step(KnownRun& run, PendingOperation& operation);
  void take_result(AttemptResult result);
  void attempt_failed(KnownRun& run, PendingOperation& operation, const proto::Failure& failure);
  void operation_failed(KnownRun& run, PendingOperation& operation, const proto::Failure& failure);
  bool fire_timers();
  void fire(KnownRun& run, PendingOperation& operation, const TimerEntry& entry);
  bool submit_tasks();

  // ---- finding runs (shard_requests.cc) ----
  base::Result<RunState> find_archived(const RunKey& key);
  void read_end(const RunState& state, const std::shared_ptr<RunWatch>& watch);
  base::Error unless_removed(const RunKey& key, const base::Error& error);
  KnownRun* find(const RunKey& key) const;
  // The open run, or the error that says why not.
  base::Result<KnownRun*> find_open(const RunKey& key);
  base::Status may_start(const StartRequest& request);
  bool use_closed(const StartRequest& request,
                  const std::shared_ptr<RunWatch>& watch,
                  const Reply<StartedRun>& reply);
  // `run` is nullptr when it has closed and only the archive knows it.
  base::Result<std::string> ask(Host::Place& place,
                                const RunState& state,
                                const KnownRun* run,
                                const std::string& name,
                                const std::string& input);
  base::Status may_grow(const KnownRun& run) const;
  RunDescription describe_run(KnownRun& run);

  base::Time now() const { return shared_.clock.now(); }

  const int index_;
  Shared& shared_;
  CodeMark code_mark_;
  Intake intake_{shared_.space};
  Names names_;
  RunTable runs_;
  Timers timers_{runs_};
  SetAsideTally set_aside_;
  Effects effects_{shared_.durable};
  std::map<std::string, std::vector<AttemptTask>> tasks_;  // to submit

  // The round.
  TurnArena arena_;
  std::vector<Mail> mail_;
  std::vector<KnownRun*> ready_;
  std::string bodies_;
  struct Appended {
    KnownRun* run = nullptr;
    std::uint8_t flags = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  std::vector<Appended> appended_;
  std::vector<store::Draft> drafts_;
  store::Seq archived_ = 0;  // closed runs up to here can be forgotten
  bool archive_moved_ = false;
  store::Seq last_appended_ = 0;
  std::vector<std::function<void()>> when_recorded_;
  std::vector<store::AttemptSlots::Slot> slots_;  // to release when the round is durable
  std::size_t results_ = 0;                       // taken in this round from other threads

  // Last: destroying it runs destructors of user code.
  Host host_;
};

}  // namespace reprise::runtime
