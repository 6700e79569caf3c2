// Updates of a turn that its code does not take: they are no inputs of it.
#include <algorithm>
#include <utility>

#include "runtime/engine/round.h"

namespace reprise::runtime {

using proto::Event;

namespace {

// Some inputs of the turn are not in it any more: `left`, by their indexes before, ascending.
void shift_replies(KnownRun& run, const std::vector<int>& left) {
  if (run.extras == nullptr) return;
  for (InputReply& reply : run.extras->replies) {
    const auto before = std::lower_bound(left.begin(), left.end(), reply.input);
    reply.input -= static_cast<int>(before - left.begin());
  }
}

}  // namespace

// Those that have waited for code come last: what happened meanwhile is known to their checks.
void Round::offer_updates(KnownRun& run, proto::Turn& turn) {
  if (run.extras == nullptr) return;
  for (UpdateReply& update : run.extras->updates) {
    if (update.held != nullptr) turn.add_inputs()->Swap(update.held.get());
    update.held = nullptr;
  }
}

// No code has looked at them: they are not recorded before it does.
void Round::hold_updates(KnownRun& run, proto::Turn& turn) {
  std::vector<int> left;
  int kept = 0;
  auto& inputs = *turn.mutable_inputs();
  for (int i = 0; i < inputs.size(); ++i) {
    if (inputs[i].has_update_received()) {
      left.push_back(i);
      Outbox::hold(run, &inputs[i]);
    } else {
      if (i != kept) inputs.SwapElements(i, kept);
      ++kept;
    }
  }
  if (left.empty()) return;
  inputs.DeleteSubrange(kept, inputs.size() - kept);
  shift_replies(run, left);
}

void Round::note_untaken(KnownRun& run, std::vector<replay::UntakenUpdate>&& untaken) {
  if (untaken.empty()) return;
  std::vector<int> left;
  left.reserve(untaken.size());
  for (const auto& each : untaken) left.push_back(each.input);
  shift_replies(run, left);
  if (run.extras == nullptr) return;
  run.extras->untaken = std::move(untaken);
}

}  // namespace reprise::runtime
