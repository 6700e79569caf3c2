// A place in source code, as people read it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace reprise::base {

// "shop/checkout.cc:38". As it was recorded: it may be unfit to show (printable_text.h).
inline std::string place_text(std::string_view file, std::uint64_t line) {
  return std::string(file) + ":" + std::to_string(line);
}

}  // namespace reprise::base
