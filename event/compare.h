// When is what the code asks for what the log says? Kind, id and name always; the input, options
// and durations only in strict mode. The call site never counts.
#pragma once
#include "event/catalogue.h"

namespace reprise::event {

inline bool same_command(const proto::Event& recorded, const proto::Event& attempted) {
  if (recorded.kind_case() != attempted.kind_case()) return false;
  const auto same = row_of(recorded).same;
  return same == nullptr || same(recorded, attempted);
}

// Of two events for which same_command() holds: everything else that they carry, but for the call
// site.
bool same_input(const proto::Event& recorded, const proto::Event& attempted);

}  // namespace reprise::event
