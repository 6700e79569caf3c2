// Reading messages of the log, however deep they nest.
#pragma once
#include <cstddef>
#include <string_view>

#include <google/protobuf/message_lite.h>

namespace reprise::proto {

// Levels of messages within messages that a record may have. What is written today has some 40. A
// failure whose causes are nested deeper than protobuf's own limit of 100 was written once, and is
// to be read; each level costs less than 1 KiB of stack, and threads that read have megabytes.
inline constexpr int kMostLevels = 1'000;

// False: the bytes are no such message.
[[nodiscard]] bool parse(std::string_view bytes, google::protobuf::MessageLite* message);

}  // namespace reprise::proto
