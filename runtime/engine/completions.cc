#include "runtime/engine/completions.h"

#include <utility>

#include "runtime/engine/completion_fate.h"
#include "runtime/engine/operation_details.h"
#include "runtime/engine/principal.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {

Completions::Found Completions::find(const AttemptRef& attempt, const Reply<void>& reply) {
  if (parts_.intake.full()) {
    reply(parts_.intake.refusal());
    return {};
  }
  KnownRun* const run = parts_.finder.find(attempt.run);
  if (run != nullptr && run->damaged) {
    reply(*run->extras->parked);
    return {};
  }
  if (run != nullptr && run->state.open()) {
    const PendingOperation* const operation = run->state.find(attempt.operation);
    const LiveOperation* const live = run->live(attempt.operation);
    const bool under_way = operation != nullptr && operation->kind == OperationKind::kActivity &&
                           operation->attempt == attempt.attempt &&
                           (live == nullptr || !live->settled());
    if (under_way) return {run, operation};
  }
  refuse(attempt, reply);
  return {};
}

// After a restart the details of an attempt are in the history, which may have a turn that is not
// durable yet.
bool Completions::waits_for_details(const Found& found, std::function<void()> again) {
  const KnownRun& run = *found.run;
  if (has_details(run.live(found.operation->id), *found.operation)) return false;
  if (run.appending) {
    parts_.intake.post(std::move(again));
    return true;
  }
  if (parts_.effects.is_durable(run.state.last_seq)) return false;
  parts_.effects.call_after(run.state.last_seq, std::move(again));
  return true;
}

void Completions::complete(const AttemptRef& attempt,
                           std::string result,
                           const Reply<void>& reply,
                           const std::string& principal) {
  const Found found = find(attempt, reply);
  if (found.operation == nullptr) return;
  proto::Event* const input =
      parts_.attempts.complete(*found.run, *found.operation, std::move(result));
  record_principal(principal, input->mutable_activity_completed());
  confirm(found, input, reply);
}

void Completions::fail(const AttemptRef& attempt,
                       const proto::Failure& failure,
                       const Reply<void>& reply,
                       const std::string& principal) {
  const Found found = find(attempt, reply);
  if (found.operation == nullptr) return;
  if (waits_for_details(found, [=, this] { fail(attempt, failure, reply, principal); })) return;
  proto::Event* const input = parts_.attempts.fail(*found.run, *found.operation, failure);
  if (input == nullptr) return reply(*found.run->extras->parked);
  if (input->has_attempt_failed()) {
    record_principal(principal, input->mutable_attempt_failed());
  } else {
    record_principal(principal, input->mutable_activity_failed());
  }
  confirm(found, input, reply);
}

namespace {

// The heartbeat counts, and this is how its sender learns that the attempt is to end.
Reply<void> cancelled(const AttemptRef& attempt, const Reply<void>& reply) {
  const base::Error why{base::ErrorCode::kActivityCancelled,
                        "activity #" + std::to_string(attempt.operation) + " of run '" +
                            attempt.run.workflow_id +
                            "' is cancelled, and its code waits for the end of attempt " +
                            std::to_string(attempt.attempt) +
                            "; end it, with a CancelledFailure if its work is not done"};
  return [reply, why](const base::Status& recorded) { reply(recorded ? why : recorded.error()); };
}

}  // namespace

void Completions::heartbeat(const AttemptRef& attempt,
                            std::string details,
                            const Reply<void>& reply,
                            const std::string& principal) {
  const Found found = find(attempt, reply);
  if (found.operation == nullptr) return;
  if (waits_for_details(found, [=, this] { heartbeat(attempt, details, reply, principal); }))
    return;
  const auto input = parts_.attempts.heartbeat(*found.run, *found.operation, std::move(details));
  if (!input) return reply(input.error());
  const Reply<void> heard = found.operation->cancel_asked ? cancelled(attempt, reply) : reply;
  if (*input != nullptr && (*input)->has_heartbeat_recorded()) {
    record_principal(principal, (*input)->mutable_heartbeat_recorded());
  }
  if (*input != nullptr) return confirm(found, *input, heard);
  // That the attempt is under way may follow from a turn that is not durable.
  parts_.round.tell_when_recorded([heard] { heard({}); });
}

void Completions::confirm(const Found& found, const proto::Event* input, const Reply<void>& reply) {
  parts_.round.confirm(*found.run, input, reply);
  parts_.round.run_turn_if_full(*found.run);
}

// ---- refusals ---------------------------------------------------------------------------------

// Only the history knows what became of the attempt. It is read when all of it is durable.
void Completions::refuse(const AttemptRef& attempt, const Reply<void>& reply) {
  const KnownRun* const run = parts_.finder.find(attempt.run);
  if (run == nullptr) {
    const auto archived = parts_.finder.find_archived(attempt.run);
    if (!archived) return reply(archived.error());
    return judge(attempt, *archived, archived->last_seq, reply);
  }
  if (run->has_unrecorded()) {
    return parts_.loading.when_in_log(*run, [this, attempt, reply] { refuse(attempt, reply); });
  }
  const store::Seq last = run->state.last_seq;
  parts_.effects.call_after(last, [this, attempt, reply, last, number = run->state.number] {
    if (const KnownRun* const known = parts_.runs.find(number)) {
      return judge(attempt, known->state, last, reply);
    }
    refuse(attempt, reply);  // archived meanwhile
  });
}

void Completions::judge(const AttemptRef& attempt,
                        const RunState& state,
                        store::Seq last,
                        const Reply<void>& reply) const {
  CompletionFate fate(attempt);
  const base::Status read =
      StoredRun(parts_.shared, state, last).history([&](const auto& turn) { fate.add(turn); });
  if (!read) return reply(parts_.finder.unless_removed(attempt.run, read.error()));
  reply(fate.error());
}

}  // namespace reprise::runtime
