#include "runtime/engine/starts.h"

#include <algorithm>
#include <utility>

#include "runtime/engine/principal.h"

namespace reprise::runtime {
namespace {

// When a start is refused, those that wait for the run's end get the error too.
Reply<StartedRun> told_too(const StartRequest& request,
                           const std::shared_ptr<RunWatch>& watch,
                           const Reply<StartedRun>& reply) {
  const auto update = request.update ? request.update->reply : Reply<replay::Outcome>();
  return [update, watch, reply](const base::Result<StartedRun>& refused) {
    if (watch != nullptr) watch->set(refused.error());
    if (update) update(refused.error());
    reply(refused);
  };
}

void fill(const ChildOf& child_of, proto::RunStarted* started) {
  write(child_of.parent, started->mutable_parent());
  started->set_on_parent_close(child_of.on_parent_close);
  started->set_depth(child_of.depth);
}

bool has_message(const StartRequest& request) {
  return request.signal || request.update;
}

// An open run that has the id gets it; it is not replaced.
bool is_for_running(const StartRequest& request) {
  return has_message(request) && (request.conflict != IdConflict::kTerminateExisting ||
                                  request.reuse == IdReuse::kUseExisting);
}

// Did it come for that run before? Then it is handled there, and the run is not replaced.
bool has_update_of(const KnownRun& run, const StartRequest& request) {
  if (!request.update || request.update->id.empty() || run.extras == nullptr) return false;
  if (run.damaged || *run.state.workflow != request.workflow) return false;
  const auto& updates = run.extras->updates;
  return std::any_of(updates.begin(), updates.end(), [&](const UpdateReply& update) {
    return update.update_id == request.update->id;
  });
}

void fill(FirstSignal&& signal, const std::string& principal, proto::Event* input) {
  record_principal(principal, input->mutable_signal_received());
  input->mutable_signal_received()->set_name(std::move(signal.name));
  input->mutable_signal_received()->set_input(std::move(signal.input));
  if (signal.sender) write(*signal.sender, input->mutable_signal_received()->mutable_sender());
  event::write(std::move(signal.headers), input->mutable_signal_received()->mutable_headers());
}

}  // namespace

// ---- starting ---------------------------------------------------------------------------------

void Starts::start(StartRequest&& request,
                   std::shared_ptr<RunWatch> watch,
                   Reply<StartedRun> reply) {
  const auto refuse_for = [&](const KnownRun* run, const base::Error& why) {
    parts_.outbox.refuse(run, why, told_too(request, watch, reply));
  };
  const auto refuse_at_once = [&](const base::Error& why) { told_too(request, watch, reply)(why); };
  if (parts_.intake.full()) return refuse_at_once(parts_.intake.refusal());
  // So the update is made once, however often the request is.
  if (request.update && request.update->id.empty()) {
    request.update->id = request.terms.request_id;
  }
  if (!request.terms.request_id.empty() && started_before(request, watch, reply)) return;
  if (const base::Status fits = fits_worker(request); !fits) return refuse_at_once(fits.error());
  if (KnownRun* running = parts_.runs.find(request.workflow_id);
      running != nullptr && running->state.open()) {
    if (takes_message(*running, request)) {
      return request.update ? update_instead(*running, std::move(request), watch, reply)
                            : signal_instead(*running, std::move(request), watch, reply);
    }
    if (running->has_unrecorded()) {
      // Its state is not in the log yet. It may take the update in this round.
      if (request.update) request.update->is_new = false;
      return parts_.loading.when_in_log(
          *running, [this, request = std::move(request), watch, reply]() mutable {
            start(std::move(request), watch, reply);
          });
    }
    if (is_for_running(request)) {
      return refuse_for(running, no_message(*running, request));
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
    if (has_update_of(*running, request)) {
      return update_instead(*running, std::move(request), watch, reply);
    }
    if (ask_newest(request, watch, reply)) return;
    if (replaces_later(*running, request, watch, reply)) return;
    parts_.round.record_end(
        *running,
        [&](proto::Event* input) {
          input->mutable_run_terminated()->set_reason("replaced by a new start");
          record_principal(request.principal, input->mutable_run_terminated());
        },
        [](const base::Status&) {});
  }
  if (ask_newest(request, watch, reply)) return;
  // A closed run would not get the message.
  const bool uses_closed = request.reuse == IdReuse::kUseExisting && !has_message(request);
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
  record_terms(request.terms, base::to_ms(now()), started);
  started->set_behaviours(replay::Behaviours::kNewest);
  for (auto& setting : request.settings) *started->add_settings() = std::move(setting);
  event::write(std::move(request.headers), started->mutable_headers());
  if (request.child_of) fill(*request.child_of, started);
  record_principal(request.principal, started);
  if (watch != nullptr) run.with_extras().watches.push_back(std::move(watch));
  run.with_extras().started = std::move(reply);
  if (request.signal)
    fill(std::move(*request.signal), request.principal, parts_.round.add_input(run));
  if (!request.update) return;
  FirstUpdate& update = *request.update;
  parts_.updates.add(run, {.key = {},
                           .name = std::move(update.name),
                           .input = std::move(update.input),
                           .reply = std::move(update.reply),
                           .id = std::move(update.id),
                           .accepted = std::move(update.accepted),
                           .principal = std::move(request.principal),
                           .headers = std::move(update.headers)});
}

base::Status Starts::fits_worker(const StartRequest& request) const {
  const auto worker = parts_.executor.registry().find(request.task_queue);
  if (worker == nullptr) {
    if (!request.needs_worker) return {};
    return base::Error{base::ErrorCode::kNoWorker,
                       "no worker of this engine serves task queue '" + request.task_queue +
                           "', and the start of workflow '" + request.workflow + "' needs one"};
  }
  if (!worker->workflows.contains(request.workflow)) {
    return base::Error{base::ErrorCode::kUnknownWorkflow,
                       "the worker of task queue '" + request.task_queue +
                           "' does not implement workflow '" + request.workflow + "'"};
  }
  // A child's arguments are its parent's code's: that can be corrected while the child is parked.
  if (request.child_of) return {};
  const auto rule = worker->arguments.find(request.workflow);
  if (rule == worker->arguments.end() || rule->second.types == request.argument_types) return {};
  base::Status fits = rule->second.check(request.input);
  if (fits) return {};
  return base::Error{fits.error().code,
                     "workflow '" + request.workflow + "': " + fits.error().message};
}

// Answers a request that has started a run before. False: it has not, as far as is known.
bool Starts::started_before(const StartRequest& request,
                            const std::shared_ptr<RunWatch>& watch,
                            const Reply<StartedRun>& reply) {
  const KnownRun* const newest = parts_.runs.find(request.workflow_id);
  if (newest != nullptr && newest->has_unrecorded()) {
    // Its state is not in the log yet.
    parts_.loading.when_in_log(*newest,
                               [this, again = StartRequest(request), watch, reply]() mutable {
                                 start(std::move(again), watch, reply);
                               });
    return true;
  }
  const auto answer = [&](const base::Error& why) {
    parts_.outbox.refuse(newest, why, told_too(request, watch, reply));
    return true;
  };
  const auto search = parts_.finder.started_by(request.workflow_id, request.terms.request_id);
  if (!search) return answer(search.error());
  const auto& found = *search;
  if (!found) return false;
  const bool other = !found->workflow.empty() && found->workflow != request.workflow;
  if (other) {
    return answer(
        {base::ErrorCode::kAlreadyStarted, found->run_id.to_string() + " " + found->workflow});
  }
  if (request.update) {
    const StartedRun run{request.workflow_id, found->run_id, true};
    parts_.updates.take(update_of(std::make_shared<StartRequest>(request), run, watch, reply));
    return true;
  }
  if (watch != nullptr) this->watch({request.workflow_id, found->run_id}, watch);
  const StartedRun started{request.workflow_id, found->run_id, true};
  parts_.effects.call_after(found->last_seq, [reply, started] { reply(started); });
  return true;
}

// The run that has the id ends when it is known what became of its messages. False: it can end now.
bool Starts::replaces_later(KnownRun& running,
                            StartRequest& request,
                            const std::shared_ptr<RunWatch>& watch,
                            const Reply<StartedRun>& reply) {
  if (!Round::end_must_wait(running)) return false;
  const base::RunId replaced = running.state.id;
  const base::RunId parent = request.child_of ? request.child_of->parent.run_id : base::RunId();
  if (request.child_of && !parts_.shared.replacements.add(parent, replaced)) {
    parts_.outbox.refuse(&running, {base::ErrorCode::kAlreadyStarted, replaced.to_string()},
                         told_too(request, watch, reply));
    return true;
  }
  const auto kept = std::make_shared<StartRequest>(std::move(request));
  const auto again = [this, kept, watch, reply, parent, replaced] {
    if (kept->child_of) parts_.shared.replacements.remove(parent, replaced);
    start(std::move(*kept), watch, reply);
  };
  if (parts_.round.ends_later(running, again)) return true;
  if (kept->child_of) parts_.shared.replacements.remove(parent, replaced);
  request = std::move(*kept);
  return false;
}

bool Starts::takes_message(const KnownRun& run, const StartRequest& request) const {
  return is_for_running(request) && !run.damaged && *run.state.workflow == request.workflow &&
         parts_.round.may_grow(run);
}

// Why it does not.
base::Error Starts::no_message(const KnownRun& run, const StartRequest& request) const {
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
      run,
      [&](proto::Event* input) { fill(FirstSignal(*shared->signal), shared->principal, input); },
      [this, shared, watch, reply, found](const base::Status& recorded) {
        if (recorded) {
          if (watch != nullptr) this->watch({found.workflow_id, found.run_id}, watch);
          return reply(found);
        }
        if (recorded.error().code != base::ErrorCode::kRunClosed) {
          return told_too(*shared, watch, reply)(recorded.error());
        }
        // It ended before the signal could reach it.
        parts_.intake.post(
            [this, shared, watch, reply] { start(std::move(*shared), watch, reply); });
      });
}

void Starts::tell_found(const StartedRun& found,
                        const std::shared_ptr<RunWatch>& watch,
                        const Reply<StartedRun>& reply) {
  const KnownRun* const run = parts_.finder.find({found.workflow_id, found.run_id});
  if (run != nullptr && run->has_unrecorded()) {
    return parts_.loading.when_in_log(
        *run, [this, found, watch, reply] { tell_found(found, watch, reply); });
  }
  const auto tell = [this, found, watch, reply] {
    if (watch != nullptr) this->watch({found.workflow_id, found.run_id}, watch);
    reply(found);
  };
  return run == nullptr ? tell() : parts_.effects.call_after(run->state.last_seq, tell);
}

// It is answered once the update is accepted, or will not be.
verb::Update Starts::update_of(const std::shared_ptr<StartRequest>& request,
                               const StartedRun& found,
                               const std::shared_ptr<RunWatch>& watch,
                               const Reply<StartedRun>& reply) {
  const auto tell_once = [this, found, watch, reply, told = std::make_shared<bool>(false)] {
    if (std::exchange(*told, true)) return;
    // An update is refused while a turn is made: the start of its run may not be recorded yet.
    parts_.intake.post(
        std::function<void()>([this, found, watch, reply] { tell_found(found, watch, reply); }));
  };
  const FirstUpdate& update = *request->update;
  return {.key = {.workflow_id = found.workflow_id, .run_id = found.run_id, .of_chain = true},
          .name = update.name,
          .input = update.input,
          .reply =
              [request, tell_once](base::Result<replay::Outcome> outcome) {
                tell_once();
                request->update->reply(std::move(outcome));
              },
          .id = update.id,
          .accepted =
              [request, tell_once](const base::Result<std::string>& id) {
                tell_once();
                if (request->update->accepted) request->update->accepted(id);
              },
          .principal = request->principal,
          .headers = update.headers};
}

// The run that has the id gets the update.
void Starts::update_instead(KnownRun& run,
                            StartRequest&& request,
                            const std::shared_ptr<RunWatch>& watch,
                            const Reply<StartedRun>& reply) {
  const StartedRun found{run.state.workflow_id, run.state.id, true};
  const auto shared = std::make_shared<StartRequest>(std::move(request));
  verb::Update update = update_of(shared, found, watch, reply);
  update.reply = [this, shared, watch, reply,
                  answered = update.reply](base::Result<replay::Outcome> outcome) {
    const bool ended = !outcome && outcome.error().code == base::ErrorCode::kRunClosed;
    if (!ended) return answered(std::move(outcome));
    // It ended before the update could reach it.
    parts_.intake.post(std::function<void()>(
        [this, shared, watch, reply] { start(std::move(*shared), watch, reply); }));
  };
  parts_.updates.take(std::move(update));
}

bool Starts::ask_newest(StartRequest& request,
                        const std::shared_ptr<RunWatch>& watch,
                        const Reply<StartedRun>& reply) {
  if (!request.update || request.update->id.empty() || request.update->is_new) return false;
  const RunKey newest{request.workflow_id};
  const KnownRun* const known = parts_.runs.find(request.workflow_id);
  if (known != nullptr && known->damaged) return false;
  StartedRun found{request.workflow_id, {}, true};
  if (known != nullptr) {
    found.run_id = known->state.id;
  } else if (const auto archived = parts_.finder.find_archived(newest)) {
    found.run_id = archived->id;
  } else {
    return false;
  }
  request.update->is_new = true;
  const auto shared = std::make_shared<StartRequest>(std::move(request));
  const auto unanswered = [this, shared, watch, reply](bool taken) {
    KnownRun* const run = parts_.runs.find(shared->workflow_id);
    const bool takes =
        run != nullptr && run->state.open() && *run->state.workflow == shared->workflow;
    if (taken && takes) return update_instead(*run, std::move(*shared), watch, reply);
    start(std::move(*shared), watch, reply);
  };
  parts_.updates.look_up(update_of(shared, found, watch, reply), unanswered);
  return true;
}

// Answers a start with the newest closed run of its id. False: there is none, or it is damaged.
bool Starts::use_closed(const StartRequest& request,
                        const std::shared_ptr<RunWatch>& watch,
                        const Reply<StartedRun>& reply) {
  const auto use = [&](const RunState& closed) {
    if (*closed.workflow != request.workflow) {
      const base::Error other{base::ErrorCode::kAlreadyStarted,
                              closed.id.to_string() + " " + *closed.workflow};
      return parts_.outbox.refuse(parts_.runs.find(closed.number), other,
                                  told_too(request, watch, reply));
    }
    const StartedRun found{closed.workflow_id, closed.id, true};
    parts_.effects.call_after(closed.last_seq, [reply, found] { reply(found); });
    if (watch != nullptr) this->watch({found.workflow_id, found.run_id}, watch);
  };
  if (const KnownRun* known = parts_.runs.find(request.workflow_id); known != nullptr) {
    if (known->damaged) return false;
    if (known->has_unrecorded()) {
      parts_.loading.when_in_log(*known,
                                 [this, request = StartRequest(request), watch, reply]() mutable {
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

}  // namespace reprise::runtime
