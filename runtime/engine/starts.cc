#include "runtime/engine/starts.h"

#include <algorithm>
#include <utility>

#include "event/turn.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {
namespace {

// When a start is refused, those that wait for the run's end get the error too.
Reply<StartedRun> told_too(const std::shared_ptr<RunWatch>& watch, const Reply<StartedRun>& reply) {
  return [watch, reply](const base::Result<StartedRun>& refused) {
    if (watch != nullptr) watch->set(refused.error());
    reply(refused);
  };
}

void fill(FirstSignal&& signal, proto::Event* input) {
  input->mutable_signal_received()->set_name(std::move(signal.name));
  input->mutable_signal_received()->set_input(std::move(signal.input));
}

}  // namespace

// ---- starting ---------------------------------------------------------------------------------

void Starts::start(StartRequest&& request,
                   std::shared_ptr<RunWatch> watch,
                   Reply<StartedRun> reply) {
  const auto refuse_for = [&](const KnownRun* run, const base::Error& why) {
    parts_.outbox.refuse(run, why, told_too(watch, reply));
  };
  const auto refuse_at_once = [&](const base::Error& why) { told_too(watch, reply)(why); };
  if (parts_.intake.full()) return refuse_at_once(parts_.intake.refusal());
  if (const auto worker = parts_.executor.registry().find(request.task_queue);
      worker != nullptr && !worker->workflows.contains(request.workflow)) {
    return refuse_at_once({base::ErrorCode::kUnknownWorkflow,
                           "the worker of task queue '" + request.task_queue +
                               "' does not implement workflow '" + request.workflow + "'"});
  }
  if (KnownRun* running = parts_.runs.find(request.workflow_id);
      running != nullptr && running->state.open()) {
    if (takes_signal(*running, request)) {
      return signal_instead(*running, std::move(request), watch, reply);
    }
    if (running->in_round()) {
      // Its state is not in the log yet.
      return parts_.intake.post([this, request = std::move(request), watch, reply]() mutable {
        start(std::move(request), watch, reply);
      });
    }
    if (request.signal && request.conflict != IdConflict::kTerminateExisting) {
      return refuse_for(running, no_signal(*running, request));
    }
    const bool uses_it =
        request.conflict == IdConflict::kUseExisting || request.reuse == IdReuse::kUseExisting;
    if (running->damaged && (uses_it || request.conflict != IdConflict::kFail)) {
      return refuse_at_once(*running->extras->parked);
    }
    if (uses_it && *running->state.workflow != request.workflow) {
      return refuse_for(running, {base::ErrorCode::kAlreadyStarted,
                                  running->state.id.to_string() + " " + *running->state.workflow});
    }
    if (uses_it) {
      if (watch != nullptr) running->with_extras().watches.push_back(std::move(watch));
      const StartedRun started{running->state.workflow_id, running->state.id, true};
      return parts_.effects.call_after(running->state.last_seq,
                                       [reply, started] { reply(started); });
    }
    // kReject is refused for closed runs too, so no run is terminated for it.
    if (request.conflict == IdConflict::kFail || request.reuse == IdReuse::kReject) {
      return refuse_for(running, {base::ErrorCode::kAlreadyStarted, running->state.id.to_string()});
    }
    if (running->state.has_messages()) {
      auto again = [this, request = std::make_shared<StartRequest>(std::move(request)), watch,
                    reply] { start(std::move(*request), watch, reply); };
      if (parts_.round.ends_later(*running, std::move(again))) return;
    }
    parts_.round.record_end(
        *running,
        [](proto::Event* input) {
          input->mutable_run_terminated()->set_reason("replaced by a new start");
        },
        [](const base::Status&) {});
  }
  // A closed run would not get the signal.
  const bool uses_closed = request.reuse == IdReuse::kUseExisting && !request.signal;
  if (uses_closed && use_closed(request, watch, reply)) return;
  if (const base::Status may = may_start(request); !may) {
    return refuse_for(parts_.runs.find(request.workflow_id), may.error());
  }

  RunState state;
  state.number = parts_.shared.next_run.fetch_add(1);
  state.id = request.run_id == base::RunId() ? parts_.shared.ids.next(now()) : request.run_id;
  state.workflow_id = std::move(request.workflow_id);
  state.workflow = parts_.names.intern(request.workflow);
  state.task_queue = parts_.names.intern(request.task_queue);
  KnownRun& run = parts_.runs.add(std::move(state));
  run.starting = true;
  auto* started = parts_.round.add_input(run)->mutable_run_started();
  // Assigned: the setters of protobuf make a string of their own first.
  started->mutable_run_id()->assign(run.state.id.bytes());
  started->mutable_workflow_id()->assign(run.state.stored_workflow_id());
  started->set_workflow(std::move(request.workflow));
  started->mutable_task_queue()->assign(run.state.stored_task_queue());
  started->set_input(std::move(request.input));
  started->set_run_timeout_ms(request.run_timeout.count());
  started->set_behaviours(replay::Behaviours::kNewest);
  for (auto& setting : request.settings) *started->add_settings() = std::move(setting);
  if (watch != nullptr) run.with_extras().watches.push_back(std::move(watch));
  run.with_extras().started = std::move(reply);
  if (request.signal) fill(std::move(*request.signal), parts_.round.add_input(run));
}

bool Starts::takes_signal(const KnownRun& run, const StartRequest& request) const {
  return request.signal && request.conflict != IdConflict::kTerminateExisting && !run.damaged &&
         *run.state.workflow == request.workflow && parts_.round.may_grow(run);
}

// Why it does not.
base::Error Starts::no_signal(const KnownRun& run, const StartRequest& request) const {
  if (run.damaged) return *run.extras->parked;
  if (*run.state.workflow != request.workflow) {
    return {base::ErrorCode::kAlreadyStarted, run.state.id.to_string() + " " + *run.state.workflow};
  }
  return parts_.round.may_grow(run).error();
}

