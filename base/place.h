// The text of a place in source code.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace reprise::base {

// "shop/checkout.cc:38". As recorded, so not always safe to show (printable_text.h).
inline std::string place_text(std::string_view file, std::uint64_t line) {
  return std::string(file) + ":" + std::to_string(line);
}

}  // namespace reprise::base
