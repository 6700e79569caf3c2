// Reading messages of the log, however deep they nest.
#pragma once
#include <cstddef>
#include <string_view>

#include <google/protobuf/message_lite.h>

namespace reprise::proto {

// The most levels of nested messages in a record. Records written today have some 40. An earlier
// version wrote failures whose causes nest deeper than protobuf's own limit of 100, and these must
// be readable; each level costs less than 1 KiB of stack, and threads that read have megabytes.
inline constexpr int kMostLevels = 1'000;

// False: the bytes are not such a message.
[[nodiscard]] bool parse(std::string_view bytes, google::protobuf::MessageLite* message);

}  // namespace reprise::proto
