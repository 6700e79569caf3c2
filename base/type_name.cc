#include "base/type_name.h"

namespace reprise::base {
namespace {

void replace_all(std::string* text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text->find(what, at)) != std::string::npos; at += with.size()) {
    text->replace(at, what.size(), with);
  }
}

// The position after the bracket that closes the one at `open`.
std::size_t after_group(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '<') ++depth;
    if (text[i] == '>' && --depth == 0) return i + 1;
  }
  return text.size();
}

// Default template arguments: `start` is ", std::allocator<" and the like.
void leave_out(std::string* text, std::string_view start) {
  for (std::size_t at = 0; (at = text->find(start, at)) != std::string::npos;) {
    text->erase(at, after_group(*text, at + start.size() - 1) - at);
  }
}

}  // namespace

std::string short_type_name(std::string_view name) {
  std::string text(name);
  for (const char* inlined : {"__cxx11::", "__1::"}) replace_all(&text, inlined, "");
  for (const char* start : {", std::allocator<", ", std::char_traits<", ", std::less<",
                            ", std::hash<", ", std::equal_to<", ", std::default_delete<"}) {
    leave_out(&text, start);
  }
  replace_all(&text, " >", ">");
  replace_all(&text, "std::basic_string<char>", "std::string");
  replace_all(&text, "std::basic_string_view<char>", "std::string_view");
  return text;
}

std::string argument_list(std::string_view tuple) {
  constexpr std::string_view kTuple = "std::tuple<";
  const std::string text = short_type_name(tuple);
  if (!text.starts_with(kTuple) || !text.ends_with('>')) return {};
  return "(" + text.substr(kTuple.size(), text.size() - kTuple.size() - 1) + ")";
}

}  // namespace reprise::base
