#include "runtime/engine/resets.h"

#include <algorithm>
#include <utility>

#include "runtime/engine/limits.h"
#include "runtime/engine/principal.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {
namespace {

using base::Error;
using base::ErrorCode;

ResetRequest request_of(const verb::Reset& asked) {
  return {.event = asked.event, .reapply = asked.reapply, .rows_stay = asked.rows_stay};
}

ResetRequest request_of(const verb::Fork& asked) {
  return {
      .event = asked.event, .rows_stay = asked.rows_stay, .fork = true, .results = asked.results};
}

Error limit_has_passed(const RunState& run) {
  return {ErrorCode::kCannotReset,
          "the execution_timeout of the chain of run '" + run.workflow_id +
              "' has passed, and a run that is reset belongs to it; start another run like it, or "
              "fork it"};
}

}  // namespace

// ---- resets -----------------------------------------------------------------------------------

void Resets::reset(const ResetRef& asked) {
  if (is_made(asked)) return;
  if (parts_.intake.full()) return asked->reply(parts_.intake.refusal());
  KnownRun* const run = parts_.finder.find(asked->key);
  if (run == nullptr) {
    const auto archived = parts_.finder.find_archived(asked->key);
    return archived ? reset_closed(*archived, asked) : asked->reply(archived.error());
  }
  if (run->damaged) return asked->reply(*run->extras->parked);
  if (run->state.open()) return reset_open(*run, asked);
  if (run->has_unrecorded()) {
    return parts_.loading.when_in_log(*run, [this, asked] { reset(asked); });
  }
  parts_.effects.call_after(run->state.last_seq, [this, asked, number = run->state.number] {
    const KnownRun* const known = parts_.runs.find(number);
    known == nullptr ? reset(asked) : reset_closed(known->state, asked);
  });
}

// Who has got no answer asks again, with the same id, and the first request may be under way still.
bool Resets::is_made(const ResetRef& asked) {
  const KnownRun* const made = parts_.runs.find(asked->key.workflow_id, asked->new_run);
  if (made == nullptr) return false;
  if (made->has_unrecorded()) {
    parts_.loading.when_in_log(*made, [this, asked] { reset(asked); });
    return true;
  }
  const StartedRun started{made->state.workflow_id, made->state.id, /*existing=*/true};
  parts_.effects.call_after(made->state.last_seq, [asked, started] { asked->reply(started); });
  return true;
}

// Its code runs no more, so that its history comes to rest, on the disk.
void Resets::reset_open(KnownRun& run, const ResetRef& asked) {
  if (asked->event == 0) {
    return parts_.outbox.refuse(
        &run,
        {ErrorCode::kNothingFailed,
         "run '" + run.state.workflow_id +
             "' has not ended, so it has not failed; retry a parked run, or "
             "reset it to an event that you choose"},
        asked->reply);
  }
  // What does not open cannot be copied, and so the messages in it are not given up.
  if (run.parked() && run.extras->unsent != nullptr) {
    return parts_.outbox.refuse(&run, *run.extras->parked, asked->reply);
  }
  // Another run may have the workflow id by then: this one is meant.
  const auto meant = std::make_shared<verb::Reset>(*asked);
  meant->key.run_id = run.state.id;
  if (parts_.round.ends_later(run, [this, meant] { reset(meant); })) return;
  if (!run.state.open()) return reset(meant);
  run.resetting = true;
  if (!parts_.loading.is_readable(run)) {
    return parts_.loading.when_readable(run.state.number,
                                        [this, meant](KnownRun& later) { again(later, meant); });
  }
  auto planned = plan(run.state, run.state.last_seq, request_of(*asked));
  if (!planned) return give_up(run, planned.error(), asked);
  const std::set<std::string> updates = planned->updates;
  auto beginning = beginning_of(run.state, *asked, std::move(*planned));
  if (!beginning) return give_up(run, beginning.error(), asked);
  const auto end = [&](proto::Event* input) {
    proto::RunTerminated* const terminated = input->mutable_run_terminated();
    terminated->set_reason("reset to event " + std::to_string(asked->event) +
                           (asked->reason.empty() ? "" : ": " + asked->reason));
    terminated->set_next_run_id(std::string(beginning->state.id.bytes()));
    record_principal(asked->principal, terminated);
  };
  parts_.round.record_reset(run, end, std::move(*beginning), updates);
}

