// What can be shown of foreign text on a terminal, and in which colours.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace reprise::tools {

// Text from a store may hold anything: base::printable_text(), on one line.
std::string safe_text(std::string_view text, std::size_t longest = std::string_view::npos);

// How many columns of a terminal the (safe) text takes.
std::size_t display_width(std::string_view text);

// Cuts (safe) text to so many columns.
std::string cut_to_width(std::string text, std::size_t columns);

// Of the terminal that stdout is; 0: it is none, and lines may be of any length.
std::size_t terminal_width();

enum class Colour { kNone, kGreen, kYellow, kRed, kFaint, kBold };
enum class ColourMode { kAuto, kAlways, kNever };

class Paint {
 public:
  // kAuto: where stdout is a terminal that has colours, unless NO_COLOR is set.
  explicit Paint(ColourMode mode);
  std::string operator()(Colour colour, std::string_view text) const;

 private:
  const bool on_;
};

}  // namespace reprise::tools
