// Is the code's command the one in the log? Kind, id and name always count; the input, options and
// durations only in strict mode; the call site never.
#pragma once
#include "event/catalogue.h"

namespace reprise::event {

inline bool same_command(const proto::Event& recorded, const proto::Event& attempted) {
  if (recorded.kind_case() != attempted.kind_case()) return false;
  const auto same = row_of(recorded).same;
  return same == nullptr || same(recorded, attempted);
}

// For two events for which same_command() holds: compares everything else that they carry, except
// the call site.
bool same_input(const proto::Event& recorded, const proto::Event& attempted);

}  // namespace reprise::event
