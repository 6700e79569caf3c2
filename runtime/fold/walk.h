// What the events of a turn do to the operations of their run: the one walk that all folds of turns
// share (RunState, the engine's live operations, timelines, statistics). The catalogue says what
// each kind does.
#pragma once
#include "event/catalogue.h"
#include "proto/log.pb.h"

namespace reprise::runtime {

// Tells `observer`, in the order of the history:
//   input(row, event)     each event among the inputs;
//   command(row, event)   each among the commands;
//   opened(row, event)    and, if it begins an operation: that of row.id(event);
//   answered(row, event)  or, if it says something about one: row.answers says what;
//   ended(row, event)     at last, if the run has ended: the event that ended it.
// What is on the wrong side, as in a history that was made up, opens, answers and ends nothing.
template <class Observer>
void walk(const proto::Turn& turn, Observer&& observer) {
  using event::Answer, event::Operation, event::Role, event::Row;
  const Row* row = nullptr;
  const proto::Event* end = nullptr;  // as event::ending() has it, without asking for rows again
  for (const proto::Event& input : turn.inputs()) {
    row = &event::row_of(input);
    observer.input(*row, input);
    if (row->answers != Answer::kNone && row->role != Role::kCommand)
      observer.answered(*row, input);
    end = row->ends && row->role == Role::kInput ? &input : nullptr;
  }
  const Row* end_row = row;
  for (const proto::Event& command : turn.commands()) {
    row = &event::row_of(command);
    observer.command(*row, command);
    if (row->role != Role::kCommand) continue;
    if (row->opens != Operation::kNone) observer.opened(*row, command);
    if (row->answers != Answer::kNone) observer.answered(*row, command);
  }
  if (!turn.commands().empty() && row->ends && row->role == Role::kCommand) {
    end_row = row;
    end = &turn.commands(turn.commands_size() - 1);
  }
  if (end != nullptr) observer.ended(*end_row, *end);
}

}  // namespace reprise::runtime
