// Checkpoints: a turn that ends a segment of its run's history is followed by those that begin the
// next one.
#include <utility>

#include "event/turn.h"
#include "runtime/engine/next_segment.h"
#include "runtime/engine/round.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {

// Its code is called anew, by a fresh execution that has not seen anything of the run. What it has
// to know is recorded in the same commit.
void Round::start_segment(KnownRun& run, const proto::Turn& last) {
  NextSegment next(run.state, last, parts_.executor.take_unread(run.place));
  parts_.executor.begin_anew(run.place, StoredRun(parts_.shared, run));
  for (bool more = true; more;) {
    proto::Turn& turn = *arena_.make();
    more = next.fill_turn(kInputsPerTurn, &turn);
    record(run, turn, more);
    parts_.executor.note_deferred(run.place, turn);
  }
  await_durable(run);
}

// A run that takes checkpoints for ever gets on as fast as the disk, like a chain that continues.
void Round::await_durable(const KnownRun& run) {
  parts_.intake.post(std::function<void()>([this, number = run.state.number] {
    parts_.loading.when_readable(number, [this](KnownRun& later) {
      if (later.state.open() && later.has_work()) gather(later);
    });
  }));
}

// With the state before the turn. `known`: the records before it have their numbers.
void Round::add_replay(const RunState& state, const proto::Turn& turn, bool known) {
  const store::RunNumber number = state.number;
  if (!event::ends_segment(turn)) {
    return parts_.effects.add({.act = [=, this] { replay_afresh(number); }});
  }
  if (!known) return;
  const std::uint64_t events =
      state.events + static_cast<std::uint64_t>(turn.inputs_size() + turn.commands_size());
  parts_.effects.add(
      {.act = [=, this, after = state.replay_after()] { replay_segment(number, after, events); }});
}

// The segment that began after that record and has ended, as a turn that is durable now says, with
// that many events of the history; unless the run has taken another checkpoint meanwhile.
void Round::replay_segment(store::RunNumber number,
                           const store::ChainEnd& after,
                           std::uint64_t events) {
  KnownRun* const run = parts_.runs.find(number);
  if (run == nullptr || run->parked() || run->appending) return;
  if (run->state.checkpoint() == nullptr || run->state.checkpoint()->events != events) return;
  const StoredRun segment(parts_.shared, run->state, run->state.checkpoint()->before.seq, after,
                          run->label());
  const auto trouble = parts_.executor.check_segment(run->place, segment);
  if (trouble && trouble->code != base::ErrorCode::kNoWorker) parts_.parking.park(*run, *trouble);
}

}  // namespace reprise::runtime
