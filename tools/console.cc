#include "tools/console.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <sys/ioctl.h>
#include <unistd.h>

namespace reprise::tools {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  // 0: no UTF-8 begins here
};

CodePoint decode_point(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  char32_t value = first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3f);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest[length] || value > 0x10ffff || surrogate) return {};
  return {value, length};
}

// Control characters, and what makes a terminal show text in another place than it stands.
bool is_harmful(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0xfeff ||
         (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || (c >= 0xe0000 && c <= 0xe007f);
}

std::string escape(const char* format, unsigned value) {
  char text[16];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string shown(char32_t c, std::string_view bytes) {
  if (!is_harmful(c)) return std::string(bytes);
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  return c < 0x100 ? escape("\\x%02x", c) : escape("\\u%04x", c);
}

std::size_t width_of(char32_t c) {
  const int columns = ::wcwidth(static_cast<wchar_t>(c));
  return columns < 0 ? 1 : static_cast<std::size_t>(columns);  // in the "C" locale: of no ASCII
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
  std::string safe;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == longest) return safe + "…";
    const CodePoint c = decode_point(text);
    safe += c.bytes == 0 ? escape("\\x%02x", static_cast<unsigned char>(text[0]))
                         : shown(c.value, text.substr(0, c.bytes));
    text.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
  return safe;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const CodePoint c = decode_point(text);
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
    const CodePoint c = decode_point(std::string_view(text).substr(at));
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