// There may be no room any more.
void Resets::again(KnownRun& run, const ResetRef& asked) {
  if (run.state.open() && parts_.intake.full()) {
    return give_up(run, parts_.intake.refusal(), asked);
  }
  reset(asked);
}

// It goes on as if nobody had asked.
void Resets::give_up(KnownRun& run, const Error& why, const ResetRef& asked) {
  run.resetting = false;
  if (run.has_work()) parts_.round.gather(run);
  asked->reply(why);
}

void Resets::reset_closed(const RunState& run, const ResetRef& asked) {
  if (is_made(asked)) return;  // while this waited
  if (const base::Status free = may_follow(run); !free) {
    return parts_.outbox.refuse(parts_.runs.find(run.workflow_id), free.error(), asked->reply);
  }
  auto planned = plan(run, run.last_seq, request_of(*asked));
  if (!planned) return asked->reply(planned.error());
  auto beginning = beginning_of(run, *asked, std::move(*planned));
  if (!beginning) return asked->reply(beginning.error());
  parts_.round.begin(std::move(*beginning));
}

// Of the runs with one workflow id one is open at a time.
base::Status Resets::may_follow(const RunState& run) const {
  const KnownRun* const newest = parts_.runs.find(run.workflow_id);
  if (newest == nullptr || newest->state.number == run.number) return {};
  if (newest->damaged) return *newest->extras->parked;
  if (!newest->state.open()) return {};
  return Error{ErrorCode::kAlreadyStarted,
               "run " + newest->state.id.to_string() + " has workflow id '" + run.workflow_id +
                   "' and is open; reset that one, or terminate it first"};
}

base::Result<ResetPlan> Resets::plan(const RunState& run,
                                     store::Seq last,
                                     const ResetRequest& request) const {
  std::vector<proto::Turn> turns;
  const base::Status read =
      StoredRun(parts_.shared, run, last).history([&](const proto::Turn& turn) {
        turns.push_back(turn);
      });
  if (!read) {
    return parts_.finder.unless_removed({run.workflow_id, run.id}, read.error());
  }
  return plan_reset(std::move(turns), request);
}

base::Result<Round::Beginning> Resets::beginning_of(const RunState& run,
                                                    const verb::Reset& asked,
                                                    ResetPlan&& plan) const {
  const RunTerms* const terms = run.terms();
  if (terms != nullptr && terms->execution_due_ms > 0 && terms->execution_due_ms <= now_ms()) {
    return limit_has_passed(run);
  }
  Round::Beginning beginning;
  beginning.state.id = asked.new_run;
  beginning.state.workflow_id = run.workflow_id;
  beginning.state.workflow = run.workflow;
  beginning.state.task_queue = run.task_queue;
  beginning.reply = asked.reply;
  // The parent of a closed run has been told its end.
  take_over({.run_id = asked.new_run,
             .workflow_id = run.workflow_id,
             .keeps_parent = run.open(),
             .first_of_chain = run.first_of_chain()},
            run.id, &plan);
  proto::Event first;
  proto::RunReset* const reset = first.mutable_run_reset();
  reset->set_run_id(std::string(asked.new_run.bytes()));
  reset->set_from_run_id(std::string(run.id.bytes()));
  reset->set_event(plan.event);
  reset->set_restart(plan.restart);
  reset->set_reapply(plan.restart ? proto::RunReset::SIGNALS_AND_UPDATES : asked.reapply);
  reset->set_carried(static_cast<std::uint32_t>(plan.inputs.size()));
  reset->set_reason(asked.reason);
  record_principal(asked.principal, reset);
  add_turns(std::move(first), std::move(plan), &beginning);
  return beginning;
}

// What follows the copies. A turn has not too many inputs: it must fit into a record.
void Resets::add_turns(proto::Event&& first, ResetPlan&& plan, Round::Beginning* beginning) const {
  constexpr int kInputsPerTurn = 256;
  beginning->state.number = parts_.shared.next_run.fetch_add(1);
  beginning->turns = std::move(plan.prefix);
  beginning->copied = beginning->turns.size();
  const auto new_turn = [&] {
    proto::Turn& turn = beginning->turns.emplace_back();
    turn.set_time_ms(std::max(plan.time_ms, now_ms()));
    turn.set_without_code(true);
    return &turn;
  };
  proto::Turn* turn = new_turn();
  const std::string principal(event::row_of(first).principal(first));
  turn->add_inputs()->Swap(&first);
  for (proto::Event& input : plan.inputs) {
    if (turn->inputs_size() >= kInputsPerTurn) turn = new_turn();
    turn->add_inputs()->Swap(&input);
  }
  // Who has it go on from there wants it to go on.
  if (!plan.paused) return;
  proto::RunResumed* const resumed = turn->add_inputs()->mutable_run_resumed();
  resumed->set_reason("it goes on from here");
  record_principal(principal, resumed);
}

