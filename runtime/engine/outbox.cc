#include "runtime/engine/outbox.h"

#include <algorithm>
#include <utility>

namespace reprise::runtime {

namespace {

base::Error too_late() {
  return {base::ErrorCode::kRunClosed, "the run ended before this could reach it"};
}

bool has_continued(const KnownRun& run) {
  return run.state.status == RunStatus::kContinuedAsNew;
}

}  // namespace

void Outbox::recorded(KnownRun& run, const proto::Turn& turn) {
  if (run.extras == nullptr) return;
  answer_start(run, turn);
  answer_inputs(run, turn);
  if (!run.state.open() && !has_continued(run) && !run.extras->watches.empty()) {
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
    // An input that came after the run's end is one of the next run, if it has continued.
    if (waiting.input < turn.inputs_size() || (waiting.goes_along && has_continued(run))) {
      effects_.add({.kind = Effect::Kind::kConfirm, .confirm = std::move(waiting.reply)});
      continue;
    }
    effects_.add({.act = [reply = std::move(waiting.reply)] { reply(too_late()); }});
  }
}

void Outbox::answer_update(KnownRun& run, const proto::UpdateCompleted& completed) {
  if (run.extras == nullptr) return;
  auto& updates = run.extras->updates;
  const auto found = std::find_if(updates.begin(), updates.end(), [&](const UpdateReply& update) {
    return update.update_id == completed.update_id();
  });
  if (found == updates.end()) return;  // accepted by an earlier process
  effects_.add({.act = [reply = std::move(found->reply), event = completed] {
    reply(event.has_failure() ? replay::Outcome::failed(event.failure())
                              : replay::Outcome::success(event.result()));
  }});
  updates.erase(found);
}

void Outbox::send(const KnownRun& run, const proto::Event& command) {
  effects_.add(
      {.act = [this, message = make_message({run.state.workflow_id, run.state.id}, command,
                                            0)]() mutable { post_.send(std::move(message)); }});
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
  for (const auto& update : run.extras->updates) {
    update.reply(
        base::Error{base::ErrorCode::kRunClosed, "the run ended before the update was done"});
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
  for (const auto& watch : run.extras->watches) watch->set(why);
  for (const auto& update : run.extras->updates) update.reply(why);
  run.extras->watches.clear();
  run.extras->updates.clear();
}

}  // namespace reprise::runtime
