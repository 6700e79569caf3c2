#include "runtime/engine/failed_at.h"

#include <string>

#include "event/catalogue.h"
#include "event/turn.h"

namespace reprise::runtime {
namespace {

using proto::Event;
using proto::Failure;

bool is_same(const Failure& one, const Failure& other) {
  return one.kind() == other.kind() && one.message() == other.message() &&
         one.type() == other.type();
}

// Is the failure that an operation has ended with the one that ended the run, or a cause of it? The
// code may have wrapped it, and so may the library.
bool is_cause(const Failure& of_operation, const Failure& of_run) {
  const Failure* ended = &of_run;
  while (true) {
    const Failure* failed = &of_operation;
    while (true) {
      if (is_same(*failed, *ended)) return true;
      if (!failed->has_cause()) break;
      failed = &failed->cause();
    }
    if (!ended->has_cause()) return false;
    ended = &ended->cause();
  }
}

}  // namespace

base::Result<FailedAt> failed_at(const std::vector<proto::Turn>& history) {
  const Event* const end = history.empty() ? nullptr : event::ending(history.back());
  if (end == nullptr || !end->has_run_failed()) {
    return base::Error{base::ErrorCode::kNothingFailed,
                       end == nullptr
                           ? "the run has not ended; `reprise retry` tries a parked run again"
                           : "the run has not failed: it ended with " +
                                 std::string(event::row_of(*end).name) +
                                 "; reset it to an event that you choose"};
  }
  FailedAt found;
  std::uint64_t number = 0;
  for (const proto::Turn& turn : history) {
    for (const Event& input : turn.inputs()) {
      ++number;
      const event::Row& row = event::row_of(input);
      if (row.answers != event::Answer::kFailure || row.failure == nullptr) continue;
      if (!is_cause(*row.failure(input), end->run_failed().failure())) continue;
      found = {number, row.id(input)};
    }
    number += static_cast<std::uint64_t>(turn.commands_size());
  }
  if (found.event == 0) {
    // The code may have made another failure of one that it was given at last.
    const proto::Turn& last = history.back();
    std::uint64_t event = number - static_cast<std::uint64_t>(last.inputs_size()) -
                          static_cast<std::uint64_t>(last.commands_size());
    for (const Event& input : last.inputs()) {
      ++event;
      const event::Row& row = event::row_of(input);
      if (row.answers == event::Answer::kFailure) found = {event, row.id(input)};
    }
  }
  if (found.event == 0) {
    found.event =
        number -
        static_cast<std::uint64_t>(history.back().inputs_size() + history.back().commands_size()) +
        1;
  }
  return found;
}

}  // namespace reprise::runtime