// The run that has the id gets the signal.
void Starts::signal_instead(KnownRun& run,
                            StartRequest&& request,
                            const std::shared_ptr<RunWatch>& watch,
                            const Reply<StartedRun>& reply) {
  const StartedRun found{run.state.workflow_id, run.state.id, true};
  const auto shared = std::make_shared<StartRequest>(std::move(request));
  parts_.round.add_input(
      run, [&](proto::Event* input) { fill(FirstSignal(*shared->signal), input); },
      [this, shared, watch, reply, found](const base::Status& recorded) {
        if (recorded) {
          if (watch != nullptr) this->watch({found.workflow_id, found.run_id}, watch);
          return reply(found);
        }
        if (recorded.error().code != base::ErrorCode::kRunClosed) {
          return told_too(watch, reply)(recorded.error());
        }
        // It ended before the signal could reach it.
        parts_.intake.post(
            [this, shared, watch, reply] { start(std::move(*shared), watch, reply); });
      });
}

// Answers a start with the newest closed run of its id. False: there is none, or it is damaged.
bool Starts::use_closed(const StartRequest& request,
                        const std::shared_ptr<RunWatch>& watch,
                        const Reply<StartedRun>& reply) {
  const auto use = [&](const RunState& closed) {
    if (*closed.workflow != request.workflow) {
      const base::Error other{base::ErrorCode::kAlreadyStarted,
                              closed.id.to_string() + " " + *closed.workflow};
      return parts_.outbox.refuse(parts_.runs.find(closed.number), other, told_too(watch, reply));
    }
    if (watch != nullptr) this->watch({closed.workflow_id, closed.id}, watch);
    const StartedRun found{closed.workflow_id, closed.id, true};
    parts_.effects.call_after(closed.last_seq, [reply, found] { reply(found); });
  };
  if (const KnownRun* known = parts_.runs.find(request.workflow_id); known != nullptr) {
    if (known->damaged) return false;
    if (known->in_round()) {
      parts_.intake.post([this, request = StartRequest(request), watch, reply]() mutable {
        start(std::move(request), watch, reply);
      });
    } else {
      use(known->state);
    }
    return true;
  }
  const auto archived = parts_.finder.find_archived({request.workflow_id, std::nullopt});
  if (archived) use(*archived);
  return archived.has_value();
}

// What a closed run with this id means for the start.
base::Status Starts::may_start(const StartRequest& request) const {
  const KnownRun* known = parts_.runs.find(request.workflow_id);
  // It may in fact be under way.
  if (known != nullptr && known->damaged) return *known->extras->parked;
  if (request.reuse == IdReuse::kAllow) return {};
  RunStatus status = RunStatus::kRunning;
  base::RunId id;
  if (const KnownRun* closed = parts_.runs.find(request.workflow_id); closed != nullptr) {
    status = closed->state.status;
    id = closed->state.id;
  } else if (const auto archived =
                 parts_.finder.find_archived({request.workflow_id, std::nullopt})) {
    status = archived->status;
    id = archived->id;
  } else if (archived.error().code == base::ErrorCode::kNotFound) {
    return {};
  } else {
    return archived.error();
  }
  if (request.reuse == IdReuse::kAllowUnlessCompleted && status != RunStatus::kCompleted) return {};
  return base::Error{base::ErrorCode::kAlreadyStarted, id.to_string()};
}

// ---- waiting for the end ----------------------------------------------------------------------

namespace {

// A result is that of the last run of the chain.
RunKey whole_chain(RunKey key) {
  key.of_chain = key.run_id.has_value();
  return key;
}

}  // namespace

void Starts::watch(const RunKey& asked, const std::shared_ptr<RunWatch>& watch) {
  const RunKey key = whole_chain(asked);
  KnownRun* run = parts_.finder.find(key);
  if (run != nullptr && run->in_round())
    return parts_.intake.post([this, key, watch] { this->watch(key, watch); });
  if (run != nullptr && run->damaged) return watch->set(*run->extras->parked);
  if (run != nullptr && run->state.open()) {
    run->with_extras().watches.push_back(watch);
    return;
  }
  if (run != nullptr) {
    if (run->parked()) return watch->set(*run->extras->parked);
    // Its end may not be durable yet.
    return parts_.effects.call_after(run->state.last_seq, [this, key, watch] {
      if (KnownRun* ended = parts_.finder.find(key); ended != nullptr) {
        read_end(ended->state, watch);
      } else {
        this->watch(key, watch);
      }
    });
  }
  const auto archived = parts_.finder.find_archived(key);
  if (!archived) return watch->set(archived.error());
  read_end(*archived, watch);
}

void Starts::unwatch(const RunKey& key, const std::shared_ptr<RunWatch>& watch) {
  KnownRun* run = parts_.finder.find(whole_chain(key));
  if (run == nullptr || run->extras == nullptr) return;
  auto& watches = run->extras->watches;
  watches.erase(std::remove(watches.begin(), watches.end(), watch), watches.end());
  run->drop_empty_extras();
}

void Starts::read_end(const RunState& state, const std::shared_ptr<RunWatch>& watch) const {
  if (state.status == RunStatus::kContinuedAsNew) return watch->set(RunFinder::no_next(state));
  RunEnd end;
  const base::Status read = StoredRun(parts_.shared, state).history([&](const proto::Turn& turn) {
    if (event::closes(turn)) end = end_of(turn);
  });
  if (read) {
    watch->set(std::move(end));
  } else {
    watch->set(parts_.finder.unless_removed({state.workflow_id, state.id}, read.error()));
  }
}

}  // namespace reprise::runtime
