// The workflow behind a batch. It is written against what runs have (messages, activities, timers,
// published values); nothing in the engine knows of batches.
//
//   a page of runs ── activity ──► some of them, at the rate ── messages, or an activity ──► next
//
// A page is looked up when the one before it is done, and recorded: so which runs are reached is
// decided once, and what is done to each is recognised after a crash.
#pragma once
#include "sdk/src/batch/batch_types.h"

namespace reprise {

class Context;

namespace internal {

void run_batch(Context& ctx, const BatchPlan& plan, const BatchState& state);

}  // namespace internal
}  // namespace reprise
