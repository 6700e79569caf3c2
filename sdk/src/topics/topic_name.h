// Names of topics, keys and what is made of them.
#pragma once
#include <string_view>

namespace reprise::internal {

// Served by each engine itself.
inline constexpr std::string_view kTopicQueue = "reprise:system";
inline constexpr std::string_view kTopicPrefix = "reprise:topic/";

}  // namespace reprise::internal
