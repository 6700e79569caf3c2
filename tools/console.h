// Foreign text on a terminal, and colours.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace reprise::tools {

// Text from a store may hold anything: base::printable_text(), on one line.
std::string safe_text(std::string_view text, std::size_t longest = std::string_view::npos);

// How many columns of a terminal the (safe) text takes.
std::size_t display_width(std::string_view text);

// Cuts (safe) text to this many columns.
std::string cut_to_width(std::string text, std::size_t columns);

// The width of the terminal if stdout is one; 0: it is not, and lines may be of any length.
std::size_t terminal_width();

enum class Colour { kNone, kGreen, kYellow, kRed, kFaint, kBold };
enum class ColourMode { kAuto, kAlways, kNever };

class Paint {
 public:
  // kAuto: if stdout is a terminal with colours, unless NO_COLOR is set.
  explicit Paint(ColourMode mode);
  std::string operator()(Colour colour, std::string_view text) const;

 private:
  const bool on_;
};

}  // namespace reprise::tools
