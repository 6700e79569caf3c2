#include "base/printable_text.h"

#include <cstdio>

#include "base/utf8.h"

namespace reprise::base {
namespace {

// Control characters, and characters that make a terminal show text out of place.
bool is_harmful(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0xfeff ||
         (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || (c >= 0xe0000 && c <= 0xe007f);
}

bool is_kept(char32_t c, LineBreaks breaks) {
  return breaks != LineBreaks::kEscaped && (c == '\n' || c == '\t');
}

bool is_fit(CodePoint c, LineBreaks breaks) {
  return c.bytes != 0 && (!is_harmful(c.value) || is_kept(c.value, breaks));
}

// Must `rest`, which follows a line feed, be moved away from the first column?
bool begins_in_first_column(std::string_view rest) {
  return !rest.empty() && std::string_view(" \t\n").find(rest.front()) == std::string_view::npos;
}

std::string escape(const char* format, unsigned value) {
  char text[16];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string escaped(std::string_view text, CodePoint c) {
  if (c.bytes == 0) return escape("\\x%02x", static_cast<unsigned char>(text.front()));
  if (c.value == '\n') return "\\n";
  if (c.value == '\t') return "\\t";
  return c.value < 0x100 ? escape("\\x%02x", c.value) : escape("\\u%04x", c.value);
}

// JSON writes characters beyond U+FFFF as two numbers.
std::string escaped_in_json(CodePoint c) {
  if (c.bytes == 0) return "\\ufffd";
  if (c.value < 0x10000) return escape("\\u%04x", c.value);
  const char32_t rest = c.value - 0x10000;
  return escape("\\u%04x", 0xd800 + (rest >> 10)) + escape("\\u%04x", 0xdc00 + (rest & 0x3ff));
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  const std::size_t length = utf8_sequence(text);
  if (length == 0) return {};
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  char32_t value = length == 1 ? byte(0) : byte(0) & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = (value << 6) | (byte(i) & 0x3f);
  return {value, length};
}

bool is_printable(std::string_view text, LineBreaks breaks) {
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    if (!is_fit(c, breaks)) return false;
    text.remove_prefix(c.bytes);
    if (c.value == '\n' && breaks == LineBreaks::kIndented && begins_in_first_column(text)) {
      return false;
    }
  }
  return true;
}

std::string printable_text(std::string_view text, LineBreaks breaks, std::size_t longest) {
  if (text.size() <= longest && is_printable(text, breaks)) return std::string(text);
  std::string safe;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == longest) return safe + "…";
    const CodePoint c = first_code_point(text);
    safe += is_fit(c, breaks) ? std::string(text.substr(0, c.bytes)) : escaped(text, c);
    text.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
    const bool indents = c.value == '\n' && breaks == LineBreaks::kIndented;
    if (indents && begins_in_first_column(text)) safe += "  ";
  }
  return safe;
}

std::string printable_json(std::string_view json) {
  if (is_printable(json, LineBreaks::kKept)) return std::string(json);
  std::string safe;
  while (!json.empty()) {
    const CodePoint c = first_code_point(json);
    safe +=
        is_fit(c, LineBreaks::kKept) ? std::string(json.substr(0, c.bytes)) : escaped_in_json(c);
    json.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
  return safe;
}

}  // namespace reprise::base
