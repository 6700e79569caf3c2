#include "runtime/engine/outbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/engine/update_errors.h"

namespace reprise::runtime {

namespace {

base::Error too_late() {
  return {base::ErrorCode::kRunClosed, "the run ended before this could reach it"};
}

std::vector<UpdateReply> take_out(const std::string& id, std::vector<UpdateReply>* updates) {
  const auto others =
      std::stable_partition(updates->begin(), updates->end(),
                            [&](const UpdateReply& update) { return update.update_id != id; });
  std::vector<UpdateReply> taken(std::make_move_iterator(others),
                                 std::make_move_iterator(updates->end()));
  updates->erase(others, updates->end());
  return taken;
}

// Another run has begun in its place.
bool has_next(const KnownRun& run) {
  return run.state.continued_to() != base::RunId();
}

}  // namespace

void Outbox::recorded(KnownRun& run, const proto::Turn& turn) {
  if (run.extras == nullptr) return;
  answer_start(run, turn);
  answer_inputs(run, turn);
  if (!run.extras->updates.empty()) accept_updates(run, turn);
  tell_untaken(run);
  if (!run.state.open() && !has_next(run) && !run.extras->watches.empty()) {
    run.extras->end = std::make_unique<RunEnd>(end_of(turn));
  }
  run.drop_empty_extras();
}

void Outbox::answer_start(KnownRun& run, const proto::Turn& turn) {
  if (run.extras->started && turn.inputs_size() > 0 && turn.inputs(0).has_run_started()) {
    effects_.add({.kind = Effect::Kind::kStarted, .run = &run});
  }
}

void Outbox::answer_inputs(KnownRun& run, const proto::Turn& turn) {
  for (InputReply& waiting : std::exchange(run.extras->replies, {})) {
    // An input that came after the run's end is one of the next run, if there is one; after a
    // checkpoint it is one of the turn that follows.
    if (waiting.input < turn.inputs_size() || (waiting.goes_along && has_next(run)) ||
        run.state.at_checkpoint) {
      effects_.add({.kind = Effect::Kind::kConfirm, .confirm = std::move(waiting.reply)});
      continue;
    }
    effects_.add({.act = [reply = std::move(waiting.reply)] { reply(too_late()); }});
  }
}

void Outbox::answer_update(KnownRun& run, const proto::UpdateCompleted& completed) {
  if (run.extras == nullptr) return;
  // None: accepted by an earlier process.
  for (UpdateReply& update : take_out(completed.update_id(), &run.extras->updates)) {
    effects_.add({.act = [told = std::move(update), event = completed] {
      // Taken and answered in one turn.
      if (!told.recorded && told.accepted) told.accepted(told.update_id);
      told.reply(event.has_failure() ? replay::Outcome::failed(event.failure())
                                     : replay::Outcome::success(event.result()));
    }});
  }
}

void Outbox::accept_updates(KnownRun& run, const proto::Turn& turn) {
  for (const proto::Event& input : turn.inputs()) {
    if (!input.has_update_received()) continue;
    for (UpdateReply& update : run.extras->updates) {
      if (update.update_id == input.update_received().update_id()) tell_accepted(run, update);
    }
  }
}

void Outbox::tell_accepted(const KnownRun& run, UpdateReply& update) {
  if (std::exchange(update.recorded, true) || !update.accepted) return;
  when_durable(run, [accepted = update.accepted, id = update.update_id] { accepted(id); });
}

// ---- updates that a turn has not taken --------------------------------------------------------

void Outbox::tell_untaken(KnownRun& run) {
  if (run.extras == nullptr) return;
  for (auto& untaken : std::exchange(run.extras->untaken, {})) tell_untaken(run, untaken);
}

void Outbox::tell_untaken(KnownRun& run, replay::UntakenUpdate& untaken) {
  using Why = replay::UntakenUpdate::Why;
  const proto::UpdateReceived& asked = untaken.event.update_received();
  const auto refuse = [&](const base::Error& why) {
    dismiss(run, asked.update_id(), [why](const UpdateReply& update) { update.reply(why); });
  };
  switch (untaken.why) {
    case Why::kRejected:
      return dismiss(run, asked.update_id(),
                     [failure = untaken.failure](const UpdateReply& update) {
                       update.reply(replay::Outcome::failed(failure));
                     });
    case Why::kBadCheck:
      return refuse(update_check_failed(asked.name(), untaken.text));
    case Why::kAnswered:
      return dismiss(run, asked.update_id(), [](const UpdateReply& update) {
        if (update.look_up) return update.look_up();
        update.reply(update_conflict(update.update_id, "of another sender"));
      });
    case Why::kKnown:
      if (untaken.text != asked.name()) {
        return refuse(update_conflict(asked.update_id(), untaken.text));
      }
      for (UpdateReply& update : run.extras->updates) {
        if (update.update_id == asked.update_id()) tell_accepted(run, update);
      }
      return;
    case Why::kTooEarly:
      return hold(run, &untaken.event);
  }
}

void Outbox::dismiss(KnownRun& run,
                     const std::string& update_id,
                     const std::function<void(const UpdateReply&)>& tell) {
  for (UpdateReply& update : take_out(update_id, &run.extras->updates)) {
    when_durable(run, [tell, told = std::move(update)] { tell(told); });
  }
}

void Outbox::hold(KnownRun& run, proto::Event* update) {
  if (run.extras == nullptr) return;
  auto& updates = run.extras->updates;
  const std::string& id = update->update_received().update_id();
  const auto found = std::find_if(updates.begin(), updates.end(), [&](const UpdateReply& waiting) {
    return waiting.update_id == id;
  });
  if (found == updates.end()) return;  // its senders have been told
  found->held = std::make_shared<proto::Event>();
  found->held->Swap(update);
}

void Outbox::when_durable(const KnownRun& run, std::function<void()> act) {
  if (run.appending) return effects_.add({.act = std::move(act)});
  effects_.call_after(run.state.last_seq, std::move(act));
}

// ---- messages to other runs -------------------------------------------------------------------

void Outbox::send(const KnownRun& run, const proto::Event& command) {
  effects_.add(
      {.act = [this, message = make_message({run.state.workflow_id, run.state.id}, command,
                                            0)]() mutable { post_.send(std::move(message)); }});
}

void Outbox::call_child(const KnownRun& run, const proto::Event& command) {
  effects_.add(
      {.act = [this, call = make_call({run.state.workflow_id, run.state.id}, run.state.depth(),
                                      run.state.precedence(), command)]() mutable {
        post_.send(std::move(call));
      }});
}

void Outbox::tell_children(const KnownRun& run) {
  effects_.add({.act = [this, id = run.state.id] { post_.send(ParentEnded{id}); }});
}

void Outbox::move_to_next(KnownRun& run, KnownRun& next) {
  if (run.extras == nullptr) return;
  if (!run.extras->watches.empty()) {
    next.with_extras().watches = std::exchange(run.extras->watches, {});
  }
  if (!run.extras->updates.empty()) {
    next.with_extras().updates = std::exchange(run.extras->updates, {});
  }
  run.drop_empty_extras();
}

void Outbox::move_to_reset(KnownRun& run, KnownRun& next, const std::set<std::string>& updates) {
  if (run.extras == nullptr) return;
  if (!run.extras->watches.empty()) {
    next.with_extras().watches = std::exchange(run.extras->watches, {});
  }
  std::vector<UpdateReply> stay;
  for (UpdateReply& update : std::exchange(run.extras->updates, {})) {
    const bool goes = !update.recorded || updates.contains(update.update_id);
    (goes ? next.with_extras().updates : stay).push_back(std::move(update));
  }
  run.extras->updates = std::move(stay);
  run.drop_empty_extras();
}

void Outbox::refuse_inputs(KnownRun& run) {
  if (run.extras == nullptr) return;
  for (const InputReply& waiting : std::exchange(run.extras->replies, {})) {
    waiting.reply(too_late());
  }
  run.drop_empty_extras();
}

void Outbox::refuse_updates(KnownRun& run, const base::Error& why) {
  if (run.extras == nullptr) return;
  for (const UpdateReply& update : std::exchange(run.extras->updates, {})) update.reply(why);
}

void Outbox::started(KnownRun& run) {
  run.starting = false;
  const Reply<StartedRun> reply = std::exchange(run.extras->started, nullptr);
  run.drop_empty_extras();
  reply(StartedRun{run.state.workflow_id, run.state.id, false});
}

void Outbox::ended(KnownRun& run) {
  if (run.extras == nullptr) return;
  const auto& watches = run.extras->watches;
  for (const auto& watch : watches) {
    if (run.parked()) {
      watch->set(*run.extras->parked);
    } else if (&watch == &watches.back()) {
      watch->set(std::move(*run.extras->end));
    } else {
      watch->set(*run.extras->end);
    }
  }
  for (const auto& update : std::exchange(run.extras->updates, {})) {
    if (update.recorded) {
      update.reply(update_unfinished(update.name));
    } else if (update.look_up) {
      update.look_up();  // it came with the end, and may have been answered before
    } else {
      update.reply(too_late());
    }
  }
  if (!run.parked()) run.extras = nullptr;
}

void Outbox::answer_requests(const base::Error& why) {
  effects_.abandon([&](const Effect& effect) {
    if (effect.kind == Effect::Kind::kConfirm) effect.confirm(why);
    if (effect.kind == Effect::Kind::kStarted) effect.run->extras->started(why);
  });
}

void Outbox::fail_waiting(KnownRun& run, const base::Error& why) {
  if (run.extras == nullptr) return;
  // The answer to an update may add a watch.
  for (const UpdateReply& update : std::exchange(run.extras->updates, {})) update.reply(why);
  for (const auto& watch : std::exchange(run.extras->watches, {})) watch->set(why);
}

}  // namespace reprise::runtime
