#include "tests/model/starts.h"

namespace reprise::model {
namespace {

// For an id with a run under way.
void add_if_open(const Call& start, bool same_workflow, Outcomes* may) {
  if (start.reuse == kUseClosed || start.conflict == kUseExisting) {
    (same_workflow ? may->uses : may->refuses) = true;
  } else if (start.conflict == kTerminateExisting && start.reuse != kReject) {
    may->starts = true;
  } else {
    may->refuses = true;
  }
}

// For an id whose newest run has ended in this way.
void add_if_closed(const Call& start, bool same_workflow, std::uint8_t how, Outcomes* may) {
  switch (start.reuse) {
    case kAllow:
      may->starts = true;
      return;
    case kAllowUnlessCompleted:
      (how == kCompleted ? may->refuses : may->starts) = true;
      return;
    case kReject:
      may->refuses = true;
      return;
    case kUseClosed:
      (same_workflow ? may->uses : may->refuses) = true;
      return;
  }
}

}  // namespace

Outcomes outcomes_of(const Call& start, const Run* newest, bool had_ended) {
  Outcomes may;
  if (newest == nullptr) {
    may.starts = true;
    return may;
  }
  const bool same = newest->workflow == start.name;
  if (!had_ended) add_if_open(start, same, &may);
  if (newest->may_have_ended || newest->has_ended) {
    for (const std::uint8_t how : newest->ends) add_if_closed(start, same, how, &may);
  }
  return may;
}

}  // namespace reprise::model
