// Makes foreign text safe to show: ids, names, messages and payloads may contain anything, and
// everything that is printed (on a terminal, in a log, in an exception's text) passes through here.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace reprise::base {

enum class LineBreaks {
  kEscaped,   // as \n: the text stays on its line
  kKept,      // for a text of several lines; tabs are kept too
  kIndented,  // likewise, and further lines are indented, so that no line can be forged
};

// Control characters (including ESC, DEL and C1), characters that make a terminal show text out of
// place, line and paragraph separators, and bytes that are not UTF-8 are written as \x1b, \u202e. A
// second pass changes nothing more. After `longest` characters the text is cut, and ends with "…".
std::string printable_text(std::string_view text,
                           LineBreaks breaks = LineBreaks::kEscaped,
                           std::size_t longest = std::string_view::npos);

// Would printable_text() leave it unchanged? Allocates nothing: for texts that nearly always are
// printable.
bool is_printable(std::string_view text, LineBreaks breaks = LineBreaks::kEscaped);

// The same JSON with those characters written as \u009b, which every JSON reader decodes again.
std::string printable_json(std::string_view json);

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  // 0: no UTF-8 begins here
};

// The first character of a text that is not empty.
CodePoint first_code_point(std::string_view text);

}  // namespace reprise::base