// ---- forks ------------------------------------------------------------------------------------

void Resets::fork(const ForkRef& asked) {
  if (parts_.intake.full()) return asked->reply(parts_.intake.refusal());
  KnownRun* const run = parts_.finder.find(asked->key);
  if (run == nullptr) {
    const auto archived = parts_.finder.find_archived(asked->key);
    return archived ? fork_from(*archived, archived->last_seq, asked)
                    : asked->reply(archived.error());
  }
  if (run->damaged) return asked->reply(*run->extras->parked);
  if (run->has_unrecorded()) {
    return parts_.loading.when_in_log(*run, [this, asked] { fork(asked); });
  }
  const store::Seq last = run->state.last_seq;  // a busy run would never be durable to its end
  parts_.effects.call_after(last, [this, asked, last, number = run->state.number] {
    const KnownRun* const known = parts_.runs.find(number);
    known == nullptr ? fork(asked) : fork_from(known->state, last, asked);
  });
}

void Resets::fork_from(const RunState& run, store::Seq last, const ForkRef& asked) {
  const base::Status allowed = check_allowed({.workflow = *run.workflow,
                                              .workflow_id = asked->id,
                                              .task_queue = *run.task_queue,
                                              .principal = asked->principal},
                                             parts_.shared.options);
  if (!allowed) return asked->reply(allowed.error());
  auto planned = plan(run, last, request_of(*asked));
  if (!planned) return asked->reply(planned.error());
  auto fork = std::make_shared<NewFork>();
  Round::Beginning& beginning = fork->beginning;
  beginning.state.id = asked->new_run;
  beginning.state.workflow_id = asked->id;
  beginning.state.workflow = run.workflow;
  beginning.state.task_queue = run.task_queue;
  beginning.reply = asked->reply;
  const RunTerms* const terms = run.terms();
  const bool limited = terms != nullptr && terms->execution_due_ms > 0;
  const std::int64_t allowed_ms =
      limited ? base::sub_sat(terms->execution_due_ms, run.started_ms) : 0;
  take_over({.run_id = asked->new_run,
             .workflow_id = std::string(beginning.state.stored_workflow_id()),
             .fork = true,
             .moved_due_ms = limited ? base::add_sat(now_ms(), allowed_ms) : 0},
            run.id, &*planned);
  proto::Event first;
  proto::RunForked* const forked = first.mutable_run_forked();
  forked->set_run_id(std::string(asked->new_run.bytes()));
  forked->set_from_run_id(std::string(run.id.bytes()));
  forked->set_from_workflow_id(run.workflow_id);
  forked->set_event(planned->event);
  for (const auto& [id, result] : asked->results) forked->add_replaced(id);
  forked->set_carried(static_cast<std::uint32_t>(planned->inputs.size()));
  forked->set_reason(asked->reason);
  record_principal(asked->principal, forked);
  add_turns(std::move(first), std::move(*planned), &beginning);
  parts_.shared.post->send(std::move(fork));
}

void Resets::take(const std::shared_ptr<NewFork>& fork) {
  RunState& state = fork->beginning.state;
  if (parts_.intake.full()) return fork->beginning.reply(parts_.intake.refusal());
  const KnownRun* const newest = parts_.runs.find(state.workflow_id);
  if (newest != nullptr && (newest->damaged || newest->state.open())) {
    const Error why = newest->damaged
                          ? *newest->extras->parked
                          : Error{ErrorCode::kAlreadyStarted,
                                  "run " + newest->state.id.to_string() + " has workflow id '" +
                                      state.workflow_id + "' and is open; fork with another id"};
    return parts_.outbox.refuse(newest, why, fork->beginning.reply);
  }
  // The names belong to the shard that made it.
  state.workflow = parts_.names.intern(*state.workflow);
  state.task_queue = parts_.names.intern(*state.task_queue);
  parts_.round.begin(std::move(fork->beginning));
}

}  // namespace reprise::runtime
