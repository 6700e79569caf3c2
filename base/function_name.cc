#include "base/function_name.h"

#include <algorithm>
#include <cstddef>

namespace reprise::base {
namespace {

constexpr std::string_view kAnonymous = "(anonymous namespace)";
constexpr std::string_view kOperator = "operator";
constexpr std::string_view kLongString =
    "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The symbols after "operator", which are not brackets: "()", "<<", "->", "[]"...
std::size_t operator_symbols(std::string_view rest) {
  if (rest.starts_with("()") || rest.starts_with("[]")) return 2;
  std::size_t length = 0;
  while (length < rest.size() &&
         std::string_view("+-*/%^&|~!=<>,").find(rest[length]) != std::string_view::npos) {
    ++length;
  }
  return length;
}

// The position after the bracket that closes the one at `open`.
std::size_t behind_group(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i + 1;
  }
  return text.size();
}

// The part of a name that has been read: `start` is where it begins after the return type.
struct Reading {
  std::string name{};
  std::size_t start = 0;
  int templates = 0;
  bool complete = false;  // parameters were read: a space now ends the name

  // How far it read.
  std::size_t read(std::string_view rest) {
    if (rest.starts_with(kAnonymous)) return take(kAnonymous);
    const bool begins_word = name.empty() || !is_name(name.back());
    if (begins_word && rest.starts_with(kOperator) &&
        (rest.size() == kOperator.size() || !is_name(rest[kOperator.size()]))) {
      return take(
          rest.substr(0, kOperator.size() + operator_symbols(rest.substr(kOperator.size()))));
    }
    const char c = rest.front();
    if (c == '<') ++templates;
    if (c == '>') --templates;
    if (templates == 0) {
      if (c == '(') {
        complete = !name.ends_with("decltype") && !name.ends_with("decltype ");  // a return type
        return behind_group(rest, 0);
      }
      if (c == ':') complete = false;
      if (c == ' ' && complete) return rest.size();
      if (c == ' ' && !name.ends_with(kOperator) && !rest.starts_with(" <"))
        start = name.size() + 1;
    }
    return take(rest.substr(0, 1));
  }

  std::size_t take(std::string_view text) { return name += text, text.size(); }
};

}  // namespace

std::string plain_name(std::string_view demangled) {
  std::string text(demangled);
  for (std::size_t at = 0; (at = text.find(kLongString, at)) != std::string::npos;) {
    text.replace(at, kLongString.size(), "std::string");
  }
  Reading reading;
  for (std::string_view rest = text; !rest.empty();) rest.remove_prefix(reading.read(rest));
  return reading.name.substr(std::min(reading.start, reading.name.size()));
}

}  // namespace reprise::base
