#include "runtime/engine/shard.h"

#include <algorithm>
#include <utility>

#include "runtime/engine/crash_reports.h"
#include "runtime/engine/shard_source.h"
#include "runtime/shard_thread.h"

namespace reprise::runtime {

Shard::Shard(int index, Shared& shared, HostOptions host)
    : index_(index), shared_(shared), host_(wired(std::move(host))) {
  if (store::TurnMarks* marks = shared_.store->turn_marks(); marks != nullptr) {
    code_mark_.tell_next_process(marks->of_shard(static_cast<std::size_t>(index)));
  }
}

Shard::~Shard() = default;

HostOptions Shard::wired(HostOptions host) {
  host.step_unwanted = [this](store::RunNumber run, std::uint32_t id) {
    return step_unwanted(run, id);
  };
  host.step_abandoned = [this](store::RunNumber run, std::uint32_t id) { step_abandoned(run, id); };
  host.report = [this](std::string_view line) { shared_.log(LogLevel::kError, line); };
  host.dropping = [this](Host::Key run, base::FunctionRef<void()> drop) {
    const CodeMark::Scope in_code(code_mark_, runs_.find(run));
    drop();
  };
  return host;
}

// ---- the round --------------------------------------------------------------------------------

bool Shard::take_mail() {
  const ShardThread::Scope here;
  // Not in the member: what is done here may come back for more.
  std::vector<Mail> taken = std::exchange(mail_, {});
  intake_.take(&taken);
  const bool worked = !taken.empty();
  for (Mail& mail : taken) {
    if (auto* act = std::get_if<std::function<void()>>(&mail)) {
      (*act)();
    } else if (auto& result = std::get<AttemptResult>(mail); intake_.full() && !result.is_step) {
      intake_.hold(std::move(mail));
    } else {
      ++results_;
      take_result(std::move(result));
    }
    run_turns_if_many();
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
  worked |= submit_tasks();  // the threads begin while the turns run
  if (std::exchange(archive_moved_, false) || released) runs_.forget_archived(archived_);
  worked |= fire_timers();
  worked |= !ready_.empty();
  run_turns();
  append_round();
  worked |= submit_tasks();
  host_.evict_excess(
      [this](Host::Key key) { return effects_.is_durable(runs_.find(key)->state.last_seq); });
  return worked;
}

void Shard::wait() {
  // Timers are due by the wall clock, which may be set while we sleep: look at least this often.
  constexpr std::int64_t kLongestSleepMs = 1'000;
  std::optional<base::Duration> limit;
  if (const auto due = timers_.next_due_ms(); due && !shared_.space.full()) {
    limit = base::Duration(
        std::clamp<std::int64_t>(base::sub_sat(*due, base::to_ms(now())), 0, kLongestSleepMs));
  }
  if (!host_.has_spare_memory()) {
    intake_.wait(limit);
    return;
  }
  constexpr base::Duration kQuiet{1'000};
  const bool quiet = !limit || *limit >= kQuiet;
  if (!intake_.wait(quiet ? kQuiet : *limit) && quiet) host_.release_spare_memory();
}

// ---- effects ----------------------------------------------------------------------------------

bool Shard::loadable(const KnownRun& run) const {
  if (run.place != nullptr) return true;
  return !run.appending && effects_.is_durable(run.state.last_seq);
}

void Shard::when_loadable(store::RunNumber number, std::function<void(KnownRun&)> act) {
  KnownRun* run = runs_.find(number);
  if (run == nullptr) return;
  if (!run->appending && loadable(*run)) return act(*run);
  auto again = [this, number, act = std::move(act)] { when_loadable(number, act); };
  // Once its turn has been appended its last sequence number is known.
  if (run->appending) return post(std::move(again));
  effects_.call_after(run->state.last_seq, std::move(again));
}

bool Shard::release_effects() {
  // After a restart there may be an effect for each of 100,000 runs, which are read or replayed for
  // it: the threads begin while the rest is released, and so does what they have finished.
  constexpr std::size_t kReleasesPerSubmit = 256;
  constexpr std::size_t kReleasesPerRound = 4'096;
  std::size_t released = 0;
  return effects_.release(kReleasesPerRound, [&](Effect& effect) {
    release(effect);
    run_turns_if_many();
    if (++released % kReleasesPerSubmit == 0) (void)submit_tasks();
  }) > 0;
}

void Shard::release(Effect& effect) {
  switch (effect.kind) {
    case Effect::Kind::kCall:
      return effect.act();
    case Effect::Kind::kDispatch:
      return start_operation(*effect.run, effect.operation);
    case Effect::Kind::kArm:
      if (const PendingOperation* operation = effect.run->state.find(effect.operation)) {
        timers_.arm(*effect.run, *operation,
                    operation->is_attempted() ? TimerEntry::Kind::kRetry : TimerEntry::Kind::kFire,
                    operation->due_ms);
      }
      return;
    case Effect::Kind::kConfirm:
      return effect.confirm({});
    case Effect::Kind::kStarted: {
      effect.run->starting = false;
      const Reply<StartedRun> reply = std::exchange(effect.run->extras->started, nullptr);
      effect.run->drop_empty_extras();
      return reply(StartedRun{effect.run->state.workflow_id, effect.run->state.id, false});
    }
    case Effect::Kind::kClosed:
      return closed(*effect.run);
  }
}

void Shard::replay_afresh(store::RunNumber number) {
  KnownRun* run = runs_.find(number);
  if (run == nullptr || run->parked()) return;
  // A turn that is not durable yet has an effect of its own that comes back here.
  if (run->appending || !effects_.is_durable(run->state.last_seq)) return;
  const auto replay = [&] {
    const CodeMark::Scope in_code(code_mark_, run);
    return host_.replay_afresh(run->place, Source(shared_, run->state));
  };
  const auto trouble = replay();
  if (trouble && trouble->code != base::ErrorCode::kNoWorker) park(*run, *trouble);
}

// ---- workers and life cycle -------------------------------------------------------------------

void Shard::add_worker(const std::shared_ptr<const WorkerCode>& code) {
  host_.add_worker(code);
  resume_runs(code->task_queue);
}

void Shard::resume_runs(const std::string& task_queue) {
  if (shared_.space.full()) {
    intake_.hold([this, task_queue] { resume_runs(task_queue); });
    return;
  }
  std::vector<store::RunNumber> served;
  runs_.for_each([&](KnownRun& run) {
    if (run.state.open() && *run.state.task_queue == task_queue) {
      served.push_back(run.state.number);
    }
  });
  std::sort(served.begin(), served.end());  // the oldest first
  for (const store::RunNumber number : served) {
    if (KnownRun& run = *runs_.find(number); !is_set_aside(run)) unpark(run);
    when_loadable(number, [this](KnownRun& run) { resume(run); });
  }
}

// There is a worker for the run again: what waited for one goes on.
void Shard::resume(KnownRun& run) {
  if (!run.state.open()) return;
  if (run.state.unapplied) gather(run);
  std::vector<std::uint32_t> steps;
  for (const PendingOperation& operation : run.state.pending()) {
    if (operation.is_step() && !operation.done) steps.push_back(operation.id);
  }
  for (const std::uint32_t id : steps) start_operation(run, id);
}

void Shard::remove_worker(const std::string& task_queue) {
  submit_tasks();  // steps that this round has decided to run wait with the others now
  for (const AttemptTask& task : shared_.task_queues.take_steps(task_queue, index_)) {
    if (!task.control->abandon()) continue;  // the code has given it up before
    KnownRun* run = runs_.find(task.key.run);
    Host::unpin(run->place);
    if (PendingOperation* operation = run->state.find(task.key.operation)) {
      operation->dispatched = false;
    }
  }
  host_.remove_worker(task_queue);
}

void Shard::adopt(RecoveredRun recovered) {
  // The names of the state belong to whoever read it.
  recovered.state.workflow = names_.intern(*recovered.state.workflow);
  recovered.state.task_queue = names_.intern(*recovered.state.task_queue);
  KnownRun& run = runs_.add(std::move(recovered.state));
  run.damaged = recovered.damaged;
  run.overtaken = recovered.overtaken;
  if (run.damaged) {
    run.with_extras().parked =
        base::Error{base::ErrorCode::kStoreDamaged, std::move(recovered.why)};
  }
  // A quarantined run stays known, ended or not: what the archive says of it may be wrong.
  if (run.damaged) return;
  if (!run.state.open()) {
    runs_.closed(run);
    return;
  }
  for (const PendingOperation& operation : run.state.pending()) {
    if (operation.done) continue;
    effects_.after(0,
                   {.kind = operation.is_attempted() ? Effect::Kind::kDispatch : Effect::Kind::kArm,
                    .operation = operation.id,
                    .run = &run});
  }
}

bool Shard::take_deaths(const store::Deaths& deaths) {
  KnownRun* const run = runs_.find(deaths.run);
  if (run == nullptr || !run->state.open()) return false;
  run->suspect = deaths.unseen > 0;
  if (deaths.set_aside != 0 && !run->damaged) {
    park(*run, {base::ErrorCode::kPoisoned, poison_text(deaths), std::nullopt});
  }
  return true;
}

void Shard::answer_requests(const base::Error& why) {
  effects_.abandon([&](const Effect& effect) {
    if (effect.kind == Effect::Kind::kConfirm) effect.confirm(why);
    if (effect.kind == Effect::Kind::kStarted) effect.run->extras->started(why);
  });
}

void Shard::fail_watches(const base::Error& why) {
  runs_.for_each([&](KnownRun& run) {
    if (run.extras == nullptr) return;
    for (const auto& watch : run.extras->watches) watch->set(why);
    for (const auto& update : run.extras->updates) update.reply(why);
    run.extras->watches.clear();
    run.extras->updates.clear();
  });
}

}  // namespace reprise::runtime
