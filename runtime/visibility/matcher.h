// Decides whether a run matches a filter.
#pragma once
#include "runtime/visibility/ast.h"
#include "runtime/visibility/subject.h"

namespace reprise::runtime::visibility {

// A comparison with a field that the run does not have is neither true nor false, and NOT does not
// change that (as in SQL): such a run does not match. Only IS NULL finds it.
bool matches(const Query& query, const Subject& run);

}  // namespace reprise::runtime::visibility
