// Lines for people, and their destination.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

namespace reprise::runtime {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
using LogSink = std::function<void(LogLevel, std::string_view line)>;

}  // namespace reprise::runtime
