// Signals and requests to cancel from a batch's run to the runs that it reaches: messages between
// runs, each of which arrives exactly once.
#pragma once
#include <vector>

#include "sdk/src/batch/batch_types.h"

namespace reprise {

class Context;

namespace internal {

struct BatchMessages {
  // Sends one to each, and waits until it is known what became of all of them.
  static std::vector<BatchOutcome> send(Context& ctx,
                                        const BatchPlan& plan,
                                        const std::vector<BatchTarget>& runs);
};

// What is recorded as the reason of all that a batch does: "batch fix-7: the price was wrong".
std::string reason_of(std::string_view batch_run, const BatchPlan& plan);

}  // namespace internal
}  // namespace reprise
