// Foreign text made fit to be shown: ids, names, messages and payloads may hold anything, and
// whatever prints them (a terminal, a log, an exception's text) comes through here.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace reprise::base {

enum class LineBreaks {
  kEscaped,   // as \n: the text stays on its line
  kKept,      // for a text of several lines; tabs are kept too
  kIndented,  // likewise, and no further line begins in the first column: none can be forged there
};

// Control characters (ESC, DEL and those of C1 included), what makes a terminal show text in
// another place than it stands, separators of lines and paragraphs, and bytes that are no UTF-8
// come out as \x1b, \u202e: a second pass changes nothing more. After `longest` characters the text
// is cut, and ends with "…".
std::string printable_text(std::string_view text,
                           LineBreaks breaks = LineBreaks::kEscaped,
                           std::size_t longest = std::string_view::npos);

// Would printable_text() leave it as it is? Takes no memory: for texts that nearly always are.
bool is_printable(std::string_view text, LineBreaks breaks = LineBreaks::kEscaped);

// The same JSON with those characters as \u009b, which every reader of JSON takes for what they
// are.
std::string printable_json(std::string_view json);

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  // 0: no UTF-8 begins here
};

// The first one of a text that is not empty.
CodePoint first_code_point(std::string_view text);

}  // namespace reprise::base
