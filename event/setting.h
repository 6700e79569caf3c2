// What is common to all that knows settings: the values that a run publishes under names.
#pragma once
#include <cstddef>
#include <string_view>

#include "proto/log.pb.h"

namespace reprise::event {

// "int64"; of a type that only a newer version knows: "unknown".
std::string_view to_string(proto::SettingRecorded::Type type);

// What it counts towards the limit on a run's settings.
constexpr std::size_t setting_bytes(std::string_view name, std::size_t value_bytes) {
  return name.size() + value_bytes;
}

}  // namespace reprise::event
