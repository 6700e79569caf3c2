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
#include "runtime/engine/questions.h"
#include "runtime/engine/recovered_run.h"
#include "runtime/engine/requests.h"
#include "runtime/engine/round.h"
#include "runtime/engine/run_table.h"
#include "runtime/engine/shared.h"
#include "runtime/engine/starts.h"
#include "runtime/engine/timers.h"
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
  void answer_requests(const base::Error& why) { outbox_.answer_requests(why); }
  // Does something wait for the log?
  bool has_effects() const { return !effects_.empty(); }

  // What clients ask.
  Starts& starts() { return starts_; }
  Requests& requests() { return requests_; }
  Questions& questions() { return questions_; }

  // Attempts (shard_attempts.cc).
  void attempt_timed_out(const AttemptKey& key, std::string_view limit);
  void heartbeat(const AttemptKey& key, std::string details);
  void attempt_lost(const store::AttemptMark& mark);  // the process died during it

  // The turns of the round under way, or of the next one.
  Round& round() { return round_; }

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
  HostOptions wired(HostOptions host);
  bool release_effects();
  void release(Effect& effect);
  void closed(KnownRun& run);
  void resume_runs(const std::string& task_queue);
  void resume(KnownRun& run);

  // ---- operations (shard_attempts.cc) ----
  void start_operation(KnownRun& run, std::uint32_t id);
  bool step_unwanted(store::RunNumber number, std::uint32_t id);
  void step_abandoned(store::RunNumber number, std::uint32_t id);
  bool ensure_details(KnownRun& run);
  static bool lacks_details(const KnownRun& run);
  void dispatch_activity(KnownRun& run, const PendingOperation& operation, LiveOperation& live);
  void dispatch_step(KnownRun& run, const PendingOperation& operation, LiveOperation& live);
  void take_result(AttemptResult result);
  void attempt_failed(KnownRun& run,
                      const PendingOperation& operation,
                      const proto::Failure& failure);
  void operation_failed(KnownRun& run,
                        const PendingOperation& operation,
                        LiveOperation& live,
                        const proto::Failure& failure);
  bool fire_timers();
  void fire(KnownRun& run, const TimerEntry& entry);
  void start_is_late(KnownRun& run, const TimerEntry& entry);
  void close_is_late(KnownRun& run, const TimerEntry& entry);
  bool submit_tasks();

  base::Time now() const { return shared_.clock.now(); }

  const int index_;
  Shared& shared_;
  CodeMark code_mark_;
  Intake intake_{shared_.space};
  Names names_;
  RunTable runs_;
  Timers timers_{runs_};
  Effects effects_{shared_.durable};
  Outbox outbox_{effects_};
  Loading loading_{runs_, effects_, intake_};
  Parking parking_{shared_, host_};
  Round round_;
  RunFinder finder_{shared_, runs_, names_};
  Starts starts_;
  Requests requests_;
  Questions questions_;
  std::map<std::string, std::vector<AttemptTask>> tasks_;  // to submit
  std::vector<Mail> mail_;
  store::Seq archived_ = 0;  // closed runs up to here can be forgotten
  bool archive_moved_ = false;

  // Last: destroying it runs destructors of user code.
  Host host_;
};

}  // namespace reprise::runtime
