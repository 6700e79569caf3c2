#include "tools/console.h"

#include <cstdlib>
#include <cwchar>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/printable_text.h"

namespace reprise::tools {
namespace {

std::size_t width_of(char32_t c) {
  const int columns = ::wcwidth(static_cast<wchar_t>(c));
  return columns < 0 ? 1 : static_cast<std::size_t>(columns);  // in the "C" locale: not ASCII
}

bool wants_colour(ColourMode mode) {
  if (mode != ColourMode::kAuto) return mode == ColourMode::kAlways;
  const char* const refused = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  if (refused != nullptr && *refused != '\0') return false;
  if (terminal == nullptr || std::string_view(terminal) == "dumb") return false;
  return ::isatty(STDOUT_FILENO) == 1;
}

}  // namespace

std::string safe_text(std::string_view text, std::size_t longest) {
  return base::printable_text(text, base::LineBreaks::kEscaped, longest);
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const base::CodePoint c = base::first_code_point(text);
    columns += c.bytes == 0 ? 1 : width_of(c.value);
    text.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
  return columns;
}

std::string cut_to_width(std::string text, std::size_t columns) {
  if (display_width(text) <= columns) return text;
  std::size_t taken = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const base::CodePoint c = base::first_code_point(std::string_view(text).substr(at));
    taken += c.bytes == 0 ? 1 : width_of(c.value);
    if (taken + 1 > columns) break;
    at += c.bytes == 0 ? 1 : c.bytes;
  }
  return text.substr(0, at) + "…";
}

std::size_t terminal_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1) return 0;
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

Paint::Paint(ColourMode mode) : on_(wants_colour(mode)) {}

std::string Paint::operator()(Colour colour, std::string_view text) const {
  constexpr const char* kCodes[] = {"", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[1m"};
  if (!on_ || colour == Colour::kNone || text.empty()) return std::string(text);
  return kCodes[static_cast<std::size_t>(colour)] + std::string(text) + "\x1b[0m";
}

}  // namespace reprise::tools
