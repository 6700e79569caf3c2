// What a run was sent and its code has not seen, or has not answered. When the run continues as
// another one, this goes along.
#pragma once
#include <cstdint>
#include <vector>

#include "proto/log.pb.h"

namespace reprise::replay {

// In the order of arrival.
struct UnreadInputs {
  std::vector<proto::Event> inputs;
  std::uint32_t unrecorded = 0;  // the last so many are in no recorded turn
};

struct Unread {
  std::uint64_t order = 0;  // the place of its arrival: see Operation::order()
  proto::Event input;
};

}  // namespace reprise::replay
