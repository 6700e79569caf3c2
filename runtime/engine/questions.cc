#include "runtime/engine/questions.h"

#include <iterator>
#include <utility>

#include "runtime/engine/listing.h"
#include "runtime/engine/open_limit.h"
#include "runtime/engine/operation_details.h"
#include "runtime/engine/parked_run.h"
#include "runtime/engine/pending_children.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {
namespace {

PendingActivity describe_pending(const TaskQueues& queues,
                                 const KnownRun& run,
                                 const PendingOperation& operation,
                                 const LiveOperation& live,
                                 std::int64_t now_ms) {
  const OperationDetails& details = *live.details;
  PendingActivity pending;
  pending.id = operation.id;
  pending.is_step = operation.is_step();
  pending.activity = pending.is_step ? details.step->name : details.activity->name();
  pending.attempt = operation.attempt;
  const AttemptControl* const control = pending.is_step
                                            ? RunExecutor::step_under_way(run.place, operation.id)
                                            : details.control.get();
  pending.cancel_requested = operation.cancel_asked;
  pending.under_way = control != nullptr && control->running();
  if (!live.dispatched() && !operation.open && operation.due_ms > now_ms) {
    pending.next_attempt = base::from_ms(operation.due_ms);
  }
  if (!pending.is_step && control != nullptr && control->queued()) {
    pending.held_back = queues.held_back(run.queue_of(*details.activity), pending.activity);
  }
  pending.last_failure = details.last_failure;
  if (!operation.open) return pending;
  pending.open_since = base::from_ms(details.began_ms);
  if (const auto limit = earliest_limit(operation, details)) {
    pending.limit = base::from_ms(limit->at_ms);
  }
  return pending;
}

base::Result<verb::Get::Answer> setting_of(const sealing::Sealing& sealing,
                                           const RunState& state,
                                           const std::string& name) {
  const Settings::Value* const known = state.settings().find(name);
  if (known == nullptr) return verb::Get::Answer();
  auto value = sealing.open_value(known->payload);
  if (!value) return value.error();
  proto::SettingRecorded setting;
  setting.set_name(name);
  setting.set_value(std::move(value).value());
  setting.set_type(known->type);
  return verb::Get::Answer(std::move(setting));
}

}  // namespace

base::Result<std::string> Questions::ask(Host::Place& place,
                                         const RunState& state,
                                         const KnownRun* run,
                                         const std::string& name,
                                         const std::string& input) {
  const StoredRun asked(parts_.shared, state, run != nullptr ? run->label() : RunLabel());
  return parts_.executor.query(place, asked, name, input);
}

void Questions::query(const RunKey& key,
                      const std::string& name,
                      const std::string& input,
                      const Reply<std::string>& reply) {
  query({key, name, input, reply});
}

void Questions::query(const Query& query) {
  KnownRun* run = parts_.finder.find(query.key);
  if (run == nullptr) return query_archived(query);
  if (run->in_round()) {
    // Everything that came before the question is part of the answer.
    return parts_.intake.post([=, this] { this->query(query); });
  }
  if (run->parked()) return query.reply(*run->extras->parked);
  if (run->transacting) {  // the closure may be changing what the answer is made of
    return parts_.effects.call_after(
        run->state.last_seq, [=, this] { parts_.intake.post([=, this] { this->query(query); }); });
  }
  if (waits_for_room(*run)) return query.reply(parts_.intake.refusal());
  const store::RunNumber number = run->state.number;
  parts_.loading.when_loadable(number, [=, this](KnownRun& asked) { query_loaded(asked, query); });
}

void Questions::query_archived(const Query& query) {
  const auto archived = parts_.finder.find_archived(query.key);
  if (!archived) return query.reply(archived.error());
  Host::Place place = nullptr;
  auto answer = ask(place, *archived, nullptr, query.name, query.input);
  parts_.executor.evict(place);
  if (!answer) return query.reply(parts_.finder.unless_removed(query.key, answer.error()));
  query.reply(std::move(answer));
}

void Questions::query_loaded(KnownRun& run, const Query& query) {
  auto answer = ask(run.place, run.state, &run, query.name, query.input);
  const bool unknown = !answer && answer.error().code == base::ErrorCode::kUnknownQuery;
  if (unknown && !query.has_waited && is_to_begin(run)) return query_when_begun(run, query);
  if (!answer && answer.error().code == base::ErrorCode::kNondeterminism) {
    parts_.parking.park(run, {answer.error().code, answer.error().message, std::nullopt});
  }
  if (!run.state.open()) parts_.executor.evict(run.place);
  // The answer may come from turns that are not durable yet.
  parts_.effects.call_after(run.state.last_seq, [reply = query.reply, answer] { reply(answer); });
}

