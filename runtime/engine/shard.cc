#include "runtime/engine/shard.h"

#include <algorithm>
#include <utility>

#include "runtime/engine/crash_reports.h"
#include "runtime/engine/prefetch.h"
#include "runtime/shard_thread.h"

namespace reprise::runtime {

Shard::Shard(int index, Shared& shared, HostOptions host)
    : shared_(shared),
      round_({shared_, runs_, names_, intake_, effects_, outbox_, loading_, parking_, executor_,
              child_index_}),
      attempts_(index, {shared_, runs_, intake_, loading_, parking_, timers_, round_, executor_}),
      transactions_(index,
                    {shared_, runs_, intake_, loading_, parking_, timers_, round_, executor_}),
      workers_({shared_, runs_, intake_, loading_, parking_, round_, attempts_, transactions_,
                executor_}),
      updates_({shared_, runs_, finder_, intake_, effects_, loading_, outbox_, round_}),
      starts_({shared_, runs_, names_, finder_, intake_, effects_, loading_, outbox_, round_,
               updates_, executor_}),
      deliveries_(
          {shared_, runs_, names_, finder_, intake_, effects_, loading_, outbox_, round_, starts_}),
      requests_(
          {shared_, finder_, intake_, outbox_, loading_, parking_, round_, executor_, workers_}),
      resets_({shared_, runs_, names_, finder_, intake_, effects_, loading_, outbox_, round_}),
      children_(
          {shared_, runs_, finder_, intake_, effects_, round_, starts_, requests_, child_index_}),
      completions_(
          {shared_, runs_, finder_, intake_, effects_, loading_, parking_, round_, attempts_}),
      questions_(
          {shared_, runs_, finder_, intake_, effects_, loading_, parking_, round_, executor_}),
      executor_(executor_options(index, std::move(host))) {}

Shard::~Shard() = default;

RunExecutorOptions Shard::executor_options(int index, HostOptions host) {
  host.report = [this](std::string_view line) { shared_.log(LogLevel::kError, line); };
  store::TurnMarks* const marks = shared_.store->turn_marks();
  return {.host = std::move(host),
          .label_of =
              [this](store::RunNumber number) {
                const KnownRun* run = runs_.find(number);
                return run == nullptr ? RunLabel() : run->label();
              },
          .step_withdrawn = [this](store::RunNumber run,
                                   std::uint32_t step) { attempts_.step_withdrawn(run, step); },
          .next_process =
              marks == nullptr ? nullptr : marks->of_shard(static_cast<std::size_t>(index))};
}

// ---- the round --------------------------------------------------------------------------------

bool Shard::take_mail() {
  const ShardThread::Scope here;
  // Not in the member: work done here may call this again.
  std::vector<Mail> taken = std::exchange(mail_, {});
  intake_.take(&taken);
  const bool worked = !taken.empty();
  for (std::size_t i = 0; i < taken.size(); ++i) {
    prefetch_for_next_mail(runs_, taken, i);
    Mail& mail = taken[i];
    if (auto* act = std::get_if<std::function<void()>>(&mail)) {
      (*act)();
    } else if (auto& result = std::get<AttemptResult>(mail); intake_.full() && !result.is_step) {
      intake_.hold(std::move(mail));
    } else {
      round_.count_result();
      attempts_.take_result(std::move(result));
    }
    round_.run_turns_if_many();
  }
  taken.clear();
  mail_ = std::move(taken);
  return worked;
}

bool Shard::run_round() {
  const ShardThread::Scope here;
  bool worked = take_mail();
  const bool released = release_effects();
  worked |= released;
  worked |= attempts_.submit();  // the threads begin while the turns run
  if (std::exchange(archive_moved_, false) || released) runs_.forget_archived(archived_);
  if (!intake_.full()) worked |= due_timers_.fire();
  worked |= round_.has_turns();
  round_.run_turns();
  round_.append();
  worked |= attempts_.submit();
  executor_.evict_excess([this](store::RunNumber key) {
    return effects_.is_durable(runs_.find(key)->state.last_seq);
  });
  return worked;
}

void Shard::wait() {
  // Timers are due by the wall clock, which may be set while we sleep: check at least this often.
  constexpr std::int64_t kLongestSleepMs = 1'000;
  std::optional<base::Duration> limit;
  if (const auto due = timers_.next_due_ms(); due && !shared_.space.full()) {
    limit = base::Duration(
        std::clamp<std::int64_t>(base::sub_sat(*due, base::to_ms(now())), 0, kLongestSleepMs));
  }
  if (!executor_.has_spare_memory()) {
    intake_.wait(limit);
    return;
  }
  constexpr base::Duration kQuiet{1'000};
  const bool quiet = !limit || *limit >= kQuiet;
  if (!intake_.wait(quiet ? kQuiet : *limit) && quiet) executor_.release_spare_memory();
}

// ---- effects ----------------------------------------------------------------------------------

bool Shard::release_effects() {
  // After a restart there may be an effect for each of 100,000 runs, which are read or replayed for
  // it: the threads begin while the rest is released, and their results are handled too.
  constexpr std::size_t kReleasesPerSubmit = 256;
  constexpr std::size_t kReleasesPerRound = 4'096;
  std::size_t released = 0;
  return effects_.release(kReleasesPerRound, [&](Effect& effect) {
    prefetch_for_next_effects(effects_);
    release(effect);
    round_.run_turns_if_many();
    if (++released % kReleasesPerSubmit == 0) (void)attempts_.submit();
  }) > 0;
}

void Shard::release(Effect& effect) {
  switch (effect.kind) {
    case Effect::Kind::kCall:
      return effect.act();
    case Effect::Kind::kDispatch:
      return attempts_.start(*effect.run, effect.operation);
    case Effect::Kind::kAskToCancel:
      return attempts_.ask_to_cancel(*effect.run, effect.operation);
    case Effect::Kind::kTransact:
      return transactions_.start(*effect.run, effect.operation);
    case Effect::Kind::kArm:
      return arm(*effect.run, effect.operation);
    case Effect::Kind::kArmRun:
      return timers_.arm_run(*effect.run);
    case Effect::Kind::kConfirm:
      return effect.confirm({});
    case Effect::Kind::kStarted:
      return Outbox::started(*effect.run);
    case Effect::Kind::kPaused:
      return pauses_.paused(*effect.run);
    case Effect::Kind::kResumed:
      return pauses_.resumed(*effect.run);
    case Effect::Kind::kClosed:
      return closed(*effect.run);
  }
}

void Shard::arm(const KnownRun& run, std::uint32_t id) {
  using Kind = TimerEntry::Kind;
  const PendingOperation* const operation = run.state.find(id);
  if (operation == nullptr) return;
  const bool is_timer = !operation->is_attempted() && !operation->is_transaction();
  const Kind kind = is_timer ? Kind::kFire : operation->open ? Kind::kOpenLimit : Kind::kRetry;
  if (operation->open && operation->due_ms == 0) return;  // it has no limit
  timers_.arm(run, *operation, kind, operation->due_ms);
}

void Shard::closed(KnownRun& run) {
  executor_.evict(run.place);
  runs_.closed(run);
  Outbox::ended(run);
}

// ---- life cycle ------------------------------------------------------------------------------

void Shard::adopt(RecoveredRun recovered) {
  // The state's names belong to its reader.
  recovered.state.workflow = names_.intern(*recovered.state.workflow);
  recovered.state.task_queue = names_.intern(*recovered.state.task_queue);
  KnownRun& run = runs_.add(std::move(recovered.state));
  if (run.state.last_seq > archived_) runs_.changed(run);
  run.damaged = recovered.damaged;
  run.overtaken = recovered.overtaken;
  if (run.damaged) {
    run.with_extras().parked =
        base::Error{base::ErrorCode::kStoreDamaged, std::move(recovered.why)};
    parking_.note(run.state.number);
    shared_.count_parked(*run.extras->parked, 1);
  }
  // A quarantined run stays known, ended or not: the archive's data about it may be wrong.
  if (run.damaged) return;
  if (!run.state.open()) {
    runs_.closed(run);
    return;
  }
  if (run.state.run_timeout_due_ms() || run.state.delayed_until_ms() > 0) {
    effects_.after(0, {.kind = Effect::Kind::kArmRun, .run = &run});
  }
  if (run.state.has_messages() || run.state.has_children()) {
    effects_.after(0, {.act = [this, number = run.state.number,
                               unsent = std::make_shared<const Unsent>(run.state)] {
                     send_again(number, unsent);
                   }});
  }
  children_.recovered(run.state);
  for (const PendingOperation& operation : run.state.pending()) {
    // Once for each id, also in a history that gives one twice.
    if (run.state.find(operation.id) != &operation) continue;
    const bool is_with_others = operation.kind == OperationKind::kMessage ||
                                operation.kind == OperationKind::kChild;
    if (is_with_others) continue;
    const bool dispatched = operation.is_attempted() && !operation.open;
    effects_.after(0, {.kind = operation.is_transaction() ? Effect::Kind::kTransact
                               : dispatched               ? Effect::Kind::kDispatch
                                                          : Effect::Kind::kArm,
                       .operation = operation.id,
                       .run = &run});
  }
}

// A run whose records do not open can do nothing.
void Shard::send_again(store::RunNumber number, const std::shared_ptr<const Unsent>& unsent) {
  const base::Status sent = unsent->send(shared_);
  KnownRun* const run = sent ? nullptr : runs_.find(number);
  if (run != nullptr && run->state.open()) parking_.withhold(*run, unsent, sent.error());
}

bool Shard::take_deaths(const store::Deaths& deaths) {
  KnownRun* const run = runs_.find(deaths.run);
  if (run == nullptr || !run->state.open()) return false;
  run->suspect = deaths.unseen > 0;
  if (deaths.set_aside != 0 && !run->damaged) {
    parking_.park(*run, {base::ErrorCode::kPoisoned, poison_text(deaths), std::nullopt});
  }
  return true;
}

void Shard::fail_watches(const base::Error& why) {
  runs_.for_each([&](KnownRun& run) { Outbox::fail_waiting(run, why); });
}

}  // namespace reprise::runtime
