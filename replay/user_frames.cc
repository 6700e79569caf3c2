#include "replay/user_frames.h"

#include <algorithm>
#include <string_view>

namespace reprise::replay {
namespace {

bool is_users(const base::Symbol& symbol) {
  constexpr std::string_view kOthers[] = {"reprise::",   "std::",         "__gnu_cxx::",
                                          "boost::",     "make_fcontext", "jump_fcontext",
                                          "__restore_rt"};
  // In reduced debug information inlined functions have no namespace.
  if (symbol.file.starts_with("bits/")) return false;
  return std::none_of(std::begin(kOthers), std::end(kOthers),
                      [&](std::string_view other) { return symbol.function.starts_with(other); });
}

}  // namespace

std::vector<base::Symbol> user_frames(std::span<void* const> frames, base::Symbols& symbols) {
  std::vector<base::Symbol> users;
  for (const void* frame : frames) {
    for (const base::Symbol& symbol : symbols.at(frame)) {
      if (is_users(symbol)) users.push_back(symbol);
    }
  }
  return users;
}

}  // namespace reprise::replay
