#include "base/shell_word.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <string_view>

#include "base/printable_text.h"

namespace reprise::base {
namespace {

// $'\x1b', for what must not reach a terminal as it is.
std::string quoted_escapes(std::string_view argument) {
  std::string text = "$'";
  for (const char c : argument) {
    const bool plain = c >= 0x20 && c < 0x7f && c != '\'' && c != '\\';
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(c));
    text += plain ? std::string(1, c) : escape;
  }
  return text + "'";
}

}  // namespace

std::string shell_word(const std::string& argument) {
  const bool plain = !argument.empty() && std::all_of(argument.begin(), argument.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-_./:=,+@%").find(c) != std::string_view::npos;
  });
  if (plain) return argument;
  if (!is_printable(argument)) return quoted_escapes(argument);
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace reprise::base