// Has its code been called anew, after a checkpoint or as the next run of a chain, without having
// been shown anything yet?
bool Questions::is_to_begin(const KnownRun& run) {
  return run.state.open() && !run.paused() && run.state.delayed_until_ms() == 0 && run.has_work() &&
         !RunExecutor::has_begun(run.place);
}

// What the code answers is known once it has run, which it does when its beginning is durable.
void Questions::query_when_begun(const KnownRun& run, Query query) {
  query.has_waited = true;
  parts_.effects.call_after(run.state.last_seq, [=, this] {
    parts_.intake.post([=, this] {
      KnownRun* const later = parts_.finder.find(query.key);
      if (later != nullptr && !later->parked() && is_to_begin(*later)) parts_.round.gather(*later);
      this->query(query);
    });
  });
}

void Questions::get(const RunKey& key,
                    const std::string& name,
                    const Reply<verb::Get::Answer>& reply) {
  if (KnownRun* run = parts_.finder.find(key); run != nullptr) {
    if (run->in_round()) {
      return parts_.intake.post([this, key, name, reply] { get(key, name, reply); });
    }
    // What is known of it may be older than what it has published.
    if (run->damaged) return reply(*run->extras->parked);
    if (waits_for_room(*run)) return reply(parts_.intake.refusal());
    // Looked up now: when this is durable, the run may have published something that is not.
    return parts_.effects.call_after(
        run->state.last_seq,
        [reply, found = setting_of(parts_.shared.sealing, run->state, name)] { reply(found); });
  }
  const auto archived = parts_.finder.find_archived(key);
  if (!archived) return reply(archived.error());
  reply(setting_of(parts_.shared.sealing, *archived, name));
}

RunDescription Questions::describe_run(KnownRun& run) {
  // A turn may have come that is not durable; then the next description has them.
  const bool is_readable = !run.damaged && parts_.loading.is_readable(run);
  if (is_readable) (void)ensure_details(parts_.shared, parts_.parking, run);
  RunDescription description = describe_state(run.state);
  if (is_readable) description.children = pending_children(parts_.shared, run.state);
  for (const PendingOperation& operation : run.state.pending()) {
    if (operation.done) continue;
    if (operation.kind == OperationKind::kTimer) {
      description.timers.push_back({operation.id, base::from_ms(operation.due_ms)});
    }
    const LiveOperation* live = operation.is_attempted() ? run.live(operation.id) : nullptr;
    if (!has_details(live, operation)) continue;
    description.activities.push_back(describe_pending(
        parts_.shared.task_queues, run, operation, *live, base::to_ms(parts_.shared.clock.now())));
  }
  description.waiting_for = RunExecutor::waiting_for(run.place);
  if (run.parked()) description.parked = run.extras->parked;
  return description;
}

void Questions::describe(const RunKey& key, const Reply<RunDescription>& reply) {
  if (KnownRun* run = parts_.finder.find(key); run != nullptr) {
    if (run->in_round()) return parts_.intake.post([this, key, reply] { describe(key, reply); });
    if (waits_for_room(*run)) return reply(parts_.intake.refusal());
    // Its settings as in get().
    return parts_.effects.call_after(
        run->state.last_seq,
        [this, key, reply, number = run->state.number, settings = run->state.settings().list()] {
          KnownRun* const known = parts_.runs.find(number);
          if (known == nullptr) return describe(key, reply);  // archived meanwhile
          RunDescription description = describe_run(*known);
          description.settings = settings;
          reply(shown(parts_.shared.sealing, std::move(description)));
        });
  }
  const auto archived = parts_.finder.find_archived(key);
  if (!archived) return reply(archived.error());
  reply(shown(parts_.shared.sealing, describe_state(*archived)));
}

void Questions::history(const RunKey& key, const Reply<std::vector<std::string>>& reply) {
  const auto read = [this, reply](const RunState& state, store::Seq last) {
    std::vector<std::string> turns;
    const base::Status status =
        StoredRun(parts_.shared, state, last).history([&](const proto::Turn& turn) {
          turns.push_back(turn.SerializeAsString());
        });
    if (!status)
      return reply(parts_.finder.unless_removed({state.workflow_id, state.id}, status.error()));
    reply(std::move(turns));
  };
  if (KnownRun* run = parts_.finder.find(key); run != nullptr) {
    if (run->in_round()) return parts_.intake.post([this, key, reply] { history(key, reply); });
    if (waits_for_room(*run)) return reply(parts_.intake.refusal());
    const store::Seq last = run->state.last_seq;  // a busy run would never be durable to its end
    return parts_.effects.call_after(
        last, [this, read, number = run->state.number, last, key, reply] {
          if (KnownRun* known = parts_.runs.find(number); known != nullptr)
            return read(known->state, last);
          history(key, reply);  // archived meanwhile
        });
  }
  const auto archived = parts_.finder.find_archived(key);
  if (!archived) return reply(archived.error());
  read(*archived, archived->last_seq);
}

