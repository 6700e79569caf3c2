// What clients ask for, on the shard of the run.
#include <algorithm>
#include <utility>

#include "proto/parse.h"
#include "runtime/engine/shard.h"
#include "runtime/engine/shard_source.h"

namespace reprise::runtime {
namespace {

base::Error no_such_run(const RunKey& key) {
  std::string what = "there is no run with workflow id '" + key.workflow_id + "'";
  if (key.run_id) what += " and run id " + key.run_id->to_string();
  return {base::ErrorCode::kNotFound, what + " in this store"};
}

bool is_it(const RunState& state, const RunKey& key) {
  return state.workflow_id == key.workflow_id && (!key.run_id || state.id == *key.run_id);
}

// Of a start that is refused, whoever waits for the run's end is told as well.
Reply<StartedRun> told_too(const std::shared_ptr<RunWatch>& watch, const Reply<StartedRun>& reply) {
  return [watch, reply](const base::Result<StartedRun>& refused) {
    if (watch != nullptr) watch->set(refused.error());
    reply(refused);
  };
}

PendingActivity describe_pending(const PendingOperation& operation, std::int64_t now_ms) {
  const OperationDetails& details = *operation.details;
  PendingActivity pending;
  pending.id = operation.id;
  pending.is_step = operation.is_step();
  pending.activity = pending.is_step ? details.step->name : details.activity->name();
  pending.attempt = operation.attempt;
  pending.under_way = details.control != nullptr ? details.control->running()
                                                 : pending.is_step && operation.dispatched;
  if (!operation.dispatched && operation.due_ms > now_ms) {
    pending.next_attempt = base::from_ms(operation.due_ms);
  }
  pending.last_failure = details.last_failure;
  return pending;
}

}  // namespace

// ---- finding runs -----------------------------------------------------------------------------

RunRecord* Shard::find(const RunKey& key) const {
  return key.run_id ? runs_.find(key.workflow_id, *key.run_id) : runs_.find(key.workflow_id);
}

base::Result<RunState> Shard::find_archived(const RunKey& key) {
  const store::Archive& archive = shared_.store->archive();
  std::optional<RunState> state;
  const auto found = archive.find(key.workflow_id, [&](std::string_view bytes) {
    proto::RunSummary summary;
    if (!proto::parse(bytes, &summary)) return false;
    state = RunState::from_summary(0, summary, names_);
    return is_it(*state, key);
  });
  if (!found) return found.error();
  if (!*found) return no_such_run(key);
  state->number = **found;
  return std::move(*state);
}

// A closed run that is removed while its history is read comes apart, which is no damage.
base::Error Shard::unless_removed(const RunKey& key, const base::Error& error) {
  if (error.code != base::ErrorCode::kStoreDamaged) return error;
  const auto through = shared_.store->archive().through();
  // The archive may have let go of a run that is not forgotten here yet.
  const RunRecord* known = find(key);
  if (known != nullptr && (!through || known->state.last_seq > *through)) return error;
  const auto archived = find_archived(key);
  return archived ? error : archived.error();
}

base::Result<RunRecord*> Shard::find_open(const RunKey& key) {
  RunRecord* run = find(key);
  if (run != nullptr && run->damaged) return *run->extras->parked;
  if (run != nullptr && run->state.open()) return run;
  if (run == nullptr) {
    if (const auto archived = find_archived(key); !archived) return archived.error();
  }
  return base::Error{base::ErrorCode::kRunClosed,
                     "run '" + key.workflow_id + "' has ended; describe it to see how"};
}

// ---- starting ---------------------------------------------------------------------------------

void Shard::start(StartRequest request, std::shared_ptr<RunWatch> watch, Reply<StartedRun> reply) {
  const auto refuse_for = [&](const RunRecord* run, const base::Error& why) {
    refuse(run, why, told_too(watch, reply));
  };
  const auto refuse_at_once = [&](const base::Error& why) { told_too(watch, reply)(why); };
  if (full_) return refuse_at_once(shared_.space.refusal());
  if (const auto worker = host_.registry().find(request.task_queue);
      worker != nullptr && !worker->workflows.contains(request.workflow)) {
    return refuse_at_once({base::ErrorCode::kUnknownWorkflow,
                           "the worker of task queue '" + request.task_queue +
                               "' does not implement workflow '" + request.workflow + "'"});
  }
  if (RunRecord* running = runs_.find(request.workflow_id);
      running != nullptr && running->state.open()) {
    if (in_round(*running)) {
      // What it is, or has become, is not in the log yet.
      return post([this, request, watch, reply] { start(request, watch, reply); });
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
      return after_durable(running->state.last_seq, [reply, started] { reply(started); });
    }
    // A closed run refuses kReject as well, so nothing is ended for it.
    if (request.conflict == IdConflict::kFail || request.reuse == IdReuse::kReject) {
      return refuse_for(running, {base::ErrorCode::kAlreadyStarted, running->state.id.to_string()});
    }
    record_end(
        *running,
        [](proto::Event* input) {
          input->mutable_run_terminated()->set_reason("replaced by a new start");
        },
        [](const base::Status&) {});
  }
  if (request.reuse == IdReuse::kUseExisting && use_closed(request, watch, reply)) return;
  if (const base::Status may = may_start(request); !may) {
    return refuse_for(runs_.find(request.workflow_id), may.error());
  }

  RunState state;
  state.number = shared_.next_run.fetch_add(1);
  state.id = request.run_id == base::RunId() ? shared_.ids.next(now()) : request.run_id;
  state.workflow_id = request.workflow_id;
  state.workflow = names_.intern(request.workflow);
  state.task_queue = names_.intern(request.task_queue);
  RunRecord& run = runs_.add(std::move(state));
  run.starting = true;
  auto* started = add_input(run)->mutable_run_started();
  const std::string_view id = run.state.id.bytes();
  started->set_run_id(id.data(), id.size());
  const std::string_view workflow_id = run.state.stored_workflow_id();
  const std::string_view task_queue = run.state.stored_task_queue();
  started->set_workflow_id(workflow_id.data(), workflow_id.size());
  started->set_workflow(request.workflow);
  started->set_task_queue(task_queue.data(), task_queue.size());
  started->set_input(std::move(request.input));
  started->set_run_timeout_ms(request.run_timeout.count());
  started->set_behaviours(replay::Behaviours::kNewest);
  if (watch != nullptr) run.with_extras().watches.push_back(std::move(watch));
  run.with_extras().started = std::move(reply);
}

// Answers a start with the newest closed run of its id. False: there is none, or it is damaged.
bool Shard::use_closed(const StartRequest& request,
                       const std::shared_ptr<RunWatch>& watch,
                       const Reply<StartedRun>& reply) {
  const auto use = [&](const RunState& closed) {
    if (*closed.workflow != request.workflow) {
      const base::Error other{base::ErrorCode::kAlreadyStarted,
                              closed.id.to_string() + " " + *closed.workflow};
      return refuse(runs_.find(closed.number), other, told_too(watch, reply));
    }
    if (watch != nullptr) this->watch({closed.workflow_id, closed.id}, watch);
    const StartedRun found{closed.workflow_id, closed.id, true};
    after_durable(closed.last_seq, [reply, found] { reply(found); });
  };
  if (const RunRecord* known = runs_.find(request.workflow_id); known != nullptr) {
    if (known->damaged) return false;
    if (in_round(*known)) {
      post([this, request, watch, reply] { start(request, watch, reply); });
    } else {
      use(known->state);
    }
    return true;
  }
  const auto archived = find_archived({request.workflow_id, std::nullopt});
  if (archived) use(*archived);
  return archived.has_value();
}

// What a closed run with this id says to it.
base::Status Shard::may_start(const StartRequest& request) {
  const RunRecord* known = runs_.find(request.workflow_id);
  // It may be under way in truth.
  if (known != nullptr && known->damaged) return *known->extras->parked;
  if (request.reuse == IdReuse::kAllow) return {};
  RunStatus status = RunStatus::kRunning;
  base::RunId id;
  if (const RunRecord* closed = runs_.find(request.workflow_id); closed != nullptr) {
    status = closed->state.status;
    id = closed->state.id;
  } else if (const auto archived = find_archived({request.workflow_id, std::nullopt})) {
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

void Shard::watch(const RunKey& key, const std::shared_ptr<RunWatch>& watch) {
  RunRecord* run = find(key);
  if (run != nullptr && in_round(*run))
    return post([this, key, watch] { this->watch(key, watch); });
  if (run != nullptr && run->damaged) return watch->set(*run->extras->parked);
  if (run != nullptr && run->state.open()) {
    run->with_extras().watches.push_back(watch);
    return;
  }
  if (run != nullptr) {
    if (run->parked()) return watch->set(*run->extras->parked);
    // Its end may not be durable yet.
    return after_durable(run->state.last_seq, [this, key, watch] {
      if (RunRecord* ended = find(key); ended != nullptr) {
        read_end(ended->state, watch);
      } else {
        this->watch(key, watch);
      }
    });
  }
  const auto archived = find_archived(key);
  if (!archived) return watch->set(archived.error());
  read_end(*archived, watch);
}

void Shard::unwatch(const RunKey& key, const std::shared_ptr<RunWatch>& watch) {
  RunRecord* run = find(key);
  if (run == nullptr || run->extras == nullptr) return;
  std::erase(run->extras->watches, watch);
  run->drop_empty_extras();
}

void Shard::read_end(const RunState& state, const std::shared_ptr<RunWatch>& watch) {
  RunEnd end;
  const base::Status read = Source(shared_, state).history([&](const proto::Turn& turn) {
    if (closes(turn)) end = end_of(turn);
    return true;
  });
  if (read) {
    watch->set(std::move(end));
  } else {
    watch->set(unless_removed({state.workflow_id, state.id}, read.error()));
  }
}

// ---- messages to open runs --------------------------------------------------------------------

// A history that has become too long takes nothing more from outside; it can still be terminated.
base::Status Shard::may_grow(const RunRecord& run) const {
  const std::uint64_t most = shared_.options.limits.history_events;
  if (run.state.events < most) return {};
  return base::Error{base::ErrorCode::kRunLimit,
                     "the history of run '" + run.state.workflow_id + "' has " +
                         std::to_string(run.state.events) +
                         " events, and EngineLimits::history_events = " + std::to_string(most) +
                         " allows no more; let it end in time and start another run, or raise the "
                         "limit"};
}

void Shard::signal(const RunKey& key, std::string name, std::string input, Reply<void> reply) {
  if (full_) return reply(shared_.space.refusal());
  const auto run = find_open(key);
  if (!run) return refuse(find(key), run.error(), reply);
  if (const auto room = may_grow(**run); !room) return reply(room.error());
  add_input(
      **run,
      [&](proto::Event* event) {
        event->mutable_signal_received()->set_name(std::move(name));
        event->mutable_signal_received()->set_input(std::move(input));
      },
      std::move(reply));
  run_turn_if_full(**run);
}

// As far as the code in memory tells; nothing is loaded for the question.
base::Status Shard::may_signal(const RunKey& key, std::string_view name, std::string_view input) {
  const RunRecord* const run = find(key);
  if (run == nullptr || run->damaged || !run->state.open() || run->parked()) return {};
  const replay::Execution* const code = Host::find(run->place);
  if (code == nullptr) return {};
  const auto refusal = [&] {
    const CodeMark::Scope in_code(code_mark_, run);
    return code->signal_refusal(name, input);
  }();
  if (!refusal) return {};
  return base::Error{base::ErrorCode::kSignalUnreadable,
                     "the code of run '" + key.workflow_id + "' reads signal '" +
                         std::string(name) + "', and this is none: " + *refusal +
                         ". Nothing was recorded; send what the code reads"};
}

void Shard::cancel(const RunKey& key, std::string reason, Reply<void> reply) {
  if (full_) return reply(shared_.space.refusal());
  const auto run = find_open(key);
  if (!run) return refuse(find(key), run.error(), reply);
  if (const auto room = may_grow(**run); !room) return reply(room.error());
  add_input(
      **run,
      [&](proto::Event* event) {
        event->mutable_cancel_requested()->set_reason(std::move(reason));
      },
      std::move(reply));
}

void Shard::terminate(const RunKey& key, std::string reason, Reply<void> reply) {
  if (full_) return reply(shared_.space.refusal());
  const auto run = find_open(key);
  if (!run) return refuse(find(key), run.error(), reply);
  record_end(
      **run,
      [&](proto::Event* event) { event->mutable_run_terminated()->set_reason(std::move(reason)); },
      std::move(reply));
}

void Shard::retry(const RunKey& key, const Reply<void>& reply) {
  if (full_) return reply(shared_.space.refusal());
  const auto found = find_open(key);
  if (!found) return refuse(find(key), found.error(), reply);
  RunRecord& run = **found;
  if (in_round(run)) return post([this, key, reply] { retry(key, reply); });
  // Without code nothing is known of it here, and it is the next program that tries it again.
  const bool by_next_program = !shared_.options.executes_code;
  if (!run.parked() && !by_next_program) return reply({});
  if (const auto forgotten = shared_.store->forget_deaths(run.state.number); !forgotten) {
    return reply(forgotten.error());
  }
  if (by_next_program) shared_.store->note_unparked(run.state.number);
  unpark(run);
  run.drop_empty_extras();
  when_loadable(run.state.number, [this](RunRecord& later) { resume(later); });
  reply({});
}

void Shard::update(const RunKey& key,
                   std::string name,
                   std::string input,
                   const Reply<replay::Outcome>& reply) {
  if (full_) return reply(shared_.space.refusal());
  const auto run = find_open(key);
  if (!run) return refuse(find(key), run.error(), reply);
  if ((*run)->parked()) return reply(*(*run)->extras->parked);
  if (const auto room = may_grow(**run); !room) return reply(room.error());
  const std::string id = shared_.ids.next(now()).to_string();
  auto* received = add_input(**run)->mutable_update_received();
  received->set_update_id(id);
  received->set_name(std::move(name));
  received->set_input(std::move(input));
  (*run)->with_extras().updates.push_back({id, reply});
  run_turn_if_full(**run);
}

// ---- questions --------------------------------------------------------------------------------

base::Result<std::string> Shard::ask(Host::Place& place,
                                     const RunState& state,
                                     const RunRecord* run,
                                     const std::string& name,
                                     const std::string& input) {
  const CodeMark::Scope in_code(code_mark_, run);
  return host_.query(place, Source(shared_, state), name, input);
}

void Shard::query(const RunKey& key,
                  const std::string& name,
                  const std::string& input,
                  const Reply<std::string>& reply) {
  RunRecord* run = find(key);
  if (run == nullptr) {
    const auto archived = find_archived(key);
    if (!archived) return reply(archived.error());
    Host::Place place = nullptr;
    auto answer = ask(place, *archived, nullptr, name, input);
    host_.evict(place);
    if (!answer) return reply(unless_removed(key, answer.error()));
    return reply(std::move(answer));
  }
  if (in_round(*run)) {
    // What came before the question is part of the answer.
    return mailbox_.post([this, key, name, input, reply] { query(key, name, input, reply); });
  }
  if (run->parked()) return reply(*run->extras->parked);
  if (waits_for_room(*run)) return reply(shared_.space.refusal());
  const store::RunNumber number = run->state.number;
  when_loadable(number, [this, name, input, reply](RunRecord& asked) {
    auto answer = ask(asked.place, asked.state, &asked, name, input);
    if (!answer && answer.error().code == base::ErrorCode::kNondeterminism) {
      park(asked, {answer.error().code, answer.error().message, std::nullopt});
    }
    if (!asked.state.open()) host_.evict(asked.place);
    // The answer may come from turns that are not durable yet.
    after_durable(asked.state.last_seq, [reply, answer] { reply(answer); });
  });
}

RunDescription Shard::describe_run(RunRecord& run) {
  if (!run.damaged) (void)ensure_details(run);
  RunDescription description = describe_state(run.state);
  for (const PendingOperation& operation : run.state.pending()) {
    if (operation.done) continue;
    if (operation.kind == OperationKind::kTimer) {
      description.timers.push_back({operation.id, base::from_ms(operation.due_ms)});
    }
    if (!operation.is_attempted() || operation.details == nullptr) continue;
    description.activities.push_back(describe_pending(operation, base::to_ms(now())));
  }
  if (const auto* execution = Host::find(run.place); execution != nullptr) {
    description.waiting_for = execution->waiting_for();
  }
  if (run.parked()) description.parked = run.extras->parked;
  return description;
}

void Shard::describe(const RunKey& key, const Reply<RunDescription>& reply) {
  if (RunRecord* run = find(key); run != nullptr) {
    if (in_round(*run)) return post([this, key, reply] { describe(key, reply); });
    if (waits_for_room(*run)) return reply(shared_.space.refusal());
    return after_durable(run->state.last_seq, [this, key, reply, number = run->state.number] {
      if (RunRecord* known = runs_.find(number); known != nullptr)
        return reply(describe_run(*known));
      describe(key, reply);  // archived meanwhile
    });
  }
  const auto archived = find_archived(key);
  if (!archived) return reply(archived.error());
  reply(describe_state(*archived));
}

void Shard::history(const RunKey& key, const Reply<std::vector<std::string>>& reply) {
  const auto read = [this, reply](const RunState& state, store::Seq last) {
    std::vector<std::string> turns;
    const base::Status status = Source(shared_, state, last).history([&](const proto::Turn& turn) {
      turns.push_back(turn.SerializeAsString());
      return true;
    });
    if (!status) return reply(unless_removed({state.workflow_id, state.id}, status.error()));
    reply(std::move(turns));
  };
  if (RunRecord* run = find(key); run != nullptr) {
    if (in_round(*run)) return post([this, key, reply] { history(key, reply); });
    if (waits_for_room(*run)) return reply(shared_.space.refusal());
    const store::Seq last = run->state.last_seq;  // a busy run would never be durable to its end
    return after_durable(last, [this, read, number = run->state.number, last, key, reply] {
      if (RunRecord* known = runs_.find(number); known != nullptr) return read(known->state, last);
      history(key, reply);  // archived meanwhile
    });
  }
  const auto archived = find_archived(key);
  if (!archived) return reply(archived.error());
  read(*archived, archived->last_seq);
}

void Shard::collect(const ListRequest& request, std::map<store::RunNumber, RunDescription>* out) {
  runs_.for_each([&](RunRecord& run) {
    if (run.state.events == 0 && !run.damaged) return;  // its start is being gathered
    if (request.status && run.state.status != *request.status) return;
    if (!request.workflow.empty() && *run.state.workflow != request.workflow) return;
    out->emplace(run.state.number, describe_state(run.state));
    if (run.parked()) out->at(run.state.number).parked = run.extras->parked;
    if (out->size() <= request.limit) return;
    out->erase(request.newest_first ? out->begin() : std::prev(out->end()));
  });
}

}  // namespace reprise::runtime
