#include "runtime/engine/updates.h"

#include <algorithm>
#include <utility>

#include "runtime/engine/principal.h"
#include "runtime/engine/stored_run.h"
#include "runtime/engine/update_errors.h"

namespace reprise::runtime {

// ---- taking -----------------------------------------------------------------------------------

void Updates::take(verb::Update&& asked) {
  if (parts_.intake.full()) return asked.reply(parts_.intake.refusal());
  const auto open = parts_.finder.find_open(asked.key);
  KnownRun* const run = open ? *open : parts_.finder.find(asked.key);
  const bool ended = !open && open.error().code == base::ErrorCode::kRunClosed;
  if (ended || (open && run->parked())) {
    const base::Error why = open ? *run->extras->parked : open.error();
    const auto refuse = [this, key = asked.key, reply = asked.reply, why](bool /*taken*/) {
      parts_.outbox.refuse(parts_.finder.find(key), why, reply);
    };
    return asked.id.empty() ? refuse(false) : look_up(asked, refuse);
  }
  if (!open) return parts_.outbox.refuse(run, open.error(), asked.reply);
  if (const auto room = parts_.round.may_grow(*run); !room) return asked.reply(room.error());
  if (const auto room = has_room(*run); !room) return asked.reply(room.error());
  add(*run, std::move(asked));
}

base::Status Updates::has_room(const KnownRun& run) const {
  if (run.extras == nullptr) return {};
  const EngineLimits& limits = parts_.shared.options.limits;
  const auto& updates = run.extras->updates;
  std::size_t held = 0;
  for (const UpdateReply& update : updates) {
    if (update.held != nullptr) held += update.held->ByteSizeLong();
  }
  const bool too_many = updates.size() >= limits.pending_updates;
  if (!too_many && held <= limits.turn_bytes) return {};
  const std::string limit = too_many ? "pending_updates = " + std::to_string(limits.pending_updates)
                                     : "turn_bytes = " + std::to_string(limits.turn_bytes);
  return base::Error{base::ErrorCode::kOverloaded,
                     "run '" + run.state.workflow_id + "' has " + std::to_string(updates.size()) +
                         " updates that it has not answered, and EngineLimits::" + limit +
                         " allows no more; wait for some of them, or raise the limit"};
}

void Updates::add(KnownRun& run, verb::Update&& asked) {
  auto& updates = run.with_extras().updates;
  const bool has_id = !asked.id.empty();
  if (has_id) {
    const auto first = std::find_if(updates.begin(), updates.end(), [&](const UpdateReply& update) {
      return update.update_id == asked.id;
    });
    if (first != updates.end()) return join(run, *first, std::move(asked));
  } else {
    asked.id = parts_.shared.ids.next(parts_.shared.clock.now()).to_string();
  }
  auto* const received = parts_.round.add_input(run)->mutable_update_received();
  received->set_update_id(asked.id);
  received->set_name(asked.name);
  received->set_input(std::move(asked.input));
  record_principal(asked.principal, received);
  event::write(std::move(asked.headers), received->mutable_headers());
  updates.push_back(waiting(run, std::move(asked), has_id));
  parts_.round.run_turn_if_full(run);
}

UpdateReply Updates::waiting(const KnownRun& run, verb::Update&& asked, bool may_be_known) {
  UpdateReply waiting{asked.id, asked.reply, asked.accepted, asked.name};
  if (!may_be_known) return waiting;
  asked.key = {.workflow_id = run.state.workflow_id, .run_id = run.state.id, .of_chain = true};
  waiting.look_up = [this, asked = std::move(asked)] {
    look_up(asked, [this, asked](bool /*taken*/) {
      const auto open = parts_.finder.find_open(asked.key);
      asked.reply(open ? update_forgotten(asked.id, "is in no history") : open.error());
    });
  };
  return waiting;
}

// It is answered as the one that has the id.
void Updates::join(KnownRun& run, const UpdateReply& first, verb::Update&& asked) {
  if (first.name != asked.name) {
    return parts_.outbox.refuse(&run, update_conflict(asked.id, first.name), asked.reply);
  }
  const bool recorded = first.recorded;
  run.extras->updates.push_back(waiting(run, std::move(asked), /*may_be_known=*/true));
  if (recorded) parts_.outbox.tell_accepted(run, run.extras->updates.back());
}

// ---- updates that were taken before -----------------------------------------------------------

void Updates::look_up(const verb::Update& asked, const Unanswered& unanswered) {
  KnownRun* const run = parts_.finder.find(asked.key);
  if (run == nullptr) {
    const auto archived = parts_.finder.find_archived(asked.key);
    return archived ? search(*archived, archived->last_seq, asked, unanswered) : unanswered(false);
  }
  if (run->has_unrecorded()) {
    return parts_.loading.when_in_log(*run,
                                      [this, asked, unanswered] { look_up(asked, unanswered); });
  }
  const store::Seq last = run->state.last_seq;  // a busy run would never be durable to its end
  parts_.effects.call_after(last, [this, asked, unanswered, number = run->state.number, last] {
    const KnownRun* const known = parts_.runs.find(number);
    // Archived meanwhile; or it has ended, perhaps with an answer.
    const bool ended = known != nullptr && known->state.last_seq != last && !known->state.open();
    if (known == nullptr || ended) return look_up(asked, unanswered);
    search(known->state, last, asked, unanswered);
  });
}

// From the newest run of the chain back to the one that took it: the start of each says whether one
// before it did.
void Updates::search(const RunState& newest,
                     store::Seq last,
                     const verb::Update& asked,
                     const Unanswered& unanswered) {
  base::Result<RunState> archived = RunState();
  const RunState* run = &newest;
  while (true) {
    const auto past = read(*run, run == &newest ? last : run->last_seq, asked.id);
    if (!past && run == &newest) {
      return asked.reply(parts_.finder.unless_removed({run->workflow_id, run->id}, past.error()));
    }
    if (!past && past.error().code == base::ErrorCode::kNotFound) {
      return asked.reply(update_forgotten(asked.id, "was removed with its run"));
    }
    if (!past) return asked.reply(past.error());
    if (past->name) return answer(*run, *past, asked, unanswered);
    if (!past->is_earlier || run->continued_from() == base::RunId()) return unanswered(false);
    const RunKey key{run->workflow_id, run->continued_from()};
    if (const KnownRun* const known = parts_.finder.find(key)) {
      run = &known->state;
      continue;
    }
    archived = parts_.finder.find_archived(key);
    if (!archived) return asked.reply(update_forgotten(asked.id, "was removed with its run"));
    run = &*archived;
  }
}

base::Result<Updates::Past> Updates::read(const RunState& run,
                                          store::Seq last,
                                          const std::string& id) const {
  Past past;
  const std::uint64_t hash = base::hash64(id);
  const base::Status status =
      StoredRun(parts_.shared, run, last).history([&](const proto::Turn& turn) {
        for (const proto::Event& input : turn.inputs()) {
          if (input.has_run_started()) {
            const auto& earlier = input.run_started().known_updates();
            past.is_earlier = std::find(earlier.begin(), earlier.end(), hash) != earlier.end();
          }
          if (input.update_received().update_id() != id || !input.has_update_received()) continue;
          past.name = input.update_received().name();
        }
        for (const proto::Event& command : turn.commands()) {
          if (!command.has_update_completed()) continue;
          if (command.update_completed().update_id() == id) {
            past.completed = command.update_completed();
          }
        }
      });
  if (status) return past;
  return status.error();
}

void Updates::answer(const RunState& run,
                     const Past& past,
                     const verb::Update& asked,
                     const Unanswered& unanswered) {
  if (*past.name != asked.name) return asked.reply(update_conflict(asked.id, *past.name));
  if (!past.completed && run.open()) return unanswered(true);
  if (asked.accepted) asked.accepted(asked.id);
  if (!past.completed) return asked.reply(update_unfinished(asked.name));
  asked.reply(past.completed->has_failure() ? replay::Outcome::failed(past.completed->failure())
                                            : replay::Outcome::success(past.completed->result()));
}

}  // namespace reprise::runtime