void Questions::find_history(const RunKey& key, const Reply<verb::FindHistory::Answer>& reply) {
  if (KnownRun* run = parts_.finder.find(key); run != nullptr) {
    if (run->in_round()) return parts_.intake.post([=, this] { find_history(key, reply); });
    if (waits_for_room(*run)) return reply(parts_.intake.refusal());
    return parts_.effects.call_after(run->state.last_seq,
                                     [reply, found = std::make_shared<const StoredHistory>(
                                                 stored_history(run->state))] { reply(found); });
  }
  const auto archived = parts_.finder.find_archived(key);
  if (!archived) return reply(archived.error());
  reply(std::make_shared<const StoredHistory>(stored_history(*archived)));
}

// It is in the first turn.
void Questions::read_input(const RunKey& key, const Reply<RunInput>& reply) {
  const auto read = [this, reply](const RunState& state, store::Seq last) {
    RunInput input{*state.workflow, *state.task_queue, {}};
    const base::Status status =
        StoredRun(parts_.shared, state, last).history([&](const proto::Turn& turn) {
          if (turn.inputs_size() > 0) input.input = turn.inputs(0).run_started().input();
          return base::Next::kStop;
        });
    if (status) return reply(std::move(input));
    reply(parts_.finder.unless_removed({state.workflow_id, state.id}, status.error()));
  };
  if (KnownRun* run = parts_.finder.find(key); run != nullptr) {
    if (run->in_round()) return parts_.intake.post([this, key, reply] { read_input(key, reply); });
    if (waits_for_room(*run)) return reply(parts_.intake.refusal());
    const store::Seq last = run->state.last_seq;
    return parts_.effects.call_after(last,
                                     [this, read, number = run->state.number, last, key, reply] {
                                       if (KnownRun* known = parts_.runs.find(number))
                                         return read(known->state, last);
                                       read_input(key, reply);  // archived meanwhile
                                     });
  }
  const auto archived = parts_.finder.find_archived(key);
  if (!archived) return reply(archived.error());
  read(*archived, archived->last_seq);
}

void Questions::collect(const ListRequest& request,
                        std::map<store::RunNumber, RunDescription>* out) const {
  parts_.runs.for_each([&](KnownRun& run) {
    if (run.state.events == 0 && !run.damaged) return;  // its start is being gathered
    if (request.status && run.state.status != *request.status) return;
    if (!is_listed(request, *run.state.workflow)) return;
    out->emplace(run.state.number, describe_state(run.state));
    if (run.parked()) out->at(run.state.number).parked = run.extras->parked;
    if (out->size() <= request.limit) return;
    out->erase(request.newest_first ? out->begin() : std::prev(out->end()));
  });
}

// A note of the last engine holds until the run's code is in memory again.
void Questions::collect(std::uint32_t failures,
                        const store::ParkedRuns& noted,
                        Troubles* out) const {
  parts_.runs.for_each([&](KnownRun& run) {
    if (run.state.events == 0 && !run.damaged) return;  // its start is being gathered
    const base::Error* parked = run.parked() ? &*run.extras->parked : nullptr;
    const std::string* const damage = run.damaged ? &parked->message : nullptr;
    const auto note =
        parked == nullptr && run.place == nullptr ? noted.find(run.state.number) : noted.end();
    if (note != noted.end() && is_still_parked(*parts_.shared.store, run.state, note->second)) {
      parked = &note->second.why;
    }
    auto trouble = trouble_of(run.state, damage, parked, failures);
    if (trouble) out->by_number.emplace(run.state.number, std::move(*trouble));
  });
}

// A run may be among several of these.
void Questions::collect(const visibility::Query& query, RecentRuns* out) const {
  const auto add = [&](const KnownRun& run) {
    if (run.state.events == 0 && !run.damaged) return;  // its start is being gathered
    RunDescription description = describe_state(run.state);
    if (run.parked()) description.parked = run.extras->parked;
    out->add(run.state.number, query, std::move(description));
  };
  const auto add_number = [&](store::RunNumber number) {
    if (out->numbers.contains(number)) return;
    if (const KnownRun* const run = parts_.runs.find(number); run != nullptr) add(*run);
  };
  parts_.round.for_each_recorded(add);
  parts_.runs.for_each_changed(add_number);
  parts_.parking.for_each_parked(parts_.runs, add);
}

}  // namespace reprise::runtime
