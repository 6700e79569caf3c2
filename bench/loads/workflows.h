// The small workflows that several loads run.
#pragma once
#include "reprise/reprise.h"

namespace reprise::bench {

inline constexpr Workflow<int(int)> kNoOp{"no_op"};
inline constexpr Workflow<int(int)> kThreeSteps{"three_steps"};
inline constexpr Workflow<int(int)> kThreeStepsInline{"three_steps_inline"};
inline constexpr Workflow<int(int)> kThreeActivities{"three_activities"};
inline constexpr Workflow<int(int)> kSequence5{"sequence_5"};

void implement_workflows(Worker& worker);

}  // namespace reprise::bench
