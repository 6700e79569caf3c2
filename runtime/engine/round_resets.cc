// Runs that go on from the history of another one: its beginning is copied. What the copies say was
// done then is not done again.
#include <utility>

#include "base/check.h"
#include "event/turn.h"
#include "runtime/engine/round.h"

namespace reprise::runtime {

void Round::begin(Beginning beginning) {
  KnownRun& run = parts_.runs.add(std::move(beginning.state));
  run.starting = true;
  run.with_extras().started = std::move(beginning.reply);
  for (std::size_t i = 0; i < beginning.turns.size(); ++i) {
    proto::Turn& turn = beginning.turns[i];
    if (i < beginning.copied) {
      record_copy(run, turn);
    } else {
      record(run, turn, /*with_next=*/i + 1 < beginning.turns.size());
    }
  }
  parts_.effects.add({.kind = Effect::Kind::kStarted, .run = &run});
  await_load(run);
}

// Committed together with what follows. Its only effect is on the state of the run.
void Round::record_copy(KnownRun& run, const proto::Turn& turn) {
  append_if_full();
  RunState& state = run.state;
  const bool begins = state.events == 0;
  Recorded recorded{.run = &run,
                    .with_next = true,
                    .from_checkpoint = event::segment_start(turn) != nullptr,
                    .begin = bodies_.size()};
  if (begins) recorded.flags |= store::kFirstOfRun;
  append_body(turn);
  recorded.end = bodies_.size();
  recorded_.push_back(recorded);
  parts_.effects.next_turn();
  run.appending = true;
  state.apply(turn, parts_.names);
  if (!begins) return;
  parts_.children.add(state);
  if (parts_.shared.metrics() != nullptr) {
    parts_.shared.metrics()->workflows.of(*state.workflow).started.add();
  }
}

void Round::record_reset(KnownRun& run,
                         base::FunctionRef<void(proto::Event*)> fill,
                         Beginning beginning,
                         const std::set<std::string>& updates) {
  REPRISE_CHECK(run.state.open() && run.turn == nullptr && !end_must_wait(run),
                "a run that is reset has nothing left to do");
  proto::Turn* const turn = arena_.make();
  turn->set_time_ms(beginning.turns.back().time_ms());
  turn->set_without_code(true);
  fill(turn->add_inputs());
  const std::function<void()> begin_next = [&] {
    const std::string id = beginning.state.workflow_id;
    const base::RunId next = beginning.state.id;
    begin(std::move(beginning));
    Outbox::move_to_reset(run, *parts_.runs.find(id, next), updates);
  };
  record(run, *turn, false, nullptr, &begin_next);
}

}  // namespace reprise::runtime
