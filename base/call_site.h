// The place in user code that asked for something. Recorded with every command for people to read,
// and never compared on replay.
#pragma once
#include <cstdint>
#include <string_view>

namespace reprise::base {

struct CallSite {
  const char* file = "";  // a string literal of the caller
  std::uint32_t line = 0;

  // The last two components of the path: enough to find the file, the same on every machine.
  std::string_view short_file() const {
    const std::string_view path(file);
    const auto last = path.rfind('/');
    if (last == std::string_view::npos || last == 0) return path;
    const auto before = path.rfind('/', last - 1);
    return before == std::string_view::npos ? path : path.substr(before + 1);
  }
};

}  // namespace reprise::base
