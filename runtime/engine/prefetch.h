// What a shard will need soon. With thousands of runs in flight, little of a run is in the cache
// when its turn comes, and to find it one pointer must be followed after another. The work of a
// round is known before it is done, so each stage of the way to a run is asked for some items
// ahead, while other runs are worked on. docs/performance.md has what it gains.
#pragma once
#include <cstddef>
#include <span>

#include "runtime/engine/effects.h"
#include "runtime/engine/mailbox.h"
#include "runtime/engine/run_table.h"

namespace reprise::runtime {

// mail[i] is handled now.
void prefetch_for_next_mail(const RunTable& runs, std::span<const Mail> mail, std::size_t i);
// The first of the effects that wait is released now.
void prefetch_for_next_effects(const Effects& effects);
// The turn of ready[i] is made now.
void prefetch_for_next_turns(std::span<KnownRun* const> ready, std::size_t i);

}  // namespace reprise::runtime
