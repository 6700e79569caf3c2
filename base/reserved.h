// Names that belong to the engine's own runs: workflow ids, task queues and workflows that begin
// with this. Users cannot take them, so no run of theirs can collide with one.
#pragma once
#include <string_view>

namespace reprise::base {

inline constexpr std::string_view kReservedPrefix = "reprise:";

constexpr bool is_reserved(std::string_view name) {
  return name.starts_with(kReservedPrefix);
}

}  // namespace reprise::base
