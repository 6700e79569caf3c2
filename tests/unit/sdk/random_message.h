// Messages with any content, including what no engine writes.
#pragma once
#include <cstdint>

#include <google/protobuf/message.h>

namespace reprise::testing {

// Sets fields of every type, known and unknown, five messages deep. The same for the same seed.
void fill_with_anything(google::protobuf::Message* message, std::uint64_t seed);

}  // namespace reprise::testing
