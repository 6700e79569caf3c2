// A run whose transaction is with the writer: its inputs wait for the next turn.
#include <utility>

#include "base/check.h"
#include "runtime/engine/round.h"
#include "runtime/engine/transaction_record.h"

namespace reprise::runtime {

void Round::begin_transaction(KnownRun& run,
                              std::shared_ptr<TransactionRecord> record,
                              std::function<void()> done) {
  REPRISE_CHECK(!run.transacting, "a run has one transaction at a time with the writer");
  recorded_.push_back(
      {.run = &run, .begin = bodies_.size(), .end = bodies_.size(), .completion = record});
  run.with_extras().transaction = std::move(record);
  run.transacting = true;
  run.appending = true;
  parts_.effects.next_turn();
  parts_.effects.add({.act = std::move(done)});
}

void Round::end_transaction(KnownRun& run) {
  const auto record = std::exchange(run.extras->transaction, nullptr);
  run.transacting = false;
  const proto::Turn& turn = record->turn();
  run.state.chain = record->chain();
  run.state.apply(turn, parts_.names);
  run.extras->operations.apply(turn);
  parts_.executor.note_deferred(run.place, turn);
  const bool ends = awaits_end(run);
  tell_ends(run);
  take_held(run);
  if (!ends && run.has_work()) gather(run);
  run.drop_empty_extras();
}

// What a run is told while its transaction is with the writer is recorded later.
void Round::release_when_recorded(KnownRun* run, store::AttemptSlots::Slot slot) {
  const bool is_held = run != nullptr && run->transacting;
  (is_held ? run->extras->held_slots : slots_).push_back(slot);
}

// Inputs that were held are gathered now, as they are.
void Round::take_held(KnownRun& run) {
  for (const auto slot : std::exchange(run.extras->held_slots, {})) slots_.push_back(slot);
  if (run.extras->held == nullptr) return;
  released_.push_back(std::move(run.extras->held));
  if (run.turn != nullptr) return;  // the same: some have come in this round
  run.turn = released_.back().get();
  ready_.push_back(&run);
}

// Those that were gathered before go on being gathered. The round's memory is used again before
// they are recorded.
void Round::hold(KnownRun& run) {
  proto::Turn* const turn = std::exchange(run.turn, nullptr);
  auto& held = run.with_extras().held;
  if (turn == held.get()) return;
  held = std::make_unique<proto::Turn>();
  held->Swap(turn);
}

proto::Turn* Round::turn_of(KnownRun& run) {
  const bool holds = run.extras != nullptr && run.extras->held != nullptr;
  return holds ? run.extras->held.get() : arena_.make();
}

}  // namespace reprise::runtime
