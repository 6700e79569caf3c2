// One shard: the runs whose workflow ids hash to it, and their thread. A round takes the mail,
// releases the effects of turns that have become durable, runs a turn of each run that has inputs,
// and appends the turns to the log; a long round does so in parts.
//
//   mail, timers ──► inputs by run ──► turns ──► log ──► (durable) ──► effects
//
// Everything but post(), poke() and finished() belongs to the shard's thread.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/engine/attempts.h"
#include "runtime/engine/children.h"
#include "runtime/engine/completions.h"
#include "runtime/engine/deliveries.h"
#include "runtime/engine/due_timers.h"
#include "runtime/engine/effects.h"
#include "runtime/engine/intake.h"
#include "runtime/engine/pauses.h"
#include "runtime/engine/questions.h"
#include "runtime/engine/recovered_run.h"
#include "runtime/engine/requests.h"
#include "runtime/engine/resets.h"
#include "runtime/engine/round.h"
#include "runtime/engine/run_table.h"
#include "runtime/engine/shared.h"
#include "runtime/engine/starts.h"
#include "runtime/engine/timers.h"
#include "runtime/engine/transactions.h"
#include "runtime/engine/unsent.h"
#include "runtime/engine/updates.h"
#include "runtime/engine/workers.h"
#include "runtime/host/run_executor.h"

namespace reprise::runtime {

class Shard {
 public:
  Shard(int index, Shared& shared, HostOptions host);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // ---- any thread ----
  void post(std::function<void()> task) { intake_.post(std::move(task)); }
  void finished(AttemptResult&& result) { intake_.post(std::move(result)); }
  void poke() { intake_.poke(); }
  CodeMark& code_mark() { return executor_.code_mark(); }

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

  // Its parts: requests of clients...
  Starts& starts() { return starts_; }
  Resets& resets() { return resets_; }
  Requests& requests() { return requests_; }
  Updates& updates() { return updates_; }
  Completions& completions() { return completions_; }
  Questions& questions() { return questions_; }
  // ...messages of other runs...
  Deliveries& deliveries() { return deliveries_; }
  Children& children() { return children_; }
  // ...and messages of the engine about attempts, workers, and turns of many runs.
  Attempts& attempts() { return attempts_; }
  Transactions& transactions() { return transactions_; }
  Workers& workers() { return workers_; }
  Round& round() { return round_; }

  void adopt(RecoveredRun recovered);
  // The run has ended processes and perhaps must not run. False: it is not open or not here.
  bool take_deaths(const store::Deaths& deaths);
  void archived(store::Seq through) {
    archived_ = through;
    archive_moved_ = true;
  }
  void fail_watches(const base::Error& why);

 private:
  void send_again(store::RunNumber number, const std::shared_ptr<const Unsent>& unsent);
  RunExecutorOptions executor_options(int index, HostOptions host);
  bool release_effects();
  void release(Effect& effect);
  void arm(const KnownRun& run, std::uint32_t id);
  void closed(KnownRun& run);

  base::Time now() const { return shared_.clock.now(); }

  Shared& shared_;
  Intake intake_{shared_.space};
  Names names_;
  RunTable runs_;
  ChildIndex child_index_;
  Timers timers_{runs_};
  Effects effects_{shared_.durable};
  Outbox outbox_{effects_, *shared_.post};
  Loading loading_{runs_, effects_, intake_};
  Parking parking_{shared_, executor_};
  Round round_;
  Attempts attempts_;
  Transactions transactions_;
  Pauses pauses_{timers_, attempts_};
  DueTimers due_timers_{shared_, runs_,     timers_,       loading_, parking_,
                        round_,  attempts_, transactions_, executor_};
  Workers workers_;
  RunFinder finder_{shared_, runs_, names_};
  Updates updates_;
  Starts starts_;
  Deliveries deliveries_;
  Requests requests_;
  Resets resets_;
  Children children_;
  Completions completions_;
  Questions questions_;
  std::vector<Mail> mail_;
  store::Seq archived_ = 0;  // closed runs up to here can be forgotten
  bool archive_moved_ = false;

  // Last, because destroying it runs destructors of user code.
  RunExecutor executor_;
};

}  // namespace reprise::runtime
